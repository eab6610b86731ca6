package io.sluice.gateway.config;

import io.sluice.api.ByteSize;
import io.sluice.api.Setting;
import java.time.Duration;

/** What callers may ask of a listener, at most. */
public record LimitsConfig(
    @Setting(value = "The largest message or frame.", fallback = "64MiB", min = 1024, max = 1 << 30)
        ByteSize maxFrame,
    @Setting(
            value = "The largest TTHeader, or header list of HTTP/2.",
            fallback = "256KiB",
            min = 1024,
            max = 16 << 20)
        ByteSize maxHeader,
    @Setting(
            value = "The most metadata entries of a call.",
            fallback = "1024",
            min = 1,
            max = 65_535)
        int maxKeys,
    @Setting(
            value = "How long a new connection may take to send its first bytes.",
            fallback = "5s",
            min = 1,
            max = 3_600_000)
        Duration firstBytesTimeout,
    @Setting(
            value = "How long a frame that has begun may take to be complete.",
            fallback = "30s",
            min = 1,
            max = 3_600_000)
        Duration frameTimeout,
    @Setting(
            value = "How long a connection may be silent while no call is open on it.",
            fallback = "10m",
            min = 1000,
            max = 86_400_000)
        Duration idleTimeout,
    @Setting(
            value = "How long answers may wait for a caller that takes nothing of them.",
            fallback = "30s",
            min = 1,
            max = 3_600_000)
        Duration writeTimeout,
    @Setting(
            value =
                "How long the answers of an HTTP/2 connection may wait for a caller that grants no"
                    + " flow-control credit for any of them.",
            fallback = "5m",
            min = 1,
            max = 86_400_000)
        Duration windowTimeout,
    @Setting(
            value = "What one connection may hold; at least what one largest frame needs.",
            fallback = "128MiB",
            min = 1024,
            max = 16L << 30)
        ByteSize maxBuffered,
    @Setting(
            value = "The most streams, or multiplexed calls, open at once on one connection.",
            fallback = "1000",
            min = 1,
            max = 1_000_000)
        int maxStreams,
    @Setting(
            value =
                "The most streams per second that a caller may cancel on one HTTP/2 connection, or"
                    + " have reset for its errors, beyond as many as are answered; 0 for any"
                    + " number.",
            fallback = "5000",
            min = 0,
            max = 1_000_000)
        int resetRate,
    @Setting(
            value =
                "The most frames per second of one HTTP/2 connection that belong to no call, beyond"
                    + " those that its calls give rise to; 0 for any number.",
            fallback = "10000",
            min = 0,
            max = 10_000_000)
        int controlRate,
    @Setting(
            value =
                "How long the streams of a ttstream connection may wait for one whose downstream"
                    + " does not read; then that one is ended.",
            fallback = "5s",
            min = 1,
            max = 3_600_000)
        Duration stallTimeout,
    @Setting(
            value = "The most connections of this listener at once.",
            fallback = "10000",
            min = 1,
            max = 1_000_000)
        int maxConnections,
    @Setting(
            value = "The most new connections per second and peer address; 0 for any number.",
            fallback = "0",
            min = 0,
            max = 1_000_000)
        int connectionRate) {}
