package io.sluice.gateway;

import io.sluice.gateway.filter.FilterChain;
import io.sluice.gateway.filter.NamedFilter;
import io.sluice.gateway.plugin.LoadedPlugin;
import io.sluice.gateway.route.Cluster;
import io.sluice.gateway.route.RouteTable;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * What is kept for the calls of a configuration that runs no longer: at first all that it had. Read
 * by all threads, changed by one.
 */
final class EarlierGeneration {
  private final Collection<Cluster> clusters;
  private volatile RouteTable routes;
  private volatile List<NamedFilter> filters;
  private volatile List<LoadedPlugin> plugins;

  EarlierGeneration(Generation before) {
    clusters = before.clusters().values();
    routes = before.routes();
    filters = before.config().allFilters();
    plugins = before.plugins();
  }

  Collection<Cluster> clusters() {
    return clusters;
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
    List<NamedFilter> of = filters;
    filters = List.of();
    plugins = List.of();
    routes = routes.emptied();
    return of;
  }

  /** Whether one of the chain's filters is of the plugin's code. */
  static boolean uses(FilterChain chain, LoadedPlugin plugin) {
    for (NamedFilter named : chain.filters()) {
      if (plugin.made(named.filter())) {
        return true;
      }
    }
    return false;
  }
}
