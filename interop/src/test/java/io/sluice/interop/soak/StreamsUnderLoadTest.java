package io.sluice.interop.soak;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.interop.harness.GatewayProcess;
import io.sluice.interop.harness.Peers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Streams and ping-pong calls on one port, half of whose callers are killed. */
final class StreamsUnderLoadTest {
  private static final Duration HALF = Duration.ofSeconds(Soak.pick(5, 60));
  private static final Duration START = Duration.ofSeconds(30);
  private static final Duration END = Duration.ofSeconds(30);

  private static final List<LoadKind> KINDS =
      List.of(
          new LoadKind("grpc-thrift", "stream", 2, 8),
          new LoadKind("grpc-pb", "long-stream", 2, 8),
          new LoadKind("grpc-thrift", "unary", 1, 4),
          new LoadKind("ttstream", "stream", 4, 4),
          new LoadKind("ttstream", "long-stream", 4, 4),
          new LoadKind("framed", "unary", 4, 4),
          new LoadKind("ttheader-framed", "unary", 4, 4));

  @Test
  void killedCallersTroubleNobody() {
    try (Peers.Server server = Peers.server();
        GatewayProcess gateway =
            GatewayProcess.with(GatewayProcess.configuration("ttheader-framed", server.address()))
                .start()) {
      List<Peers.Load> stay = new ArrayList<>();
      List<Peers.Load> die = new ArrayList<>();
      try {
        for (LoadKind kind : KINDS) {
          stay.add(kind.start(gateway, "10s", "0"));
          die.add(kind.start(gateway, "10s", "0"));
        }
        stay.forEach(load -> load.awaitRunning(START));
        die.forEach(load -> load.awaitRunning(START));
        Soak.pass(HALF);
        double open = gateway.metric("sluice_connections", "listener=\"rpc\"");
        for (Peers.Load load : die) {
          assertThat(load.isRunning()).as("a caller ended before it was killed").isTrue();
          load.close();
        }
        Soak.pass(HALF);
        double left = gateway.metric("sluice_connections", "listener=\"rpc\"");
        List<JsonNode> reports = new ArrayList<>();
        for (Peers.Load load : stay) {
          reports.add(load.stop(END));
        }
        for (JsonNode report : reports) {
          Soak.say("beside killed callers: %s", Soak.figures(report));
        }
        reports.forEach(Soak::assertFlawless);
        assertThat(left).as("connections after half of %s were killed", open).isLessThan(open);
        await("all connections are gone")
            .atMost(Duration.ofSeconds(10))
            .untilAsserted(
                () ->
                    assertThat(gateway.metric("sluice_connections", "listener=\"rpc\"")).isZero());
        Soak.say(
            "connections %.0f, after the kills %.0f, at the end 0; calls %.0f; RSS %d MiB",
            open, left, gateway.metric("sluice_calls_total"), gateway.rss() >> 20);
      } finally {
        stay.forEach(Peers.Load::close);
        die.forEach(Peers.Load::close);
      }
    }
  }
}
