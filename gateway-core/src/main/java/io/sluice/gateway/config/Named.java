package io.sluice.gateway.config;

import io.sluice.api.Setting;

/**
 * How something of an extension is named in the place of a setting. In the file, the name alone is
 * short for {@code {use: name}}.
 */
record Named(
    @Shorthand @Setting(value = "Its name.", required = true) String use,
    @Setting("Its settings.") ConfigNode with) {}
