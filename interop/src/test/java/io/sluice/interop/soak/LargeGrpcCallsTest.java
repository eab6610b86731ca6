package io.sluice.interop.soak;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.interop.harness.GatewayProcess;
import io.sluice.interop.harness.SuitePeer;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The soak cases of gRPC's interoperability suite: calls of 265 KiB, replies of 307 KiB. */
final class LargeGrpcCallsTest {
  private static final int CALLS = Soak.pick(20, 20_000);

  /** Each on a connection of its own, which the suite keeps open to the end. */
  private static final int CHANNELS = Soak.pick(20, 2_000);

  private static final Duration LIMIT = Duration.ofMinutes(Soak.pick(2, 20));

  @Test
  @Timeout(3600)
  void leaveNothingBehind() {
    try (SuitePeer server = SuitePeer.server();
        GatewayProcess gateway =
            GatewayProcess.with(GatewayProcess.configuration("framed", server.address())).start()) {
      soak(gateway, "rpc_soak", CALLS);
      soak(gateway, "channel_soak", CHANNELS);
      assertThat(gateway.metric("sluice_calls_total", "status=\"ok\"")).isEqualTo(CALLS + CHANNELS);
      await("all connections of callers are gone")
          .atMost(Duration.ofSeconds(30))
          .untilAsserted(
              () -> assertThat(gateway.metric("sluice_connections", "listener=\"rpc\"")).isZero());
      assertThat(gateway.rss()).isLessThan(1L << 30);
    }
  }

  private static void soak(GatewayProcess gateway, String name, int calls) {
    assertThat(SuitePeer.run(gateway.address(), name, calls, LIMIT)).as(name).isEmpty();
    Soak.say("%s: %d calls, RSS %d MiB", name, calls, gateway.rss() >> 20);
  }
}
