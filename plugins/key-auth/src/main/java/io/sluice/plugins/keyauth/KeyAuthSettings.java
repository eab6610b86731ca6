package io.sluice.plugins.keyauth;

import io.sluice.api.Setting;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Where a call has its key, and which keys there are. */
public record KeyAuthSettings(
    @Setting(
            value =
                "The metadata that has the key: plain, persistent or transient, without a prefix.",
            fallback = "x-api-key",
            pattern = "[A-Za-z0-9._-]{1,255}")
        String metadata,
    @Setting("The keys.") List<KeySetting> keys,
    @Setting("A file with more of them, a line each; read again when it has changed.")
        @Nullable Path file,
    @Setting(
            value = "How often the file is looked at; it counts what two looks have seen.",
            fallback = "1s",
            min = 100,
            max = 86_400_000)
        Duration refresh,
    @Setting(value = "Whether the key goes on to the downstream.", fallback = "false")
        boolean keep) {}
