package io.sluice.gateway;

import io.sluice.gateway.config.LoadedConfig;
import io.sluice.gateway.plugin.LoadedPlugin;
import io.sluice.gateway.route.Cluster;
import io.sluice.gateway.route.RouteTable;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * A configuration that runs, or has run and still has calls: what those calls go by, and what is
 * kept for them. Immutable.
 *
 * @param number counts the configurations that have run, from 1
 * @param since when it came into force
 * @param plugins those that its filters may be of
 * @param clusters by their names
 */
record Generation(
    int number,
    Instant since,
    LoadedConfig config,
    List<LoadedPlugin> plugins,
    Map<String, Cluster> clusters,
    RouteTable routes) {
  Generation {
    plugins = List.copyOf(plugins);
    clusters = Map.copyOf(clusters);
  }
}
