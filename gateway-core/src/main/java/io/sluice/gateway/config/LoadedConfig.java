package io.sluice.gateway.config;

import io.sluice.gateway.filter.NamedFilter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A configuration in which no fault was found, with its filters made: an immutable snapshot that is
 * used as a whole. Safe for all threads, as its filters are.
 *
 * @param file the file's name, as faults tell it
 * @param model what the file says
 * @param filters the global ones, in the order of the file
 * @param listenerFilters those of listeners by their names, in the order of the file
 * @param routes in the order of the file
 * @param clusterFilters those of clusters by their names, in the order of the file
 * @param made the filters by what made them, for the next load
 * @param secretFiles the files in which its secrets were; not for all threads
 * @param warnings what is hardly meant as it is written, in the order of the file
 */
public record LoadedConfig(
    String file,
    GatewayConfig model,
    List<NamedFilter> filters,
    Map<String, List<NamedFilter>> listenerFilters,
    List<LoadedRoute> routes,
    Map<String, List<NamedFilter>> clusterFilters,
    MadeFilters made,
    SecretFiles secretFiles,
    List<Fault> warnings) {
  public LoadedConfig {
    filters = List.copyOf(filters);
    listenerFilters = Collections.unmodifiableMap(new LinkedHashMap<>(listenerFilters));
    routes = List.copyOf(routes);
    clusterFilters = Collections.unmodifiableMap(new LinkedHashMap<>(clusterFilters));
    warnings = List.copyOf(warnings);
  }

  /** The same with what is hardly meant. */
  LoadedConfig with(List<Fault> warnings) {
    return new LoadedConfig(
        file, model, filters, listenerFilters, routes, clusterFilters, made, secretFiles, warnings);
  }

  /** Every filter: the global ones, then those of each listener, route and cluster. */
  public List<NamedFilter> allFilters() {
    List<NamedFilter> all = new ArrayList<>(filters);
    listenerFilters.values().forEach(all::addAll);
    routes.forEach(route -> all.addAll(route.filters()));
    clusterFilters.values().forEach(all::addAll);
    return all;
  }
}
