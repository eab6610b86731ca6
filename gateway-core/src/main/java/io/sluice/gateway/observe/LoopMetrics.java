package io.sluice.gateway.observe;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.sluice.gateway.loop.Budget;
import io.sluice.gateway.loop.Limit;
import io.sluice.gateway.loop.Loop;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/**
 * Tells how late the event loops are, which limits their connections met, how many replies came for
 * nobody, how much memory they hold, and who keeps one that does not turn. Safe for all threads.
 */
public final class LoopMetrics {
  private static final Duration BLOCKED_AFTER = Duration.ofMillis(200);

  private final MeterRegistry registry;
  private final List<LoopWatch> watches = new CopyOnWriteArrayList<>();
  private final BlockedLoops blocked;

  /**
   * @param blockedAfter so long may a loop not turn before it is told who keeps it
   */
  public LoopMetrics(MeterRegistry registry, Duration blockedAfter) {
    this.registry = registry;
    this.blocked = new BlockedLoops(watches, blockedAfter, registry);
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

  /** As {@code SLUICE_LOOP_BLOCKED} says in milliseconds, else 200 ms; 0 for never. */
  public static Duration defaultBlockedAfter() {
    String set = System.getenv("SLUICE_LOOP_BLOCKED");
    if (set == null || set.isBlank()) {
      return BLOCKED_AFTER;
    }
    try {
      return Duration.ofMillis(Math.max(0, Integer.parseInt(set.strip())));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("SLUICE_LOOP_BLOCKED is no number: " + set, e);
    }
  }

  /** Watches a loop from now on, if it is not watched yet; to be called on it. */
  public void watch(Loop loop) {
    for (LoopWatch watch : watches) {
      if (watch.loop() == loop) {
        return;
      }
    }
    LoopWatch watch = new LoopWatch(loop, registry);
    watch.again();
    watches.add(watch);
    blocked.start();
  }

  /** The worst lag of each loop within the last minutes, in milliseconds, by the loop's name. */
  public Map<String, Double> lagMillis() {
    Map<String, Double> lags = new TreeMap<>();
    watches.forEach(
        watch -> lags.put(watch.thread().getName(), watch.lag().max(TimeUnit.MILLISECONDS)));
    return lags;
  }

  private double met(Limit limit) {
    long all = 0;
    for (LoopWatch watch : watches) {
      all += watch.loop().limits().count(limit);
    }
    return all;
  }

  private double unaskedReplies() {
    return watches.stream().mapToLong(watch -> watch.loop().unaskedReplies()).sum();
  }
}
