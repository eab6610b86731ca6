package io.sluice.interop;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.interop.harness.GatewayProcess;
import io.sluice.interop.harness.GrpcPeer;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The packaged gateway as a gRPC server, asked by a client that has no code of ours. */
final class HealthProbeTest {
  private static final String CONFIG =
      """
      listeners:
        rpc: {address: "127.0.0.1:0"}
        admin: {address: "127.0.0.1:0", serves: admin}
      clusters:
        cart: {endpoints: ["127.0.0.1:1"], transport: framed}
      routes:
        - {match: {service: shop.Cart}, cluster: cart, name: carts}
      """;

  @Test
  void tellsItsHealthAndItsServicesAtEitherListener() {
    try (GatewayProcess gateway = GatewayProcess.with(CONFIG).start()) {
      for (String listener : List.of("admin", "rpc")) {
        InetSocketAddress address = new InetSocketAddress("127.0.0.1", gateway.port(listener));
        JsonNode seen =
            GrpcPeer.probe(
                address,
                Duration.ZERO,
                "",
                "cluster:cart",
                "route:carts",
                "shop.Cart",
                "cluster:other");
        for (String name : List.of("", "cluster:cart", "route:carts", "shop.Cart")) {
          assertThat(seen.at("/checked").path(name).asText()).as(name).isEqualTo("SERVING");
          assertThat(seen.at("/watched").path(name).asText()).as(name).isEqualTo("SERVING");
          assertThat(seen.at("/channels").path(name).asText()).as(name).isEqualTo("READY");
        }
        assertThat(seen.at("/checked/cluster:other").asText()).isEqualTo("NotFound");
        assertThat(seen.at("/watched/cluster:other").asText()).isEqualTo("SERVICE_UNKNOWN");
        assertThat(seen.at("/channels/cluster:other").asText()).isEqualTo("TRANSIENT_FAILURE");
        assertThat(seen.at("/listed"))
            .map(JsonNode::asText)
            .isEqualTo(
                listener.equals("admin")
                    ? List.of("", "cluster:cart", "route:carts")
                    : List.of("Unimplemented"));
        assertThat(seen.at("/stayed").asText()).isEqualTo("Canceled");
        for (String version : List.of("/v1", "/v1alpha")) {
          assertThat(seen.at(version))
              .map(JsonNode::asText)
              .containsExactly(
                  "grpc.health.v1.Health",
                  "grpc.reflection.v1.ServerReflection",
                  "grpc.reflection.v1alpha.ServerReflection");
        }
      }
    }
  }
}
