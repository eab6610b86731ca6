package io.sluice.api;

import java.util.List;

/**
 * Makes a filter out of its settings: one for each place in the configuration that uses it, for
 * each time that its settings change.
 *
 * @param <S> the settings
 */
public non-sealed interface FilterFactory<S extends Record> extends Factory<Filter, S> {

  /**
   * The names of filters that have to come before this one where both see a call, since this one
   * goes by what they say. A configuration in which one of them comes later is refused.
   */
  default List<String> comesAfter() {
    return List.of();
  }
}
