package io.sluice.gateway;

import io.sluice.gateway.config.LoadedConfig;
import io.sluice.gateway.config.LoadedRoute;
import io.sluice.gateway.filter.FilterChain;
import io.sluice.gateway.filter.NamedFilter;
import io.sluice.gateway.route.Entrances;
import io.sluice.gateway.route.RouteChains;
import io.sluice.gateway.route.Shares;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * Makes the chains of a configuration: the global filters, then those of the listener, of the route
 * and of the cluster. Ways that have the same filters have the same chain.
 */
final class Chains {
  private final LoadedConfig config;
  private final Entrances entrances;
  private final List<FilterChain> begun;

  /** What was made, by what it begins with and by the list that follows. */
  private final Map<FilterChain, Map<List<NamedFilter>, FilterChain>> made =
      new IdentityHashMap<>();

  Chains(LoadedConfig config) {
    this.config = config;
    FilterChain global = followed(FilterChain.of(List.of()), config.filters());
    Map<String, FilterChain> ofListeners = new HashMap<>();
    config
        .listenerFilters()
        .forEach(
            (name, own) -> {
              if (!own.isEmpty()) {
                ofListeners.put(name, followed(global, own));
              }
            });
    entrances = new Entrances(global, ofListeners);
    begun = entrances.chains();
  }

  /** What runs before there is a route. */
  Entrances entrances() {
    return entrances;
  }

  /** What calls of a route pass. */
  RouteChains of(LoadedRoute route, Shares shares) {
    return RouteChains.of(
        begun,
        List.copyOf(shares.weights().keySet()),
        (first, cluster) ->
            followed(
                followed(first, route.filters()),
                config.clusterFilters().getOrDefault(cluster.name(), List.of())));
  }

  private FilterChain followed(FilterChain first, List<NamedFilter> more) {
    return more.isEmpty()
        ? first
        : made.computeIfAbsent(first, chain -> new IdentityHashMap<>())
            .computeIfAbsent(more, first::followedBy);
  }
}
