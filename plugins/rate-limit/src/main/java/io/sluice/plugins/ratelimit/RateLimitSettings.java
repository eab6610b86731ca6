package io.sluice.plugins.ratelimit;

import io.sluice.api.Setting;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** How many calls, and of whom. At least one of {@code rate} and {@code concurrency} is there. */
public record RateLimitSettings(
    @Setting(value = "What calls that are counted together have in common.", fallback = "all")
        By by,
    @Setting(
            value =
                "The metadata whose value it is, with `by: metadata`: plain, persistent or"
                    + " transient, without a prefix.",
            pattern = "[A-Za-z0-9._-]{1,255}")
        @Nullable String metadata,
    @Setting(value = "So many calls may come in the time of 'per'.", min = 1, max = 1_000_000)
        @Nullable Integer rate,
    @Setting(value = "The time.", fallback = "1s", min = 1000, max = 86_400_000) Duration per,
    @Setting(
            value =
                "So many calls may come at once after a time of fewer; what 'rate' says by default.",
            min = 1,
            max = 1_000_000)
        @Nullable Integer burst,
    @Setting(
            value = "So many calls may be under way at once, from their beginning to their end.",
            min = 1,
            max = 1_000_000)
        @Nullable Integer concurrency,
    @Setting(
            value = "So many different keys are counted; beyond, what is used least is forgotten.",
            fallback = "10000",
            min = 1,
            max = 1_000_000)
        int maxKeys,
    @Setting(
            value = "A word that sets this limit's metrics apart from those of others.",
            pattern = "[a-z][a-z0-9]{0,31}")
        @Nullable String name) {}
