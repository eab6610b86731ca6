package io.sluice.gateway.loop;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * Has something said only now and then, however often there is cause, and counts how often it was
 * not said. Safe for all threads.
 */
public final class Seldom {
  private final long periodNanos;
  private final AtomicLong due = new AtomicLong(System.nanoTime());
  private final LongAdder unsaid = new LongAdder();

  /**
   * @param period at least so much time is from one time to the next
   */
  public Seldom(Duration period) {
    this.periodNanos = period.toNanos();
  }

  /**
   * There is cause to say it.
   *
   * @return how often it was not said since the last time; -1 if it is not to be said now either
   */
  public long ask() {
    long now = System.nanoTime();
    long from = due.get();
    if (now - from >= 0 && due.compareAndSet(from, now + periodNanos)) {
      return unsaid.sumThenReset();
    }
    unsaid.increment();
    return -1;
  }
}
