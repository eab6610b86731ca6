package io.sluice.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.interop.harness.CancelRelay;
import io.sluice.interop.harness.GatewayProcess;
import io.sluice.interop.harness.Peers;
import io.sluice.interop.harness.Places;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * How soon a cancel goes on: from its arrival at the gateway to its arrival at the downstream, both
 * taken from the bytes that real clients and the gateway put on the wire. The times are printed,
 * not judged: only that each cancel arrives is.
 */
final class CancelDelayTest {
  /** What the gateway is to keep, in milliseconds. */
  private static final int BOUND = 20;

  private static final int CANCELS = 50;
  private static final Duration LIMIT = Duration.ofSeconds(10);
  private static final StringBuilder TABLE =
      new StringBuilder(
          "\na cancel's way through the gateway, %d of each\n\n".formatted(CANCELS)
              + "| pair | p50 ms | p99 ms | max ms | within %d ms |\n".formatted(BOUND)
              + "|---|---|---|---|---|\n");

  enum Pair {
    GRPC_TO_GRPC("grpc-thrift", "{unary: grpc, streaming: grpc}", "auto"),
    PROTOBUF_TO_GRPC("grpc-pb", "{unary: grpc, streaming: grpc}", "auto"),
    TTSTREAM_TO_TTSTREAM("ttstream", "{unary: ttheader-framed, streaming: ttstream}", "auto"),
    GRPC_TO_TTSTREAM("grpc-thrift", "{unary: ttheader-framed, streaming: ttstream}", "stream"),
    TTSTREAM_TO_GRPC("ttstream", "{unary: ttheader-framed, streaming: grpc}", "auto");

    private final String client;
    private final String transport;
    private final String mode;

    Pair(String client, String transport, String mode) {
      this.client = client;
      this.transport = transport;
      this.mode = mode;
    }

    private String configuration(CancelRelay downstream) {
      return """
          listeners:
            rpc: {address: '127.0.0.1:0'}
            admin: {address: '127.0.0.1:0', serves: admin}
          clusters:
            backend: {endpoints: ['127.0.0.1:%d'], transport: %s}
          routes:
            - {cluster: backend, mode: %s}
          """
          .formatted(downstream.address().getPort(), transport, mode);
    }
  }

  @ParameterizedTest
  @EnumSource
  void passesCancelsOn(Pair pair) {
    try (Peers.Server server = Peers.server();
        CancelRelay downstream = new CancelRelay(server.address());
        GatewayProcess gateway =
            GatewayProcess.with(pair.configuration(downstream))
                .java("-Dio.netty.leakDetection.level=advanced")
                .start();
        CancelRelay upstream = new CancelRelay(gateway.address())) {
      Peers.cancels(upstream.address(), pair.client, CANCELS);
      await().atMost(LIMIT).untilAsserted(() -> assertThat(downstream.cancels()).hasSize(CANCELS));
      assertThat(upstream.cancels()).hasSize(CANCELS);
      List<Double> millis = new ArrayList<>();
      for (int i = 0; i < CANCELS; i++) {
        millis.add((downstream.cancels().get(i) - upstream.cancels().get(i)) / 1e6);
      }
      millis.sort(null);
      TABLE.append(
          "| %s | %.2f | %.2f | %.2f | %d of %d |%n"
              .formatted(
                  pair,
                  millis.get(CANCELS / 2),
                  millis.get(CANCELS * 99 / 100),
                  millis.get(CANCELS - 1),
                  millis.stream().filter(time -> time <= BOUND).count(),
                  CANCELS));
    }
  }

  @AfterAll
  static void printTheTimes() throws IOException {
    System.out.println(TABLE);
    Files.writeString(Places.target().resolve("cancel-delays.md"), TABLE);
  }
}
