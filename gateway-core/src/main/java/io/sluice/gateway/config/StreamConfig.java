package io.sluice.gateway.config;

import io.sluice.api.ByteSize;
import io.sluice.api.Setting;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What the streams of a route may take, each null for no limit, so that no healthy stream is ever
 * cut unless somebody asks for it.
 */
public record StreamConfig(
    @Setting(
            value = "How long a stream may wait for a connection, all endpoints together.",
            min = 1,
            max = 3_600_000)
        @Nullable Duration openTimeout,
    @Setting(
            value = "How long the downstream may take to begin its answer, from the connection on.",
            min = 1,
            max = 86_400_000)
        @Nullable Duration firstResponse,
    @Setting(
            value =
                "How long the downstream may be silent once it has begun to answer, while its caller"
                    + " has taken all that it said.",
            min = 1,
            max = 86_400_000)
        @Nullable Duration messageGap,
    @Setting(value = "How long both sides may be silent.", min = 1, max = 86_400_000)
        @Nullable Duration idle,
    @Setting(value = "How long a stream may be open.", min = 1, max = 2_592_000_000L)
        @Nullable Duration maxDuration,
    @Setting(
            value = "The largest message, in either direction, as it is on the wire.",
            min = 1,
            max = 1 << 30)
        @Nullable ByteSize maxMessage,
    @Setting("What may come from the caller in a second.") @Nullable RateConfig requestRate,
    @Setting("What may come from the downstream in a second.") @Nullable RateConfig responseRate) {}
