package io.sluice.interop.harness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Map;
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

  @Test
  void tellsLeaksAndErrorsFromOtherLines() {
    String line =
        """
        {"level":"%s","loggerName":"x","message":"%s","arguments":["1"],"kvpList":[{"a":"b"}]}
        """;
    LogLine leak = LogLine.parse(line.formatted("ERROR", "LEAK: ByteBuf.release() was not called"));
    assertThat(leak.isLeak()).isTrue();
    assertThat(leak.isError()).isTrue();
    LogLine warning = LogLine.parse(line.formatted("WARN", "limit {} reached"));
    assertThat(warning.isLeak() || warning.isError()).isFalse();
    assertThat(warning.message()).isEqualTo("limit 1 reached");
    assertThat(warning.values()).isEqualTo(Map.of("a", "b"));
  }

  @Test
  void gatewayThatCannotStartSaysWhy() {
    GatewayProcess.Builder builder = GatewayProcess.with("listeners: {}");
    assertThatThrownBy(builder::start)
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("gateway has ended")
        .hasMessageContaining("the mapping is empty");
  }

  @Test
  void killedGatewayIsNoFailure() {
    GatewayProcess gateway =
        GatewayProcess.with(
                GatewayProcess.configuration("framed", new InetSocketAddress("127.0.0.1", 1)))
            .start();
    try (gateway) {
      gateway.kill();
      assertThat(gateway.isAlive()).isFalse();
    }
  }
}
