package io.sluice.api;

/**
 * Makes an {@link AccessLogSink}, which the filter {@code access-log} uses by {@code sink: {use:
 * name, with: {…}}}.
 *
 * @param <S> the settings
 */
public non-sealed interface AccessLogSinkFactory<S extends Record>
    extends Factory<AccessLogSink, S> {}
