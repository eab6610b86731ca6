package io.sluice.plugins.ratelimit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How many calls a bucket lets pass, by a clock that the test sets. */
class RateTest {
  private static final Duration SECOND = Duration.ofSeconds(1);

  /** A clock may begin anywhere. */
  private final AtomicLong clock = new AtomicLong(Long.MAX_VALUE - 1_000_000_000L);

  private int taken(Rate rate, AtomicLong bucket, int asked) {
    int taken = 0;
    for (int i = 0; i < asked; i++) {
      taken += rate.take(bucket) ? 1 : 0;
    }
    return taken;
  }

  private Rate rate(int calls, Duration per, int burst) {
    return Rate.of(calls, per, burst, clock::get);
  }

  @Test
  void aFullBucketAndThenTheRate() {
    Rate rate = rate(10, SECOND, 25);
    AtomicLong bucket = rate.bucket();
    assertThat(taken(rate, bucket, 100)).isEqualTo(25);
    clock.addAndGet(99_999_999);
    assertThat(taken(rate, bucket, 100)).isZero();
    clock.addAndGet(1);
    assertThat(taken(rate, bucket, 100)).isEqualTo(1);
    clock.addAndGet(SECOND.toNanos());
    assertThat(taken(rate, bucket, 100)).isEqualTo(10);
    clock.addAndGet(Duration.ofHours(1).toNanos());
    assertThat(taken(rate, bucket, 100)).isEqualTo(25);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 7, 1000, 700_001, 1_000_000})
  void aRateIsKept(int calls) {
    Rate rate = rate(calls, SECOND, 1);
    AtomicLong bucket = rate.bucket();
    int tokens = 2000;
    long end = clock.get() + tokens * SECOND.toNanos() / calls;
    long step = SECOND.toNanos() / calls / 100;
    int taken = 0;
    // As soon as there is a token, so that none is lost to a full bucket.
    while (clock.get() - end < 0) {
      taken += rate.take(bucket) ? 1 : 0;
      clock.addAndGet(step);
    }
    // Each wait for a token is up to a hundredth longer than it need be.
    assertThat(taken).isBetween((int) (tokens * 0.989), tokens + 1);
  }

  @Test
  void threadsTakeNoMoreThanThereIs() throws InterruptedException {
    Rate rate = rate(1000, SECOND, 50_000);
    AtomicLong bucket = rate.bucket();
    AtomicInteger taken = new AtomicInteger();
    CountDownLatch ready = new CountDownLatch(4);
    Thread[] threads = new Thread[4];
    for (int i = 0; i < threads.length; i++) {
      threads[i] =
          new Thread(
              () -> {
                ready.countDown();
                try {
                  ready.await();
                } catch (InterruptedException e) {
                  return;
                }
                taken.addAndGet(taken(rate, bucket, 20_000));
              });
      threads[i].start();
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(taken).hasValue(50_000);
  }

  @Test
  void aBucketThatTakesYearsIsAMistake() {
    Duration day = Duration.ofDays(1);
    assertThat(rate(1, day, 366)).isNotNull();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> rate(1, day, 367))
        .withMessage("a burst of 367 would take more than a year to come back: make it smaller");
    assertThat(rate(1_000_000, SECOND, 1_000_000)).isNotNull();
  }
}
