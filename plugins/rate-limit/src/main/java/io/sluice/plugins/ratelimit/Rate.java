package io.sluice.plugins.ratelimit;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * A token bucket that is one number, so that any number of threads may take of it without a lock:
 * when it will be full again. Each call moves that by the time in which one token comes back, and
 * may do so as long as it stays within the time in which a whole bucket does.
 *
 * <pre>
 *        now          full again
 *  ───────┼───────────────┼─────────▶
 *         ├─ missing ─────┤
 *         ├─ whole ──────────────────┤   a call may add its token while this is not exceeded
 * </pre>
 *
 * <p>Times are in 16ths of a nanosecond since the limit was made, so that a rate is kept to the
 * 0.01 %; they may go round after 36 years.
 */
final class Rate {
  private static final int FRACTION_BITS = 4;

  /** A whole bucket comes back within this time at most. */
  private static final Duration MAX_WHOLE = Duration.ofDays(366);

  private final long token;
  private final long whole;
  private final LongSupplier nanoTime;
  private final long origin;

  private Rate(long token, long whole, LongSupplier nanoTime) {
    this.token = token;
    this.whole = whole;
    this.nanoTime = nanoTime;
    this.origin = nanoTime.getAsLong();
  }

  /**
   * So many calls in a time.
   *
   * @param calls 1 to 1,000,000
   * @param per a second to a day
   * @param burst how many the bucket holds, 1 to 1,000,000
   * @param nanoTime a clock such as {@link System#nanoTime}
   * @throws IllegalArgumentException if a whole bucket takes more than a year to come back
   */
  static Rate of(int calls, Duration per, int burst, LongSupplier nanoTime) {
    long token = Math.round((double) (per.toNanos() << FRACTION_BITS) / calls);
    if (token > (MAX_WHOLE.toNanos() << FRACTION_BITS) / burst) {
      throw new IllegalArgumentException(
          "a burst of " + burst + " would take more than a year to come back: make it smaller");
    }
    return new Rate(token, token * burst, nanoTime);
  }

  private long now() {
    return nanoTime.getAsLong() - origin << FRACTION_BITS;
  }

  /** A bucket that is full. */
  AtomicLong bucket() {
    return new AtomicLong(now());
  }

  /**
   * Takes a token.
   *
   * @param bucket one that {@link #bucket} has made
   * @return whether there was one
   */
  boolean take(AtomicLong bucket) {
    while (true) {
      long full = bucket.get();
      long now = now();
      long missing = Math.max(full - now, 0);
      if (missing + token > whole) {
        return false;
      }
      if (bucket.compareAndSet(full, now + missing + token)) {
        return true;
      }
    }
  }
}
