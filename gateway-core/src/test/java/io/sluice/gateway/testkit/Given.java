package io.sluice.gateway.testkit;

import io.sluice.api.Filter;
import io.sluice.api.FilterFactory;

/**
 * A factory that always gives the same filter.
 *
 * @param name as configurations use it
 */
public record Given(String name, Filter filter) implements FilterFactory<Given.NoSettings> {

  /** Nothing to set. */
  public record NoSettings() {}

  @Override
  public Class<NoSettings> settings() {
    return NoSettings.class;
  }

  @Override
  public Filter create(NoSettings settings) {
    return filter;
  }
}
