package io.sluice.interop.soak;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.interop.harness.GatewayProcess;
import io.sluice.interop.harness.GrpcPeer;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A call that watches the gateway's health outlasts the times of idle connections. */
@Timeout(10 * 60)
final class QuietWatchTest {
  private static final Duration STAY = Duration.ofSeconds(Soak.pick(3, 150));

  @ParameterizedTest
  @ValueSource(strings = {"admin", "rpc"})
  void staysOpenThoughNothingIsSaid(String listener) {
    String config =
        """
        listeners:
          rpc: {address: "127.0.0.1:0"}
          admin: {address: "127.0.0.1:0", serves: admin}
        """;
    try (GatewayProcess gateway = GatewayProcess.with(config).start()) {
      InetSocketAddress address = new InetSocketAddress("127.0.0.1", gateway.port(listener));
      JsonNode seen = GrpcPeer.probe(address, STAY, "");
      assertThat(seen.path("stayed").asText()).isEqualTo("Canceled");
    }
  }
}
