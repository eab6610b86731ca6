package io.sluice.gateway.config;

import io.sluice.gateway.filter.NamedFilter;
import java.util.List;

/**
 * A route with its filters made.
 *
 * @param filters the route's own, in the order of the file, without the global ones
 */
public record LoadedRoute(RouteConfig config, List<NamedFilter> filters) {
  public LoadedRoute {
    filters = List.copyOf(filters);
  }
}
