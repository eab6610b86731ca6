package io.sluice.gateway.config;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Checks what routes say of clusters, of listeners and of each other; see {@link ConfigChecks}. */
@SuppressWarnings("ConstantValue")
final class RouteChecks {
  private final GatewayConfig config;
  private final Positions positions;
  private final Faults faults;
  private final MatchChecks matches;
  private final RouteTies ties = new RouteTies();
  private final Map<String, RouteConfig> byName = new HashMap<>();

  RouteChecks(GatewayConfig config, Positions positions, Faults faults) {
    this.config = config;
    this.positions = positions;
    this.faults = faults;
    this.matches = new MatchChecks(config, positions, faults);
  }

  void run() {
    config.routes().forEach(this::check);
  }

  private void check(RouteConfig route) {
    checkClusters(route);
    boolean faulty =
        route.match() == null ? positions.has(route, "match") : positions.isFaulty(route.match());
    if (faulty) {
      return;
    }
    if (route.match() != null && route.match().equals(MatchConfig.ALL)) {
      faults.add(
          positions.ofValue(route, "match"),
          "a match without a condition",
          "a route for everything else has no match");
      return;
    }
    if (route.match() != null) {
      matches.check(route.match());
    }
    checkWays(route);
    RouteConfig tied = ties.add(route);
    if (tied != null) {
      tellTie(route, tied);
      return;
    }
    RouteConfig namesake = byName.putIfAbsent(route.name(), route);
    if (namesake != null) {
      faults.add(
          positions.ofValue(route, "name"),
          "duplicate route name " + Faults.quote(route.name()),
          "the route in line " + positions.of(namesake).line() + " has it");
    }
  }

  private void tellTie(RouteConfig route, RouteConfig first) {
    String line = "line " + positions.of(first).line();
    if (route.match() == null) {
      faults.add(positions.of(route), "a second route without 'match'", "the first is in " + line);
    } else if (route.match().equals(first.match())) {
      faults.add(
          positions.ofValue(route, "match"),
          "a second route for " + Faults.quote(route.match().toString()),
          "the first is in " + line);
    } else {
      faults.add(
          positions.ofValue(route, "match"),
          "as specific as the route in " + line + ", and some calls fit both",
          "add a condition to one of them");
    }
  }

  private void checkClusters(RouteConfig route) {
    Set<String> defined = positions.keys(config, "clusters");
    for (String cluster : route.weights().keySet()) {
      if (!defined.contains(cluster)) {
        faults.add(
            placeOf(route, cluster),
            "cluster " + Faults.quote(cluster) + " is not defined",
            Spelling.hint(cluster, defined, "there are "));
      }
    }
  }

  /** A cluster to which none of the route's calls can go. */
  private void checkWays(RouteConfig route) {
    for (String name : route.weights().keySet()) {
      ClusterConfig cluster = config.clusters().get(name);
      if (cluster == null || cluster.transport() == null || route.mode() == null) {
        continue;
      }
      List<Outbound> ways = RouteWays.of(route, cluster);
      if (!ways.isEmpty() && ways.stream().allMatch(Outbound::isRefused)) {
        faults.add(
            placeOf(route, name),
            "no call of this route can go to cluster " + Faults.quote(name),
            ways.get(0).refusal());
      }
    }
  }

  private Mark placeOf(RouteConfig route, String cluster) {
    return route.cluster() != null
        ? positions.ofValue(route, "cluster")
        : positions.ofKey(route, "clusters", cluster);
  }
}
