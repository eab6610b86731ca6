package io.sluice.gateway.route;

import io.sluice.gateway.config.StreamConfig;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a stream may take; times in nanoseconds, and everything 0 where there is no limit.
 *
 * @param open until it has a connection
 * @param firstResponse from then until the downstream begins to answer
 * @param messageGap from then on between what the downstream says
 * @param idle in which nothing passes in either direction
 * @param duration from its head to its end
 * @param message bytes of one message
 * @param request what may come from the caller in a second; null for any
 * @param response the same of the downstream
 */
public record StreamLimits(
    long open,
    long firstResponse,
    long messageGap,
    long idle,
    long duration,
    long message,
    @Nullable StreamRate request,
    @Nullable StreamRate response) {
  public static final StreamLimits NONE = new StreamLimits(0, 0, 0, 0, 0, 0, null, null);

  /** Those that a route is given. */
  public static StreamLimits of(StreamConfig config) {
    return new StreamLimits(
        nanos(config.openTimeout()),
        nanos(config.firstResponse()),
        nanos(config.messageGap()),
        nanos(config.idle()),
        nanos(config.maxDuration()),
        config.maxMessage() == null ? 0 : config.maxMessage().bytes(),
        StreamRate.of("requestRate", config.requestRate()),
        StreamRate.of("responseRate", config.responseRate()));
  }

  private static long nanos(@Nullable Duration time) {
    return time == null ? 0 : time.toNanos();
  }

  /** Whether any of them is about time. */
  public boolean areTimed() {
    return (open | firstResponse | messageGap | idle | duration) != 0;
  }
}
