package io.sluice.gateway.observe;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.sluice.gateway.filter.FilterChain;
import io.sluice.gateway.loop.Seldom;
import java.time.Duration;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * Looks from a thread of its own at loops that do not turn, and tells which filter keeps them, with
 * the stack: of a loop once for each time that it stands, of a filter one line in 10 s. A loop that
 * no filter keeps is told of when it has stood for long. Two looks have to see the same, so that it
 * is not told of when the whole process has been asleep.
 */
final class BlockedLoops implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(BlockedLoops.class);
  private static final long LOOK_NANOS = Duration.ofMillis(50).toNanos();
  private static final Duration PERIOD = Duration.ofSeconds(10);

  /** After so long it is told of, whoever keeps the loop. */
  private static final long LONG_NANOS = Duration.ofSeconds(2).toNanos();

  private final List<LoopWatch> watches;
  private final long limitNanos;
  private final MeterRegistry registry;
  private final AtomicBoolean started = new AtomicBoolean();
  private final Map<LoopWatch, Sight> sights = new IdentityHashMap<>();
  private final Map<String, Seldom> lines = new ConcurrentHashMap<>();

  /** What was seen of a loop that stands. */
  private static final class Sight {
    /** By which the time that it stands is told from others. */
    long due;

    /** Who kept it when it was looked at last. */
    int guest;

    boolean told;
  }

  /** Carries the stack of a loop. */
  private static final class Stack extends Throwable {
    private static final long serialVersionUID = 1;

    Stack(Thread thread) {
      super("what " + thread.getName() + " is at", null, false, true);
      setStackTrace(thread.getStackTrace());
    }
  }

  /**
   * @param watches all loops, as they come
   * @param limit so long may a loop not turn; zero to tell of none
   */
  BlockedLoops(List<LoopWatch> watches, Duration limit, MeterRegistry registry) {
    this.watches = watches;
    this.limitNanos = limit.toNanos();
    this.registry = registry;
  }

  /** Looks from now on, if it does not yet. Ends by itself when the last loop has ended. */
  void start() {
    if (limitNanos > 0 && started.compareAndSet(false, true)) {
      Thread thread = new Thread(this, "sluice-blocked-loops");
      thread.setDaemon(true);
      thread.start();
    }
  }

  @Override
  public void run() {
    while (!watches.stream().allMatch(LoopWatch::isOver)) {
      LockSupport.parkNanos(LOOK_NANOS);
      for (LoopWatch watch : watches) {
        look(watch);
      }
    }
  }

  private void look(LoopWatch watch) {
    long due = watch.due();
    long late = System.nanoTime() - due;
    if (late < limitNanos / 2 || watch.isOver()) {
      sights.remove(watch);
      return;
    }
    Sight sight = sights.get(watch);
    int guest = watch.loop().guest();
    if (sight == null || sight.due != due) {
      sight = new Sight();
      sight.due = due;
      sight.guest = guest;
      sights.put(watch, sight);
    } else if (sight.guest != guest) {
      sight.guest = guest;
    } else if (!sight.told && late >= (guest == 0 ? LONG_NANOS : limitNanos)) {
      sight.told = tell(watch, guest, late);
    }
  }

  /** False if it cannot be told, as whoever kept the loop has come back meanwhile. */
  private boolean tell(LoopWatch watch, int guest, long late) {
    FilterChain.Entry entry =
        watch.loop().guests() instanceof FilterChain chain ? chain.entry(guest) : null;
    if (guest != 0 && entry == null) {
      return false;
    }
    String filter = entry == null ? "" : entry.name();
    if (entry != null) {
      Counter.builder("sluice.filter.blocked")
          .description("Times that a filter kept its event loop from turning for long")
          .tag("filter", filter)
          .register(registry)
          .increment();
    }
    long unsaid = lines.computeIfAbsent(filter, f -> new Seldom(PERIOD)).ask();
    if (unsaid < 0) {
      return true;
    }
    LoggingEventBuilder line =
        LOG.atWarn()
            .setMessage(
                "an event loop has not turned for {} ms, {}{}; its other calls wait meanwhile")
            .addArgument(Duration.ofNanos(late).toMillis())
            .addArgument(entry == null ? "and no filter keeps it" : "a filter keeps it")
            .addArgument(unsaid == 0 ? "" : ", and " + unsaid + " times since that was told last")
            .addKeyValue("loop", watch.thread().getName());
    if (entry != null) {
      line.addKeyValue("filter", filter)
          .addKeyValue("place", entry.place().origin())
          .addKeyValue("hook", entry.hook());
    }
    line.setCause(new Stack(watch.thread())).log();
    return true;
  }
}
