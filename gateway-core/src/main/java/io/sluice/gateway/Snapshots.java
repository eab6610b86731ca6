package io.sluice.gateway;

import io.sluice.gateway.config.LoadedConfig;
import io.sluice.gateway.config.LoadedRoute;
import io.sluice.gateway.config.RouteConfig;
import io.sluice.gateway.config.RouteConfig.BusinessStatus;
import io.sluice.gateway.config.RouteConfig.Transients;
import io.sluice.gateway.filter.FilterChain;
import io.sluice.gateway.route.Cluster;
import io.sluice.gateway.route.Route;
import io.sluice.gateway.route.RouteTable;
import io.sluice.gateway.route.Rule;
import io.sluice.gateway.route.Shares;
import io.sluice.gateway.route.StreamLimits;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Makes what calls run by out of what the configuration says. */
public final class Snapshots {
  private Snapshots() {}

  /** The routes of a configuration, in its order, with clusters made anew. */
  public static RouteTable routeTable(LoadedConfig config) {
    return routeTable(config, clusters(config, Map.of()));
  }

  /**
   * The clusters of a configuration by their names.
   *
   * @param before those that are there already; they stay where nothing of them has changed
   */
  static Map<String, Cluster> clusters(LoadedConfig config, Map<String, Cluster> before) {
    Map<String, Cluster> clusters = new HashMap<>();
    config
        .model()
        .clusters()
        .forEach(
            (name, wanted) -> {
              Cluster there = before.get(name);
              boolean same = there != null && there.config().equals(wanted);
              clusters.put(name, same ? there : new Cluster(name, wanted));
            });
    return clusters;
  }

  /** The routes of a configuration, in its order, to these clusters. */
  static RouteTable routeTable(LoadedConfig config, Map<String, Cluster> clusters) {
    FilterChain global = FilterChain.of(config.filters());
    List<Rule> rules = new ArrayList<>();
    for (LoadedRoute loaded : config.routes()) {
      rules.add(new Rule(loaded.config().matchOrAll(), route(loaded, global, clusters)));
    }
    return new RouteTable(global, rules);
  }

  private static Route route(
      LoadedRoute loaded, FilterChain global, Map<String, Cluster> clusters) {
    RouteConfig config = loaded.config();
    Map<Cluster, Integer> shares = new LinkedHashMap<>();
    config.weights().forEach((name, weight) -> shares.put(clusters.get(name), weight));
    return new Route(
        config.name(),
        Shares.of(shares),
        config.timeout() == null ? 0 : config.timeout().toNanos(),
        StreamLimits.of(config.stream()),
        config.transients() == Transients.HOP,
        config.businessStatus() == BusinessStatus.EMPTY,
        config.mode(),
        global.followedBy(loaded.filters()));
  }
}
