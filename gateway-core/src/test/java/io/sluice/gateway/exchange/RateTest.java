package io.sluice.gateway.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Rates, by a clock that the test turns. */
class RateTest {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  private static int passedAt(Rate rate, long now, int offered) {
    int passed = 0;
    while (passed < offered && rate.next(now) <= now) {
      rate.spend(1, now);
      passed++;
    }
    return passed;
  }

  @Test
  void asMuchAtOnceAsInASecond() {
    long start = Long.MIN_VALUE / 4;
    Rate rate = new Rate(10, start);
    assertThat(passedAt(rate, start, 100)).isEqualTo(10);
    assertThat(rate.next(start)).isEqualTo(start + SECOND / 10);
    assertThat(passedAt(rate, start + SECOND / 10 - 1, 100)).isZero();
    assertThat(passedAt(rate, start + SECOND / 10, 100)).isEqualTo(1);
    assertThat(passedAt(rate, start + SECOND, 100)).isEqualTo(9);
    // What is not used is saved up for one second only.
    assertThat(passedAt(rate, start + 100 * SECOND, 100)).isEqualTo(10);
  }

  @Test
  void whoTakesMuchInOneGoWaitsTheLonger() {
    Rate rate = new Rate(1024, 0);
    rate.spend(100 * 1024, 0);
    assertThat(rate.next(0)).isBetween(99 * SECOND, 99 * SECOND + SECOND / 1000);
  }

  @Test
  void theLargestAmountsAtTheSmallestRateDoNotOverflow() {
    Rate rate = new Rate(1, 0);
    rate.spend(1L << 32, 0);
    assertThat(rate.next(0)).isEqualTo(SECOND << 32);
  }

  @Test
  void withoutALimitItIsAlwaysTime() {
    Rate rate = new Rate(0, 0);
    rate.spend(1L << 32, 0);
    assertThat(rate.next(0)).isZero();
  }

  /** In whatever steps time goes and things are offered. */
  @Test
  void inTheLongRunItIsTheRate() {
    Random random = new Random(1);
    Rate rate = new Rate(1000, 0);
    long passed = 0;
    long now = 0;
    while (now < 1000 * SECOND) {
      now += random.nextInt((int) (SECOND / 2));
      passed += passedAt(rate, now, 10_000);
    }
    assertThat(passed).isBetween(999_000L, 1_002_000L);
  }
}
