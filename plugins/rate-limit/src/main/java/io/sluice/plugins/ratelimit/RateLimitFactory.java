package io.sluice.plugins.ratelimit;

import io.sluice.api.Filter;
import io.sluice.api.FilterFactory;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.pf4j.Extension;

/**
 * Makes the filter {@code rate-limit}.
 *
 * <pre>
 * use: rate-limit
 * with: {by: identity, rate: 100, per: 1s, burst: 200, concurrency: 50}
 * </pre>
 */
@Extension
public final class RateLimitFactory implements FilterFactory<RateLimitSettings> {

  @Override
  public String name() {
    return "rate-limit";
  }

  /** Those that say who a caller is, if that is what calls are counted by. */
  @Override
  public List<String> comesAfter(RateLimitSettings settings) {
    return settings.by() == By.IDENTITY ? List.of("key-auth", "jwt-auth") : List.of();
  }

  @Override
  public Class<RateLimitSettings> settings() {
    return RateLimitSettings.class;
  }

  /**
   * @throws IllegalArgumentException if nothing is limited, there is something that belongs to a
   *     setting that is not there, or a burst takes too long to come back
   */
  @Override
  public Filter create(RateLimitSettings settings) {
    if (settings.rate() == null && settings.concurrency() == null) {
      throw new IllegalArgumentException("nothing is limited: give rate or concurrency");
    }
    if (settings.rate() == null && settings.burst() != null) {
      throw new IllegalArgumentException("'burst' is one of a 'rate': give that too");
    }
    if ((settings.by() == By.METADATA) != (settings.metadata() != null)) {
      throw new IllegalArgumentException("'by: metadata' and 'metadata' belong together");
    }
    Rate rate = rate(settings);
    return settings.concurrency() == null
        ? new RateLimit(settings, rate)
        : new ConcurrencyLimit(settings, rate, settings.concurrency());
  }

  private static @Nullable Rate rate(RateLimitSettings settings) {
    if (settings.rate() == null) {
      return null;
    }
    int burst = settings.burst() == null ? settings.rate() : settings.burst();
    return Rate.of(settings.rate(), settings.per(), burst, System::nanoTime);
  }
}
