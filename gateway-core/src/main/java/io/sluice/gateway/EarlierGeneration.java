package io.sluice.gateway;

import io.sluice.gateway.config.ClusterConfig;
import io.sluice.gateway.filter.FilterChain;
import io.sluice.gateway.filter.NamedFilter;
import io.sluice.gateway.plugin.LoadedPlugin;
import io.sluice.gateway.route.Cluster;
import io.sluice.gateway.route.RouteTable;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * What is kept for the calls of a configuration that runs no longer: at first all that it had. Read
 * by all threads, changed by one.
 */
final class EarlierGeneration {
  private final Collection<Cluster> clusters;
  private final Map<String, ClusterConfig> clusterConfigs;
  private boolean over;
  private volatile RouteTable routes;
  private volatile List<NamedFilter> filters;
  private volatile List<LoadedPlugin> plugins;

  EarlierGeneration(Generation before) {
    clusters = before.clusters().values();
    clusterConfigs = before.config().model().clusters();
    routes = before.routes();
    filters = before.config().allFilters();
    plugins = before.plugins();
  }

  Collection<Cluster> clusters() {
    return clusters;
  }

  /** By their names; none once all has been let go. For the thread that changes this. */
  Map<String, ClusterConfig> clusterConfigs() {
    return over ? Map.of() : clusterConfigs;
  }

  RouteTable routes() {
    return routes;
  }

  /** Those whose code its calls may use. */
  List<LoadedPlugin> plugins() {
    return plugins;
  }

  /**
   * Its calls need this plugin no more, nor any route.
   *
   * @return the plugin's filters, which are not kept here any more
   */
  List<NamedFilter> letGo(LoadedPlugin plugin) {
    routes = routes.emptied();
    List<NamedFilter> of = filters.stream().filter(named -> plugin.made(named.filter())).toList();
    List<NamedFilter> others = new ArrayList<>(filters);
    others.removeAll(of);
    filters = List.copyOf(others);
    plugins = plugins.stream().filter(other -> other != plugin).toList();
    return of;
  }

  /**
   * It has no more calls.
   *
   * @return all filters that were still kept
   */
  List<NamedFilter> letGo() {
    over = true;
    List<NamedFilter> of = filters;
    filters = List.of();
    plugins = List.of();
    routes = routes.emptied();
    return of;
  }

  /**
   * Whether calls that go by this chain may use the plugin's code: one of the filters is of it, or
   * it brings something else than filters, of which nobody keeps count.
   */
  static boolean uses(FilterChain chain, LoadedPlugin plugin) {
    if (!plugin.bringsOnlyFilters()) {
      return true;
    }
    for (NamedFilter named : chain.filters()) {
      if (plugin.made(named.filter())) {
        return true;
      }
    }
    return false;
  }
}
