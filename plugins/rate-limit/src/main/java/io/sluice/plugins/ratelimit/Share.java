package io.sluice.plugins.ratelimit;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** What the calls that are counted together have used. Safe for all threads. */
final class Share {
  private final AtomicLong bucket;
  private final AtomicInteger running = new AtomicInteger();

  /**
   * @param bucket one of the limit's {@link Rate}, handed over
   */
  Share(AtomicLong bucket) {
    this.bucket = bucket;
  }

  AtomicLong bucket() {
    return bucket;
  }

  /**
   * One more call begins.
   *
   * @param most how many may be under way
   * @return false if there are so many; it is not counted then
   */
  boolean enter(int most) {
    while (true) {
      int n = running.get();
      if (n >= most) {
        return false;
      }
      if (running.compareAndSet(n, n + 1)) {
        return true;
      }
    }
  }

  /** A call that has entered is over. */
  void leave() {
    running.decrementAndGet();
  }
}
