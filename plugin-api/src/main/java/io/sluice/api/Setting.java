package io.sluice.api;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Says what a component of a settings record means; checks, defaults and reference pages come from
 * it. A component may be a {@code String}, {@code int}, {@code long}, {@code boolean}, {@code
 * double}, {@link Secret}, {@link java.time.Duration} ({@code 250ms}, {@code 10s}, {@code 5m}),
 * {@link ByteSize} ({@code 64KiB}), {@link Glob} ({@code shop.*}), {@link java.nio.file.Path} (made
 * absolute: a relative one begins at the folder of the configuration file), an enum (written in
 * lower case), a record, a {@link Use} of another extension, or a {@code List} or {@code
 * Map<String, …>} of these. In the file its name is the component's.
 */
@Target(ElementType.RECORD_COMPONENT)
@Retention(RetentionPolicy.RUNTIME)
public @interface Setting {

  /** What it is for, in one sentence. */
  String value();

  /** Whether the file must have it. */
  boolean required() default false;

  /**
   * What it is when the file does not have it, written as in the file. Without one an absent list
   * or map is empty, a record has its own defaults, and anything else is null (so not a primitive).
   */
  String fallback() default "";

  /** The smallest number, shortest duration in milliseconds or smallest size in bytes. */
  long min() default Long.MIN_VALUE;

  /** The largest number, longest duration in milliseconds or largest size in bytes. */
  long max() default Long.MAX_VALUE;

  /** A regular expression that the whole text has to match. */
  String pattern() default "";
}
