package io.sluice.interop.harness;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

final class HarnessTest {
  @Test
  void startsBothPeersAndTheGateway() {
    try (Peers.Server server = Peers.server();
        GatewayProcess gateway =
            GatewayProcess.with(GatewayProcess.configuration("framed", server.address())).start()) {
      var outcomes = Peers.client(gateway.address(), "framed", "void", "text");
      assertThat(outcomes).containsOnlyKeys("void", "text");
      assertThat(outcomes.values()).allMatch(Peers.Outcome::ok);
      try (Peers.Load load =
          Peers.load(gateway.address(), "framed", "--connections", "2", "--calls", "100")) {
        load.awaitRunning(Duration.ofSeconds(20));
        var report = load.await(Duration.ofSeconds(30));
        assertThat(report.path("exit").asInt()).as("%s", report).isZero();
        assertThat(report.path("ok").asLong()).isEqualTo(100);
      }
      assertThat(gateway.metric("sluice_calls_total", "status=\"ok\"")).isEqualTo(102);
      assertThat(gateway.rss()).isPositive();
    }
  }
}
