package io.sluice.gateway.loop;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** On a real event loop: a timer is judged against what the loop itself can do at that moment. */
class TimersTest {
  private static final long TICK = TimeUnit.MILLISECONDS.toNanos(Timers.TICK_MILLIS);

  /** What the machine may add, beside what the loop is late itself. */
  private static final long NOISE = TimeUnit.MILLISECONDS.toNanos(5);

  private static MultiThreadIoEventLoopGroup group;
  private static EventLoop loop;

  @BeforeAll
  static void start() {
    group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    loop = group.next();
  }

  @AfterAll
  static void stop() {
    group.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
  }

  private static <T> T onLoop(Callable<T> work) throws Exception {
    return loop.submit(work).get(30, TimeUnit.SECONDS);
  }

  /** Notes when it fires; beside it the loop's own timer for the same time. */
  private static final class Probe extends Timers.Timer {
    private final CountDownLatch both;
    private long set;
    private long delay;
    private long fired;
    private long loopsOwn;
    private int times;

    Probe(CountDownLatch both) {
      this.both = both;
    }

    void set(Timers timers, long delayNanos) {
      set = System.nanoTime();
      delay = delayNanos;
      timers.set(this, delayNanos);
      loop.schedule(
          () -> {
            loopsOwn = System.nanoTime();
            both.countDown();
          },
          delayNanos,
          TimeUnit.NANOSECONDS);
    }

    @Override
    protected void fire() {
      fired = System.nanoTime();
      times++;
      both.countDown();
    }

    void assertInTime() {
      assertThat(times).isEqualTo(1);
      assertThat(fired - set).as("never early").isGreaterThanOrEqualTo(delay);
      assertThat(fired - Math.max(loopsOwn, set + delay))
          .as("nanoseconds later than the loop's own timer of %d ms", delay / 1_000_000)
          .isLessThan(2 * TICK + NOISE);
    }
  }

  /** A timer that runs something. */
  private static Timers.Timer timer(Runnable run) {
    return new Timers.Timer() {
      @Override
      protected void fire() {
        run.run();
      }
    };
  }

  @Test
  void fireNeverEarlyAndHardlyLate() throws Exception {
    long[] delays = {
      0, 1, TICK - 1, TICK, TICK + 1, 3 * TICK, 25_500_000, 100_000_000, 730_000_001
    };
    assertInTime(delays);
  }

  /** A round of the wheel is 10.24 s; these share slots with shorter ones. */
  @Test
  void fireInTimeBeyondOneRound() throws Exception {
    long round = 1024 * TICK;
    assertInTime(TICK, round - TICK, round, round + TICK, round + 5 * TICK, 6 * TICK);
  }

  private static void assertInTime(long... delays) throws Exception {
    CountDownLatch latch = new CountDownLatch(delays.length * 2);
    List<Probe> probes =
        onLoop(
            () -> {
              Timers timers = new Timers(loop);
              List<Probe> set = new ArrayList<>();
              for (long delay : delays) {
                Probe probe = new Probe(latch);
                probe.set(timers, delay);
                set.add(probe);
              }
              return set;
            });
    assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
    onLoop(
        () -> {
          probes.forEach(Probe::assertInTime);
          return null;
        });
  }

  @Test
  void thousandsOfTimersSetCancelledAndSetAnew() throws Exception {
    int n = 20_000;
    Random random = new Random(17);
    CountDownLatch fired = new CountDownLatch(n / 2);
    List<String> wrong = new ArrayList<>();
    List<Timers.Timer> all =
        onLoop(
            () -> {
              Timers timers = new Timers(loop);
              List<Timers.Timer> set = new ArrayList<>();
              for (int i = 0; i < n; i++) {
                boolean cancelled = i % 2 == 0;
                long delay = TimeUnit.MILLISECONDS.toNanos(random.nextInt(500));
                long due = System.nanoTime() + delay;
                Timers.Timer timer =
                    timer(
                        () -> {
                          if (cancelled) {
                            wrong.add("fired though cancelled");
                          } else if (System.nanoTime() < due) {
                            wrong.add("fired early");
                          }
                          fired.countDown();
                        });
                // At first for another time, which must not count any more.
                timers.set(timer, TimeUnit.MILLISECONDS.toNanos(random.nextInt(50)));
                timers.set(timer, delay);
                if (cancelled) {
                  timers.cancel(timer);
                  timers.cancel(timer);
                }
                set.add(timer);
              }
              return set;
            });
    assertThat(fired.await(20, TimeUnit.SECONDS)).isTrue();
    onLoop(
        () -> {
          assertThat(wrong).isEmpty();
          assertThat(all).noneMatch(Timers.Timer::isSet);
          return null;
        });
  }

  @Test
  void setAnewFromFire() throws Exception {
    List<Long> times = new ArrayList<>();
    CountDownLatch done = new CountDownLatch(1);
    onLoop(
        () -> {
          Timers timers = new Timers(loop);
          timers.set(
              new Timers.Timer() {
                @Override
                protected void fire() {
                  assertThat(isSet()).isFalse();
                  times.add(System.nanoTime());
                  if (times.size() < 20) {
                    timers.set(this, times.size() % 2 == 0 ? 0 : TICK);
                  } else {
                    done.countDown();
                  }
                }
              },
              0);
          return null;
        });
    assertThat(done.await(10, TimeUnit.SECONDS)).isTrue();
    for (int i = 1; i < times.size(); i++) {
      long wanted = i % 2 == 0 ? 0 : TICK;
      assertThat(times.get(i) - times.get(i - 1)).isGreaterThanOrEqualTo(wanted);
    }
  }

  @Test
  void oneThatFiresCanCancelAndSetOthersOfTheSameTick() throws Exception {
    List<String> events = new ArrayList<>();
    CountDownLatch done = new CountDownLatch(1);
    onLoop(
        () -> {
          Timers timers = new Timers(loop);
          Timers.Timer doomed = timer(() -> events.add("doomed"));
          Timers.Timer later = timer(done::countDown);
          timers.set(
              timer(
                  () -> {
                    timers.cancel(doomed);
                    timers.set(later, 0);
                    events.add("first");
                  }),
              TICK);
          timers.set(doomed, TICK);
          timers.set(timer(() -> events.add("third")), TICK);
          return null;
        });
    assertThat(done.await(10, TimeUnit.SECONDS)).isTrue();
    assertThat(events).containsExactly("first", "third");
  }

  @Test
  void aTimerThatThrowsHoldsUpNoOther() throws Exception {
    CountDownLatch same = new CountDownLatch(1);
    CountDownLatch next = new CountDownLatch(1);
    onLoop(
        () -> {
          Timers timers = new Timers(loop);
          timers.set(
              timer(
                  () -> {
                    throw new IllegalStateException("on purpose");
                  }),
              TICK);
          timers.set(timer(same::countDown), TICK);
          timers.set(timer(next::countDown), 3 * TICK);
          return null;
        });
    assertThat(next.await(2, TimeUnit.SECONDS)).as("a timer of a later tick").isTrue();
    assertThat(same.await(2, TimeUnit.SECONDS)).as("a timer of the same tick").isTrue();
  }

  @Test
  void aDelayWithoutEndCanBeSetAndCancelled() throws Exception {
    onLoop(
        () -> {
          Timers timers = new Timers(loop);
          Timers.Timer far = timer(() -> {});
          timers.set(far, Long.MAX_VALUE);
          assertThat(far.isSet()).isTrue();
          timers.cancel(far);
          assertThat(far.isSet()).isFalse();
          return null;
        });
  }
}
