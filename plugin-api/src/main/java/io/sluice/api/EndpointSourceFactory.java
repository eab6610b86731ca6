package io.sluice.api;

/**
 * Makes an {@link EndpointSource}, which a cluster uses by {@code endpoints: {use: name, with:
 * {…}}}.
 *
 * @param <S> the settings
 */
public non-sealed interface EndpointSourceFactory<S extends Record>
    extends Factory<EndpointSource, S> {}
