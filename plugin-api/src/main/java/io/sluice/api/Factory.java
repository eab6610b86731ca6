package io.sluice.api;

import org.pf4j.ExtensionPoint;

/**
 * Makes something out of its settings, for each place in the configuration that uses it by name.
 * The class of one is public, annotated with {@link org.pf4j.Extension}, and has a public
 * constructor without parameters.
 *
 * @param <T> what it makes
 * @param <S> the settings, a record whose components say with {@link Setting} what they mean
 */
public sealed interface Factory<T, S extends Record> extends ExtensionPoint
    permits FilterFactory, AccessLogSinkFactory, LoadBalancerFactory, EndpointSourceFactory {

  /**
   * The name under which the configuration uses what it makes: lower case, words joined by {@code
   * -}.
   */
  String name();

  /** The type of the settings. */
  Class<S> settings();

  /**
   * Makes one. Also runs while a configuration is checked, on a worker thread, so it may be called
   * for a configuration that is then refused: start nothing here that would have to be stopped.
   *
   * @throws IllegalArgumentException if settings that are right one by one do not fit together; the
   *     message says what would be right
   */
  T create(S settings);
}
