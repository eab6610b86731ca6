package io.sluice.gateway.context;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The meters that filters have asked for by name. One is on the metrics page for as long as one of
 * the filters that have asked for it is there. Safe for all threads.
 */
final class Meters {
  /** So many names there may be, of all filters together. */
  static final int MAX = 1000;

  private static final Logger LOG = LoggerFactory.getLogger(Meters.class);
  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9]*(_[a-z0-9]+)*");
  private static final int MAX_NAME = 100;

  /** First words of the gateway's own names. */
  static final Set<String> OWN =
      Set.of(
          "call",
          "calls",
          "config",
          "connections",
          "event",
          "filter",
          "filters",
          "limits",
          "memory",
          "method",
          "plugin",
          "plugins",
          "pool",
          "stream",
          "streams",
          "unasked");

  /** Last words that the page adds by itself, or that mean something else there. */
  private static final Set<String> ADDED =
      Set.of("total", "seconds", "count", "sum", "max", "bucket", "created", "info");

  private static final Duration[] BUCKETS = {
    Duration.ofNanos(10_000),
    Duration.ofNanos(50_000),
    Duration.ofNanos(100_000),
    Duration.ofNanos(500_000),
    Duration.ofMillis(1),
    Duration.ofMillis(5),
    Duration.ofMillis(10),
    Duration.ofMillis(50),
    Duration.ofMillis(100),
    Duration.ofMillis(500),
    Duration.ofSeconds(1),
    Duration.ofSeconds(5),
  };

  private final MeterRegistry registry;
  private final Map<String, Shared<?>> shared = new HashMap<>();

  Meters(MeterRegistry registry) {
    this.registry = registry;
  }

  /**
   * A meter of a name.
   *
   * @param <M> what filters do with it
   */
  static final class Shared<M> {
    private final String kind;
    private final M use;
    private final Meter meter;

    /** Guarded by the meters. */
    private int users;

    private Shared(String kind, M use, Meter meter) {
      this.kind = kind;
      this.use = use;
      this.meter = meter;
    }

    M use() {
      return use;
    }
  }

  /** What a gauge shows: the sum of what those say that have given its name. */
  static final class Values {
    private final String name;
    private final List<Value> all = new CopyOnWriteArrayList<>();

    private Values(String name) {
      this.name = name;
    }

    /** One of them, itself and no other whatever its code says. */
    private static final class Value {
      private final LongSupplier code;

      Value(LongSupplier code) {
        this.code = code;
      }
    }

    /**
     * Adds one.
     *
     * @return takes it out
     */
    Runnable add(LongSupplier code) {
      Value value = new Value(code);
      all.add(value);
      return () -> all.remove(value);
    }

    private double sum() {
      long sum = 0;
      for (Value value : all) {
        sum += ask(value);
      }
      return sum;
    }

    private long ask(Value value) {
      try {
        return value.code.getAsLong();
      } catch (Throwable e) { // whatever its author's code may throw
        if (all.remove(value)) {
          LOG.atError()
              .setMessage("a filter's gauge failed, it is not asked again")
              .addKeyValue("gauge", name)
              .setCause(e)
              .log();
        }
        return 0;
      }
    }
  }

  Shared<Counter> counter(String name, String description) {
    return use(
        name,
        "counter",
        id -> {
          Counter counter = Counter.builder(id).description(description).register(registry);
          return new Shared<>("counter", counter, counter);
        });
  }

  Shared<Timer> timing(String name, String description) {
    return use(
        name,
        "timing",
        id -> {
          Timer timer =
              Timer.builder(id)
                  .description(description)
                  .serviceLevelObjectives(BUCKETS)
                  .register(registry);
          return new Shared<>("timing", timer, timer);
        });
  }

  Shared<Values> gauge(String name, String description) {
    return use(
        name,
        "gauge",
        id -> {
          Values values = new Values(name);
          Gauge gauge =
              Gauge.builder(id, values, Values::sum)
                  .description(description)
                  .strongReference(true)
                  .register(registry);
          return new Shared<>("gauge", values, gauge);
        });
  }

  @SuppressWarnings("unchecked") // one kind has one type
  private synchronized <M> Shared<M> use(
      String name, String kind, Function<String, Shared<M>> make) {
    Shared<?> there = shared.get(name);
    if (there == null) {
      check(name, kind);
      there = make.apply("sluice." + name.replace('_', '.'));
      shared.put(name, there);
    } else if (!there.kind.equals(kind)) {
      throw new IllegalArgumentException(
          "'" + name + "' is a " + there.kind + " already, so it cannot be a " + kind);
    }
    there.users++;
    return (Shared<M>) there;
  }

  private void check(String name, String kind) {
    if (name.length() > MAX_NAME || !NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "a " + kind + "'s name has lower case letters and digits, words joined by _: " + name);
    }
    String first = name.substring(0, (name + "_").indexOf('_'));
    if (OWN.contains(first)) {
      throw new IllegalArgumentException(
          "names of the gateway's own meters begin with '" + first + "': put the filter's before");
    }
    String last = name.substring(name.lastIndexOf('_') + 1);
    if (ADDED.contains(last)) {
      throw new IllegalArgumentException(
          "leave out '_" + last + "' of " + name + ": the metrics page adds what belongs there");
    }
    if (shared.size() >= MAX) {
      throw new IllegalArgumentException("filters have " + MAX + " meters already");
    }
  }

  /** One of those that use it does so no more. */
  synchronized void release(String name) {
    Shared<?> used = shared.get(name);
    if (used != null && --used.users == 0) {
      shared.remove(name);
      registry.remove(used.meter);
    }
  }
}
