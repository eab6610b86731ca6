package io.sluice.gateway.testkit;

import java.time.Duration;
import java.util.function.LongSupplier;
import org.awaitility.Awaitility;

/** A sender that has begun and is held up. */
public final class Standstill {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration LOOK = Duration.ofMillis(100);
  private static final Duration STILL = Duration.ofMillis(500);

  private Standstill() {}

  /**
   * Waits until something has been sent and no more has followed for a while.
   *
   * @param sent how much up to now
   */
  public static void await(LongSupplier sent) {
    long[] last = {-1};
    Awaitility.await()
        .atMost(PATIENCE)
        .pollInterval(LOOK)
        .during(STILL)
        .until(
            () -> {
              long now = sent.getAsLong();
              boolean same = now == last[0] && now > 0;
              last[0] = now;
              return same;
            });
  }
}
