package io.sluice.gateway.observe;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.sluice.api.Outcome.Party;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Tells of streams while they are open: a stream may live for days. Each loop counts for itself,
 * and is asked when somebody looks. Labels are names from the configuration. Safe for all threads.
 */
public final class StreamMetrics {
  private static final Duration[] BUCKETS = {
    Duration.ofMillis(1),
    Duration.ofMillis(5),
    Duration.ofMillis(25),
    Duration.ofMillis(100),
    Duration.ofMillis(500),
    Duration.ofSeconds(1),
    Duration.ofSeconds(5),
    Duration.ofSeconds(30),
    Duration.ofMinutes(5),
  };

  private final MeterRegistry registry;

  /** Held here, since the registry holds them weakly. */
  private final Map<List<String>, Kind> kinds = new ConcurrentHashMap<>();

  public StreamMetrics(MeterRegistry registry) {
    this.registry = registry;
  }

  /** Those of another loop for streams of this kind. */
  StreamMeters forLoop(String protocol, String route, String cluster) {
    return kinds
        .computeIfAbsent(
            List.of(protocol, route, cluster), key -> new Kind(protocol, route, cluster))
        .another();
  }

  /** All streams of one protocol, route and cluster. */
  private final class Kind {
    private final List<StreamMeters> loops = new CopyOnWriteArrayList<>();
    private final String[] tags;
    private final Timer firstMessage;

    Kind(String protocol, String route, String cluster) {
      tags = new String[] {"protocol", protocol, "route", route, "cluster", cluster};
      firstMessage =
          Timer.builder("sluice.stream.first.message")
              .description("Time from the head of a request to the first message of its response")
              .tags(tags)
              .serviceLevelObjectives(BUCKETS)
              .register(registry);
      Gauge.builder("sluice.streams.open", this, self -> self.sum(StreamMeters.OPEN))
          .description("Streams that are open")
          .tags(tags)
          .register(registry);
      passed(
          "sluice.stream.messages",
          "Messages of streams",
          "request",
          StreamMeters.REQUEST_MESSAGES);
      passed(
          "sluice.stream.messages",
          "Messages of streams",
          "response",
          StreamMeters.RESPONSE_MESSAGES);
      passed(
          "sluice.stream.bytes",
          "Bytes of streams, as they pass",
          "request",
          StreamMeters.REQUEST_BYTES);
      passed(
          "sluice.stream.bytes",
          "Bytes of streams, as they pass",
          "response",
          StreamMeters.RESPONSE_BYTES);
      String waits = "Times that a direction of a stream had to wait for its rate";
      passed("sluice.stream.waits", waits, "request", StreamMeters.REQUEST_WAITS);
      passed("sluice.stream.waits", waits, "response", StreamMeters.RESPONSE_WAITS);
      for (Party party : Party.values()) {
        int which = StreamMeters.ENDED + party.ordinal();
        FunctionCounter.builder("sluice.streams.ended", this, self -> self.sum(which))
            .description("Streams that have ended, by who ended them")
            .tags(tags)
            .tag("by", party.name().toLowerCase(Locale.ROOT))
            .register(registry);
      }
    }

    private void passed(String name, String description, String direction, int which) {
      FunctionCounter.builder(name, this, self -> self.sum(which))
          .description(description)
          .tags(tags)
          .tag("direction", direction)
          .register(registry);
    }

    private double sum(int which) {
      long all = 0;
      for (StreamMeters loop : loops) {
        all += loop.count(which);
      }
      return all;
    }

    StreamMeters another() {
      StreamMeters meters = new StreamMeters(firstMessage);
      loops.add(meters);
      return meters;
    }
  }
}
