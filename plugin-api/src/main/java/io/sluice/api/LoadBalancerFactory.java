package io.sluice.api;

/**
 * Makes a {@link LoadBalancer}, which a cluster uses by {@code balance: {use: name, with: {…}}}.
 * {@link #create} runs on event loops too, so it must not block.
 *
 * @param <S> the settings
 */
public non-sealed interface LoadBalancerFactory<S extends Record>
    extends Factory<LoadBalancer, S> {}
