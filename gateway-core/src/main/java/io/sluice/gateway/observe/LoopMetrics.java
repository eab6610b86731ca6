package io.sluice.gateway.observe;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.netty.channel.EventLoop;
import io.sluice.gateway.loop.Budget;
import io.sluice.gateway.loop.Limit;
import io.sluice.gateway.loop.Loop;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/**
 * Tells how late the event loops are, which limits their connections met, how many replies came for
 * nobody, and how much memory they hold. Safe for all threads.
 */
public final class LoopMetrics {
  private static final long PERIOD_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final MeterRegistry registry;
  private final List<Watch> watches = new CopyOnWriteArrayList<>();

  public LoopMetrics(MeterRegistry registry) {
    this.registry = registry;
    for (Limit limit : Limit.values()) {
      FunctionCounter.builder("sluice.limits", this, self -> self.met(limit))
          .description("Connections that met a limit")
          .tag("limit", limit.label())
          .register(registry);
    }
    FunctionCounter.builder("sluice.unasked.replies", this, LoopMetrics::unaskedReplies)
        .description("Replies on multiplexed connections that no call waited for")
        .register(registry);
    Budget budget = Budget.ofProcess();
    Gauge.builder("sluice.memory.held", budget, Budget::held)
        .description("Bytes that connections hold on to")
        .baseUnit("bytes")
        .register(registry);
    Gauge.builder("sluice.memory.limit", budget, Budget::limit)
        .description("Bytes that connections may hold on to before the largest holder is cut")
        .baseUnit("bytes")
        .register(registry);
  }

  /** Watches a loop from now on, if it is not watched yet; to be called on it. */
  public void watch(Loop loop) {
    for (Watch watch : watches) {
      if (watch.loop == loop) {
        return;
      }
    }
    Watch watch = new Watch(loop);
    watches.add(watch);
    watch.again();
  }

  /** The worst lag of each loop within the last minutes, in milliseconds, by the loop's name. */
  public Map<String, Double> lagMillis() {
    Map<String, Double> lags = new TreeMap<>();
    watches.forEach(watch -> lags.put(watch.name, watch.lag.max(TimeUnit.MILLISECONDS)));
    return lags;
  }

  private double met(Limit limit) {
    long all = 0;
    for (Watch watch : watches) {
      all += watch.loop.limits().count(limit);
    }
    return all;
  }

  private double unaskedReplies() {
    return watches.stream().mapToLong(watch -> watch.loop.unaskedReplies()).sum();
  }

  /** Wakes up now and then, and notes by how much that was too late. */
  private final class Watch implements Runnable {
    private final Loop loop;
    private final String name = Thread.currentThread().getName();
    private final Timer lag;
    private long due;

    Watch(Loop loop) {
      this.loop = loop;
      this.lag =
          Timer.builder("sluice.event.loop.lag")
              .description("How much later than it should the event loop came to a timer")
              .tag("loop", name)
              .register(registry);
    }

    void again() {
      EventLoop eventLoop = loop.eventLoop();
      if (!eventLoop.isShuttingDown()) {
        due = System.nanoTime() + PERIOD_NANOS;
        eventLoop.schedule(this, PERIOD_NANOS, TimeUnit.NANOSECONDS);
      }
    }

    @Override
    public void run() {
      lag.record(Math.max(0, System.nanoTime() - due), TimeUnit.NANOSECONDS);
      again();
    }
  }
}
