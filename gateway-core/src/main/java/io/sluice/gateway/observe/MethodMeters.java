package io.sluice.gateway.observe;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The meters of one method, or of all those without meters of their own. Safe for all threads. */
final class MethodMeters {
  private static final Duration[] BUCKETS = {
    Duration.ofMillis(1),
    Duration.ofMillis(5),
    Duration.ofMillis(10),
    Duration.ofMillis(25),
    Duration.ofMillis(50),
    Duration.ofMillis(100),
    Duration.ofMillis(500),
    Duration.ofSeconds(1),
    Duration.ofSeconds(5),
  };

  private final MeterRegistry registry;
  private final String[] tags;
  private final Timer duration;

  /** By {@link StatusLabels}; two loops that make the same one get the same one. */
  private final @Nullable Counter[] calls = new Counter[StatusLabels.COUNT];

  MethodMeters(MeterRegistry registry, String service, String method) {
    this.registry = registry;
    this.tags = new String[] {"service", service, "method", method};
    this.duration =
        Timer.builder("sluice.method.duration")
            .description("Time from the head of a request to the end of its response")
            .tags(tags)
            .serviceLevelObjectives(BUCKETS)
            .register(registry);
  }

  /** A call has ended. */
  void ended(int status, long nanos) {
    Counter counter = calls[status];
    if (counter == null) {
      counter =
          Counter.builder("sluice.method.calls")
              .description("Calls that have ended")
              .tags(tags)
              .tag("status", StatusLabels.label(status))
              .register(registry);
      calls[status] = counter;
    }
    counter.increment();
    duration.record(nanos, TimeUnit.NANOSECONDS);
  }
}
