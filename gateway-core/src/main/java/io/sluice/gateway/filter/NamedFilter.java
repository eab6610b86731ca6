package io.sluice.gateway.filter;

import io.sluice.api.Filter;

/**
 * A filter in its place, with the name that logs and errors call it by.
 *
 * @param name as in the configuration
 */
public record NamedFilter(String name, Filter filter, FilterPlace place) {

  /** One that no configuration uses. */
  public NamedFilter(String name, Filter filter) {
    this(name, filter, FilterPlace.NONE);
  }
}
