package io.sluice.gateway.config;

import io.sluice.api.Setting;
import java.time.Duration;
import java.util.List;

/**
 * How plugins come and go.
 *
 * @param drain not negative
 * @param allow as hexadecimal digits; empty for any
 */
public record PluginsConfig(
    @Setting(
            value =
                "How long calls may go on by the code of a plugin that was replaced or removed"
                    + " since they began.",
            fallback = "15m",
            min = 0,
            max = 86_400_000)
        Duration drain,
    @Setting(
            value = "The SHA-256 of each jar that may be taken up; without any, all may.",
            pattern = "[0-9a-fA-F]{64}")
        List<String> allow) {
  public PluginsConfig {
    allow = List.copyOf(allow);
  }
}
