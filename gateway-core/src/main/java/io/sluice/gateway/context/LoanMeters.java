package io.sluice.gateway.context;

import io.micrometer.core.instrument.Timer;
import io.sluice.api.FilterContext.Counter;
import io.sluice.api.FilterContext.Timing;
import io.sluice.gateway.context.Meters.Shared;
import io.sluice.gateway.context.Meters.Values;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** The meters that one filter has asked for. Used by one thread at a time. */
final class LoanMeters {
  /** So many values a filter may have shown; those of one name are several, too. */
  private static final int MAX_GAUGES = 1000;

  private final Meters meters;
  private final Map<String, Counter> counters = new HashMap<>();
  private final Map<String, Timing> timings = new HashMap<>();
  private final List<Shown> gauges = new ArrayList<>();

  LoanMeters(Meters meters) {
    this.meters = meters;
  }

  /**
   * A value that is part of a gauge.
   *
   * @param name of the gauge
   */
  private record Shown(String name, Runnable takeOut) {}

  Counter counter(String name, String description) {
    Counter counter = counters.get(name);
    if (counter == null) {
      io.micrometer.core.instrument.Counter shown = meters.counter(name, description).use();
      counter = shown::increment;
      counters.put(name, counter);
    }
    return counter;
  }

  Timing timing(String name, String description) {
    Timing timing = timings.get(name);
    if (timing == null) {
      Timer shown = meters.timing(name, description).use();
      timing = nanos -> shown.record(nanos, TimeUnit.NANOSECONDS);
      timings.put(name, timing);
    }
    return timing;
  }

  void gauge(String name, String description, LongSupplier value) {
    if (gauges.size() >= MAX_GAUGES) {
      throw new IllegalStateException("a filter may show " + MAX_GAUGES + " values");
    }
    Shared<Values> shown = meters.gauge(name, description);
    gauges.add(new Shown(name, shown.use().add(value)));
  }

  void close() {
    counters.keySet().forEach(meters::release);
    timings.keySet().forEach(meters::release);
    gauges.forEach(
        shown -> {
          shown.takeOut().run();
          meters.release(shown.name());
        });
    counters.clear();
    timings.clear();
    gauges.clear();
  }
}
