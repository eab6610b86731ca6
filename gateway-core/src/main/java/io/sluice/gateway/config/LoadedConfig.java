package io.sluice.gateway.config;

import io.sluice.gateway.filter.NamedFilter;
import java.util.ArrayList;
import java.util.List;

/**
 * A configuration in which no fault was found, with its filters made: an immutable snapshot that is
 * used as a whole. Safe for all threads, as its filters are.
 *
 * @param file the file's name, as faults tell it
 * @param model what the file says
 * @param filters the global ones, in the order of the file
 * @param routes in the order of the file
 * @param made the filters by what made them, for the next load
 * @param warnings what is hardly meant as it is written, in the order of the file
 */
public record LoadedConfig(
    String file,
    GatewayConfig model,
    List<NamedFilter> filters,
    List<LoadedRoute> routes,
    MadeFilters made,
    List<Fault> warnings) {
  public LoadedConfig {
    filters = List.copyOf(filters);
    routes = List.copyOf(routes);
    warnings = List.copyOf(warnings);
  }

  /** Every filter: the global ones, then those of each route. */
  public List<NamedFilter> allFilters() {
    List<NamedFilter> all = new ArrayList<>(filters);
    routes.forEach(route -> all.addAll(route.filters()));
    return all;
  }
}
