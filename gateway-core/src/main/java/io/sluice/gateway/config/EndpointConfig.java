package io.sluice.gateway.config;

import io.sluice.api.Setting;

/**
 * One instance of a cluster. In the file, {@code a:1} is short for {@code {address: "a:1"}}.
 *
 * @param weight its part of the calls, in proportion to the others'
 */
public record EndpointConfig(
    @Shorthand
        @Setting(value = "Where it listens; the host may have placeholders.", required = true)
        AddressTemplate address,
    @Setting(
            value = "Its part of the calls, in proportion to the weights of the others.",
            fallback = "1",
            min = 1,
            max = 1000)
        int weight) {}
