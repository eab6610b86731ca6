package io.sluice.gateway;

import io.sluice.gateway.config.LoadedConfig;
import io.sluice.gateway.config.LoadedRoute;
import io.sluice.gateway.config.RouteConfig;
import io.sluice.gateway.filter.FilterChain;
import io.sluice.gateway.route.Cluster;
import io.sluice.gateway.route.Route;
import io.sluice.gateway.route.RouteTable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Makes what calls run by out of what the configuration says. */
final class Snapshots {
  private Snapshots() {}

  static RouteTable routeTable(LoadedConfig config) {
    Map<String, Cluster> clusters = new HashMap<>();
    config
        .model()
        .clusters()
        .forEach((name, cluster) -> clusters.put(name, new Cluster(name, cluster)));
    FilterChain global = FilterChain.of(config.filters());
    List<RouteTable.Rule> rules = new ArrayList<>();
    for (LoadedRoute loaded : config.routes()) {
      rules.add(rule(loaded, global, clusters));
    }
    return new RouteTable(global, rules);
  }

  private static RouteTable.Rule rule(
      LoadedRoute loaded, FilterChain global, Map<String, Cluster> clusters) {
    RouteConfig config = loaded.config();
    Route route =
        new Route(
            config.name(),
            clusters.get(config.cluster()),
            config.timeout() == null ? 0 : config.timeout().toNanos(),
            global.followedBy(loaded.filters()));
    if (config.match() == null) {
      return new RouteTable.Rule.Default(route);
    }
    return config.match().service() != null
        ? new RouteTable.Rule.Exact(config.match().service(), route)
        : new RouteTable.Rule.Prefix(config.match().prefix(), route);
  }
}
