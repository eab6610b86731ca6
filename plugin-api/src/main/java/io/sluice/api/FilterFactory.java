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
   * The names of filters that have to come before the one of these settings where a call passes
   * both, since it goes by what they say. A configuration in which one of them comes later is
   * refused; one in which they do not come at all is not.
   *
   * @param settings those that {@link #create} has made a filter of
   */
  default List<String> comesAfter(S settings) {
    return List.of();
  }
}
