package io.sluice.gateway.observe;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.sluice.api.Call;
import io.sluice.api.Protocol;
import io.sluice.gateway.call.CallEnd;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.exchange.CallObserver;
import io.sluice.gateway.exchange.FilterObserver;
import io.sluice.gateway.exchange.StreamObserver;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Counts calls, their time and their bytes. One for each loop; the meters behind it are shared.
 * Labels are names from the configuration, and of {@link Methods} that are there.
 */
public final class CallMetrics implements CallObserver {
  private static final Duration[] BUCKETS = {
    Duration.ofNanos(250_000),
    Duration.ofNanos(500_000),
    Duration.ofMillis(1),
    Duration.ofNanos(2_500_000),
    Duration.ofMillis(5),
    Duration.ofMillis(10),
    Duration.ofMillis(25),
    Duration.ofMillis(50),
    Duration.ofMillis(100),
    Duration.ofMillis(250),
    Duration.ofMillis(500),
    Duration.ofSeconds(1),
    Duration.ofMillis(2500),
    Duration.ofSeconds(5),
    Duration.ofSeconds(10),
  };

  private record Key(Protocol protocol, String route, String cluster) {}

  /** The meters of one protocol on one route. */
  private static final class Meters {
    final Key key;
    final Timer duration;
    final Counter requestBytes;
    final Counter responseBytes;

    /** By {@link StatusLabels}. */
    final @Nullable Counter[] calls = new Counter[StatusLabels.COUNT];

    /** Only of protocols that have streams, once there was one. */
    @Nullable StreamMeters streams;

    Meters(Key key, MeterRegistry registry) {
      this.key = key;
      duration =
          Timer.builder("sluice.call.duration")
              .description("Time from the head of a request to the end of its response")
              .tags(tags())
              .serviceLevelObjectives(BUCKETS)
              .register(registry);
      requestBytes = bytes(registry, "request");
      responseBytes = bytes(registry, "response");
    }

    private Counter bytes(MeterRegistry registry, String direction) {
      return Counter.builder("sluice.call.bytes")
          .description("Bytes of message bodies")
          .tags(tags())
          .tag("direction", direction)
          .register(registry);
    }

    Counter calls(int status, MeterRegistry registry) {
      Counter counter = calls[status];
      if (counter == null) {
        counter =
            Counter.builder("sluice.calls")
                .description("Calls that have ended")
                .tags(tags())
                .tag("status", StatusLabels.label(status))
                .register(registry);
        calls[status] = counter;
      }
      return counter;
    }

    private String[] tags() {
      return new String[] {
        "protocol", key.protocol.label(), "route", key.route, "cluster", key.cluster
      };
    }
  }

  private final MeterRegistry registry;
  private final Map<Key, Meters> meters = new HashMap<>();

  /** The last one used of each protocol: calls come in crowds. */
  private final @Nullable Meters[] recent = new Meters[Protocol.values().length];

  private final Methods methods;
  private final StreamMetrics streams;
  private final FilterMetrics filters;

  /** Those with meters of their own, as far as this loop has met them. */
  private final Map<Methods.Name, MethodMeters> byMethod = new HashMap<>();

  private Methods.Name recentMethod = new Methods.Name("", "", "");
  private @Nullable MethodMeters recentMethodMeters;

  /**
   * @param methods shared by all loops
   * @param streams shared by all loops
   * @param filters shared by all loops
   */
  public CallMetrics(
      MeterRegistry registry, Methods methods, StreamMetrics streams, FilterMetrics filters) {
    this.registry = registry;
    this.methods = methods;
    this.streams = streams;
    this.filters = filters;
  }

  @Override
  public FilterObserver filters() {
    return filters;
  }

  @Override
  public StreamObserver stream(RpcCall call) {
    Meters m = meters(call);
    StreamMeters found = m.streams;
    if (found == null) {
      found = streams.forLoop(m.key.protocol.label(), m.key.route, m.key.cluster);
      m.streams = found;
    }
    return found;
  }

  @Override
  public void ended(RpcCall call, CallEnd end) {
    Meters m = meters(call);
    int status = StatusLabels.of(end);
    long nanos = call.nanosTo(Call.Phase.ENDED);
    m.calls(status, registry).increment();
    m.duration.record(nanos, TimeUnit.NANOSECONDS);
    methodMeters(call, end).ended(status, nanos);
    if (call.requestBytes() > 0) {
      m.requestBytes.increment(call.requestBytes());
    }
    if (call.responseBytes() > 0) {
      m.responseBytes.increment(call.responseBytes());
    }
  }

  @SuppressWarnings("ReferenceEquality") // names of one snapshot are the same objects
  private Meters meters(RpcCall call) {
    int protocol = call.protocol().ordinal();
    Meters last = recent[protocol];
    if (last != null && last.key.route == call.route() && last.key.cluster == call.cluster()) {
      return last;
    }
    Key key = new Key(call.protocol(), call.route(), call.cluster());
    Meters found = meters.computeIfAbsent(key, k -> new Meters(k, registry));
    recent[protocol] = found;
    return found;
  }

  private MethodMeters methodMeters(RpcCall call, CallEnd end) {
    Methods.Name last = recentMethod;
    MethodMeters meters = recentMethodMeters;
    if (meters != null
        && call.method().equals(last.method())
        && call.service().equals(last.service())
        && call.packageName().equals(last.packageName())) {
      return meters;
    }
    Methods.Name name = new Methods.Name(call.packageName(), call.service(), call.method());
    meters = byMethod.get(name);
    if (meters == null) {
      meters = methods.own(name, end);
      if (meters == null) {
        return methods.other();
      }
      byMethod.put(name, meters);
    }
    recentMethod = name;
    recentMethodMeters = meters;
    return meters;
  }
}
