package io.sluice.gateway.config;

import io.sluice.gateway.filter.NamedFilter;
import java.util.List;

/**
 * A route with its filters made.
 *
 * @param filters the route's own, in the order of the file
 * @param at where it is in the file
 */
public record LoadedRoute(RouteConfig config, List<NamedFilter> filters, Mark at) {
  public LoadedRoute {
    filters = List.copyOf(filters);
  }
}
