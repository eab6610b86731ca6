package io.sluice.gateway.exchange;

import java.util.concurrent.TimeUnit;

/**
 * How often something may happen in a second, and as often at once. What happens is counted
 * afterwards: who takes much in one go waits the longer until the next. All times are nanoseconds
 * of one clock, whichever it is.
 */
final class Rate {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  private final long perSecond;

  /** What has happened so far is paid for at this time. */
  private long paid;

  /**
   * @param perSecond 0 for any number
   */
  Rate(long perSecond, long now) {
    this.perSecond = perSecond;
    this.paid = now - SECOND;
  }

  /** The time from which on it may happen again; not later than {@code now} if it may at once. */
  long next(long now) {
    return perSecond == 0 ? now : paid + SECOND / perSecond;
  }

  /**
   * It happens so many times.
   *
   * @param times at most 2^32
   */
  void spend(long times, long now) {
    if (perSecond > 0) {
      paid = Math.max(paid, now - SECOND) + times * SECOND / perSecond;
    }
  }
}
