package io.sluice.plugins.ratelimit;

import io.sluice.api.Filter;
import io.sluice.api.FilterContext;
import io.sluice.api.Status;
import io.sluice.api.Step;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** What both limits have: whose calls are counted together, the rate, and the metrics. */
abstract class Limit implements Filter {
  private final RateLimitSettings settings;
  private final @Nullable Rate rate;
  private final Step tooOften;
  private Shares shares;
  private FilterContext.Counter allowed;
  private FilterContext.Counter limited;

  /**
   * @param rate null if only calls at once are limited
   */
  Limit(RateLimitSettings settings, @Nullable Rate rate) {
    this.settings = settings;
    this.rate = rate;
    this.tooOften =
        rate == null ? Step.NEXT : refusal(settings.rate(), " in " + written(settings.per()));
  }

  /**
   * A refusal of calls beyond so many.
   *
   * @param how begins with a space
   */
  final Step refusal(int most, String how) {
    String calls = most == 1 ? " call" : " calls";
    String whose = settings.by().words(String.valueOf(settings.metadata()));
    return Step.reject(Status.overLimit("more than " + most + calls + how + whose));
  }

  private static String written(Duration time) {
    long millis = time.toMillis();
    if (millis % 1000 != 0) {
      return millis + "ms";
    }
    long seconds = millis / 1000;
    if (seconds % 3600 == 0) {
      return seconds / 3600 + "h";
    }
    return seconds % 60 == 0 ? seconds / 60 + "m" : seconds + "s";
  }

  @Override
  public final void start(FilterContext context) {
    String metric = settings.name() == null ? "rate_limit" : "rate_limit_" + settings.name();
    allowed = context.counter(metric + "_allowed", "Calls that rate-limit has let pass.");
    limited = context.counter(metric + "_limited", "Calls that rate-limit has refused.");
    shares =
        settings.by() == By.ALL
            ? Shares.one(this::share)
            : Shares.each(
                settings.by(),
                String.valueOf(settings.metadata()),
                settings.maxKeys(),
                context,
                this::share);
    context.gauge(metric + "_keys", "Keys whose calls rate-limit counts.", shares::size);
  }

  private Share share() {
    return new Share(rate == null ? new AtomicLong() : rate.bucket());
  }

  final Shares shares() {
    return shares;
  }

  /** Whether the rate allows one more; counts it then. */
  final boolean isInTime(Share share) {
    return rate == null || rate.take(share.bucket());
  }

  final Step allow() {
    allowed.add(1);
    return Step.NEXT;
  }

  final Step tooOften() {
    return limited(tooOften);
  }

  final Step limited(Step refusal) {
    limited.add(1);
    return refusal;
  }
}
