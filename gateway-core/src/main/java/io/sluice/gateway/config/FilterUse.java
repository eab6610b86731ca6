package io.sluice.gateway.config;

import io.sluice.api.Setting;

/**
 * A filter in its place.
 *
 * @param use the filter's name
 * @param with its settings, which get their meaning from the filter itself
 */
public record FilterUse(
    @Setting(value = "The name of the filter.", required = true) String use,
    @Setting("Its settings, as the filter's own page describes them.") ConfigNode with) {}
