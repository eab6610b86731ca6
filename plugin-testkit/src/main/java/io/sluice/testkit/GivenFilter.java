package io.sluice.testkit;

import io.sluice.api.Filter;
import io.sluice.api.FilterFactory;

/** Gives a filter that is there already. */
record GivenFilter(String name, Filter filter) implements FilterFactory<GivenFilter.None> {

  /** Nothing to set. */
  record None() {}

  @Override
  public Class<None> settings() {
    return None.class;
  }

  @Override
  public Filter create(None settings) {
    return filter;
  }
}
