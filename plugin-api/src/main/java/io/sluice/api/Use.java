package io.sluice.api;

import java.util.Objects;

/**
 * A setting that names something of another extension, written {@code {use: name, with: {…}}}, or
 * as the name alone. Two are equal if they name the same factory and have equal settings.
 *
 * @param <T> what is used: {@link AccessLogSink}, {@link LoadBalancer} or {@link EndpointSource}
 */
public final class Use<T> {
  private final Factory<T, ?> factory;
  private final Record settings;
  private final Maker<T> maker;

  private interface Maker<T> {
    T make();
  }

  private <S extends Record> Use(Factory<T, S> factory, S settings) {
    this.factory = factory;
    this.settings = Objects.requireNonNull(settings);
    this.maker = () -> factory.create(settings);
  }

  /** A use of what this factory makes of these settings. */
  public static <T, S extends Record> Use<T> of(Factory<T, S> factory, S settings) {
    return new Use<>(factory, settings);
  }

  /** The name that the configuration has for it. */
  public String name() {
    return factory.name();
  }

  /** The class of its factory, by which its code is known. */
  public Class<?> factory() {
    return factory.getClass();
  }

  /**
   * Makes one; each time another.
   *
   * @throws IllegalArgumentException as {@link Factory#create}
   */
  public T make() {
    return Objects.requireNonNull(maker.make(), () -> "'" + name() + "': its factory made none");
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Use<?> use && use.factory == factory && use.settings.equals(settings);
  }

  @Override
  public int hashCode() {
    return settings.hashCode();
  }

  @Override
  public String toString() {
    return name() + settings;
  }
}
