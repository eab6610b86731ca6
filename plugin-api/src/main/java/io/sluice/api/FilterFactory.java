package io.sluice.api;

import java.util.List;
import org.pf4j.ExtensionPoint;

/**
 * Makes a filter out of its settings: one for each place in the configuration that uses it. Its
 * class is public, annotated with {@link org.pf4j.Extension}, and has a public constructor without
 * parameters.
 *
 * @param <S> the settings, a record whose components say with {@link Setting} what they mean
 */
public interface FilterFactory<S extends Record> extends ExtensionPoint {

  /**
   * The name under which the configuration uses the filter: lower case, words joined by {@code -}.
   */
  String name();

  /**
   * The names of filters that have to come before this one where both see a call, since this one
   * goes by what they say. A configuration in which one of them comes later is refused.
   */
  default List<String> comesAfter() {
    return List.of();
  }

  /** The type of the settings. */
  Class<S> settings();

  /**
   * Makes the filter. Runs while a configuration is checked, on a worker thread, so it may be
   * called for a configuration that is then refused: start nothing here that would have to be
   * stopped.
   *
   * @throws IllegalArgumentException if settings that are right one by one do not fit together; the
   *     message says what would be right
   */
  Filter create(S settings);
}
