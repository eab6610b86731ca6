package io.sluice.gateway.client;

import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * How long an endpoint that could not be connected is marked unhealthy: 100 ms at first, twice as
 * long with every further failure, 10 s at most, each time between half of that and all of it. When
 * the time is over, one call goes there to see; the others go on keeping away until it has been
 * served.
 */
final class Backoff {
  private static final long FIRST_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
  private static final long MOST_NANOS = TimeUnit.SECONDS.toNanos(10);

  private int failures;

  /** By {@link System#nanoTime()}; meaningless without failures. */
  private long until;

  /** A call has gone there to see. */
  private boolean probing;

  /** Whether calls may go there. */
  boolean isOver() {
    return failures == 0 || left() <= 0;
  }

  /** Nanoseconds until calls may go there; not positive if they may. */
  long left() {
    return failures == 0 ? 0 : until - System.nanoTime();
  }

  /** A call goes there. */
  void picked() {
    if (failures > 0 && left() <= 0) {
      probing = true;
      // Until its fate is known; a call that is given up meanwhile must not block the way for good.
      until = System.nanoTime() + MOST_NANOS;
    }
  }

  /** It has been reached. */
  void succeeded() {
    failures = 0;
    probing = false;
  }

  /** It could not be reached. Attempts made beside the first, or too early, make it no worse. */
  void failed() {
    if (failures > 0 && !probing) {
      return;
    }
    long most = failures < 7 ? FIRST_NANOS << failures : MOST_NANOS;
    failures++;
    probing = false;
    until = System.nanoTime() + ThreadLocalRandom.current().nextLong(most / 2, most + 1);
  }
}
