package io.sluice.gateway.config;

import io.sluice.api.Codec;
import io.sluice.api.Protocol;
import java.util.ArrayList;
import java.util.List;

/** The ways that the calls of a route can go to a cluster. */
final class RouteWays {
  private RouteWays() {}

  /** One for each protocol and codec of which the route's match lets there be calls. */
  static List<Outbound> of(RouteConfig route, ClusterConfig cluster) {
    List<Outbound> ways = new ArrayList<>();
    for (Protocol protocol : Protocol.values()) {
      ways.addAll(of(protocol, route, cluster));
    }
    return ways;
  }

  /** Those of calls that come by one protocol; empty if the match lets there be none. */
  static List<Outbound> of(Protocol protocol, RouteConfig route, ClusterConfig cluster) {
    MatchConfig match = route.matchOrAll();
    List<Outbound> ways = new ArrayList<>();
    for (Codec codec : Codec.values()) {
      boolean taken =
          (match.protocol() == null || match.protocol() == protocol)
              && (match.codec() == null || match.codec() == codec)
              && RouteTies.areThere(protocol, codec);
      if (taken) {
        ways.add(Outbound.of(protocol, codec, route.mode(), cluster));
      }
    }
    return ways;
  }
}
