package io.sluice.gateway;

import io.sluice.gateway.config.ClusterConfig;
import io.sluice.gateway.config.LoadedConfig;
import io.sluice.gateway.config.LoadedRoute;
import io.sluice.gateway.config.RouteConfig;
import io.sluice.gateway.config.RouteConfig.BusinessStatus;
import io.sluice.gateway.config.RouteConfig.Transients;
import io.sluice.gateway.route.Cluster;
import io.sluice.gateway.route.EndpointList;
import io.sluice.gateway.route.Entrances;
import io.sluice.gateway.route.Route;
import io.sluice.gateway.route.RouteChains;
import io.sluice.gateway.route.RouteTable;
import io.sluice.gateway.route.Rule;
import io.sluice.gateway.route.Shares;
import io.sluice.gateway.route.StreamLimits;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;

/** Makes what calls run by out of what the configuration says. */
public final class Snapshots {
  private Snapshots() {}

  /** The routes of a configuration, in its order, with clusters made anew. */
  public static RouteTable routeTable(LoadedConfig config) {
    return routeTable(config, clusters(config, Map.of(), Snapshots::written));
  }

  /**
   * The clusters of a configuration by their names.
   *
   * @param before those that are there already; they stay where nothing of them has changed
   * @param endpoints where each is reached
   */
  static Map<String, Cluster> clusters(
      LoadedConfig config,
      Map<String, Cluster> before,
      BiFunction<String, ClusterConfig, EndpointList> endpoints) {
    Map<String, Cluster> clusters = new HashMap<>();
    config
        .model()
        .clusters()
        .forEach(
            (name, wanted) -> {
              ClusterConfig downstream = wanted.withoutFilters();
              Cluster there = before.get(name);
              boolean same = there != null && there.config().equals(downstream);
              clusters.put(
                  name,
                  same ? there : new Cluster(name, downstream, endpoints.apply(name, downstream)));
            });
    return clusters;
  }

  private static EndpointList written(String name, ClusterConfig config) {
    return new EndpointList(config.endpoints());
  }

  /** The routes of a configuration, in its order, to these clusters. */
  static RouteTable routeTable(LoadedConfig config, Map<String, Cluster> clusters) {
    Chains chains = new Chains(config);
    Entrances entrances = chains.entrances();
    List<Rule> rules = new ArrayList<>();
    for (LoadedRoute loaded : config.routes()) {
      Shares shares = shares(loaded.config(), clusters);
      RouteChains own = chains.of(loaded, shares);
      rules.add(new Rule(loaded.config().matchOrAll(), route(loaded.config(), shares, own)));
    }
    return new RouteTable(entrances, rules);
  }

  private static Shares shares(RouteConfig config, Map<String, Cluster> clusters) {
    Map<Cluster, Integer> shares = new LinkedHashMap<>();
    config.weights().forEach((name, weight) -> shares.put(clusters.get(name), weight));
    return Shares.of(shares);
  }

  private static Route route(RouteConfig config, Shares shares, RouteChains chains) {
    return new Route(
        config.name(),
        shares,
        config.timeout() == null ? 0 : config.timeout().toNanos(),
        StreamLimits.of(config.stream()),
        config.transients() == Transients.HOP,
        config.businessStatus() == BusinessStatus.EMPTY,
        config.mode(),
        chains);
  }
}
