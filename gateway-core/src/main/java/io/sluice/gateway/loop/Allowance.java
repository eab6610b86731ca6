package io.sluice.gateway.loop;

import java.util.concurrent.TimeUnit;

/**
 * How often something may happen: so many times a second, and what has been earned beside. What is
 * not used may be saved up, for two seconds at most. Looks at the clock only when all is used up.
 */
public final class Allowance {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  private final long perSecond;
  private long left;

  /** Until when, in {@link System#nanoTime()}, the allowance has been given. */
  private long givenUntil = System.nanoTime();

  /**
   * @param perSecond 0 for any number
   */
  public Allowance(long perSecond) {
    this.perSecond = perSecond;
    this.left = perSecond;
  }

  /** It has happened so many times; false if that was too often. */
  public boolean spend(long times) {
    left -= times;
    if (left >= 0 || perSecond == 0) {
      return true;
    }
    long now = System.nanoTime();
    long elapsed = now - givenUntil;
    if (elapsed >= SECOND) {
      left += perSecond;
      givenUntil = now;
    } else {
      long given = elapsed * perSecond / SECOND;
      left += given;
      givenUntil += given * SECOND / perSecond;
    }
    return left >= 0;
  }

  /** It may happen so many times more. */
  public void earn(long times) {
    left = Math.min(left + times, perSecond);
  }
}
