package io.sluice.gateway;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.MultiGauge.Row;
import io.micrometer.core.instrument.Tags;
import io.sluice.gateway.client.EndpointStats;
import java.util.ArrayList;
import java.util.List;

/** Shows the connections to downstreams as they were when they were last asked for. */
final class PoolMetrics {
  private final MultiGauge connections;
  private final MultiGauge waiting;
  private final MultiGauge calls;
  private final MultiGauge unhealthy;

  PoolMetrics(MeterRegistry registry) {
    connections =
        MultiGauge.builder("sluice.pool.connections")
            .description("Connections to an endpoint; those that are idle are open too")
            .register(registry);
    waiting =
        MultiGauge.builder("sluice.pool.waiting")
            .description("Calls that wait for a connection to an endpoint")
            .register(registry);
    calls =
        MultiGauge.builder("sluice.pool.calls")
            .description("Calls that are open at an endpoint, those that wait included")
            .register(registry);
    unhealthy =
        MultiGauge.builder("sluice.pool.unhealthy")
            .description(
                "Event loops that have marked an endpoint unhealthy since it could not be connected")
            .register(registry);
  }

  /** Replaces all that was shown. */
  synchronized void show(List<EndpointStats> endpoints) {
    List<Row<?>> connectionRows = new ArrayList<>();
    List<Row<?>> waitingRows = new ArrayList<>();
    List<Row<?>> callRows = new ArrayList<>();
    List<Row<?>> unhealthyRows = new ArrayList<>();
    for (EndpointStats e : endpoints) {
      Tags tags = Tags.of("cluster", e.cluster(), "endpoint", e.endpoint());
      connectionRows.add(Row.of(tags.and("state", "open"), e.open()));
      connectionRows.add(Row.of(tags.and("state", "idle"), e.idle()));
      connectionRows.add(Row.of(tags.and("state", "connecting"), e.connecting()));
      waitingRows.add(Row.of(tags, e.waiting()));
      callRows.add(Row.of(tags, e.calls()));
      unhealthyRows.add(Row.of(tags, e.unhealthy()));
    }
    connections.register(connectionRows, true);
    waiting.register(waitingRows, true);
    calls.register(callRows, true);
    unhealthy.register(unhealthyRows, true);
  }
}
