package io.sluice.gateway.client;

import io.sluice.api.Protocol;
import io.sluice.api.Status;
import io.sluice.gateway.call.RequestSink;
import io.sluice.gateway.call.ResponseSink;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.config.Outbound;
import io.sluice.gateway.exchange.Dialer;
import io.sluice.gateway.loop.Loop;
import io.sluice.gateway.route.Cluster;
import io.sluice.gateway.route.EndpointList;
import io.sluice.gateway.route.Route;
import io.sluice.gateway.translate.Translations;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Forwards calls by cluster, whatever their service and method, without knowing an IDL. One for
 * each loop, with connections of its own.
 */
public final class GenericClient implements Dialer {
  private final Vertx vertx;
  private final Context context;
  private final Loop loop;
  private final Map<Cluster, ClusterCalls> clusters = new IdentityHashMap<>();

  GenericClient(Vertx vertx, Context context, Loop loop) {
    this.vertx = vertx;
    this.context = context;
    this.loop = loop;
  }

  @Override
  public RequestSink open(RpcCall call, Route route, Cluster cluster, ResponseSink response) {
    Outbound way = route.outbound(call, cluster);
    Protocol protocol = way.protocol();
    if (protocol == null) {
      return RefusedLeg.of(call, response, Status.untranslatable(way.refusal()));
    }
    call.outboundProtocol(protocol);
    if (!way.translates(call.protocol())) {
      return calls(cluster).open(call, protocol, response);
    }
    return Translations.open(
        call,
        protocol,
        cluster.config().service(),
        cluster.config().packageName(),
        loop,
        response,
        answer -> calls(cluster).open(call, protocol, answer));
  }

  private ClusterCalls calls(Cluster cluster) {
    ClusterCalls client = clusters.get(cluster);
    if (client == null) {
      Connector connector = new Connector(vertx, context, cluster.config());
      client =
          cluster.config().isTemplate()
              ? new TemplateClient(cluster, loop, connector)
              : new ClusterClient(cluster, loop, connector);
      clusters.put(cluster, client);
    }
    return client;
  }

  /** What each endpoint that was used has now; each once. To be called on the loop. */
  Collection<EndpointStats> stats() {
    Map<List<String>, EndpointStats> byName = new LinkedHashMap<>();
    clusters
        .values()
        .forEach(
            cluster ->
                cluster.stats(
                    stats ->
                        byName.merge(
                            List.of(stats.cluster(), stats.endpoint()),
                            stats,
                            EndpointStats::plus)));
    return byName.values();
  }

  /** The clusters with these endpoints have others from now on. On the loop. */
  void follow(EndpointList endpoints) {
    clusters.forEach(
        (cluster, client) -> {
          if (cluster.endpoints() == endpoints && client instanceof ClusterClient known) {
            known.follow();
          }
        });
  }

  /** Closes the connections to a cluster that no call goes to any more. On the loop. */
  void letGo(Cluster cluster) {
    ClusterCalls client = clusters.remove(cluster);
    if (client != null) {
      client.close();
    }
  }

  /** Closes every connection. */
  void close() {
    clusters.values().forEach(ClusterCalls::close);
    clusters.clear();
  }
}
