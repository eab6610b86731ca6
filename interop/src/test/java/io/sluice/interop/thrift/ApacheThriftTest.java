package io.sluice.interop.thrift;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import io.sluice.interop.harness.GatewayProcess;
import io.sluice.interop.harness.Peers;
import io.sluice.interop.harness.Peers.Outcome;
import io.sluice.interop.thrift.Values.Field;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.thrift.TApplicationException;
import org.apache.thrift.TException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Apache Thrift's client and server on either side of the gateway, and on both. */
final class ApacheThriftTest {
  /** What {@link ApacheServer} does as the Kitex server, and Kitex clients can tell. */
  private static final String[] CASES = {
    "rich",
    "void",
    "empty",
    "empty-string",
    "text",
    "blob-0",
    "blob-1m",
    "blob-8m",
    "declared-exception",
    "plain-error",
    "typed-error",
    "sequence",
    "concurrent-64",
    "short-connections",
    "oneway"
  };

  private static Peers.Server kitex;

  @BeforeAll
  static void start() {
    kitex = Peers.server();
  }

  @AfterAll
  static void stop() {
    kitex.close();
  }

  private static GatewayProcess gateway(String transport, InetSocketAddress endpoint) {
    return GatewayProcess.with(GatewayProcess.configuration(transport, endpoint)).start();
  }

  @ParameterizedTest
  @MethodSource("transports")
  void apacheClientCallsKitexServer(String transport) throws TException {
    try (GatewayProcess gateway = gateway(transport, kitex.address())) {
      for (Layer layer : Layer.values()) {
        assertCalls(gateway.address(), layer);
      }
    }
  }

  static Stream<String> transports() {
    return Stream.of("framed", "buffered", "ttheader", "ttheader-framed");
  }

  @ParameterizedTest
  @EnumSource
  void kitexClientCallsApacheServer(Layer out) {
    try (ApacheServer server = new ApacheServer(out);
        GatewayProcess gateway = gateway(out.label(), server.address())) {
      for (String in : List.of("framed", "buffered", "ttheader", "ttheader-framed")) {
        Map<String, Outcome> seen = Peers.client(gateway.address(), in, CASES);
        assertThat(seen).containsOnlyKeys(CASES);
        seen.values()
            .forEach(outcome -> assertThat(outcome.ok()).as("%s", outcome.whole()).isTrue());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("layers")
  void apacheClientCallsApacheServer(Layer in, Layer out) throws TException {
    try (ApacheServer server = new ApacheServer(out);
        GatewayProcess gateway = gateway(out.label(), server.address())) {
      assertCalls(gateway.address(), in);
    }
  }

  static Stream<Arguments> layers() {
    return Arrays.stream(Layer.values())
        .flatMap(in -> Arrays.stream(Layer.values()).map(out -> Arguments.of(in, out)));
  }

  /** Calls as the test's own peers see them without a gateway. */
  @Test
  void apachePeersUnderstandKitexDirectly() throws TException {
    for (Layer layer : Layer.values()) {
      assertCalls(kitex.address(), layer);
      try (ApacheServer server = new ApacheServer(layer)) {
        assertCalls(server.address(), layer);
        Map<String, Outcome> seen = Peers.client(server.address(), layer.label(), CASES);
        seen.values()
            .forEach(outcome -> assertThat(outcome.ok()).as("%s", outcome.whole()).isTrue());
      }
    }
  }

  private static void assertCalls(InetSocketAddress address, Layer layer) throws TException {
    try (ApacheClient client = new ApacheClient(address, layer)) {
      assertThat(client.call("Text", List.of(Field.text(1, "é 業務"))).get(0).text())
          .isEqualTo("é 業務");
      assertThat(client.call("Void", List.of(Field.text(1, "x")))).isEmpty();
      for (int size : new int[] {0, 1, 1 << 20, 8 << 20}) {
        byte[] body = new byte[size];
        new Random(size).nextBytes(body);
        List<Field> result = client.call("Blob", List.of(Field.bytes(1, body)));
        assertThat((byte[]) result.get(0).value()).isEqualTo(body);
      }
      Field declared = client.call("Throws", List.of(Field.text(1, "said"))).get(0);
      assertThat(declared.id()).isEqualTo((short) 1);
    }
    // The connection goes on after an exception.
    try (ApacheClient client = new ApacheClient(address, layer)) {
      TApplicationException failure =
          catchThrowableOfType(
              TApplicationException.class,
              () -> client.call("Fail", List.of(Field.text(1, "typed"))));
      assertThat(failure.getType()).isEqualTo(4711);
      assertThat(failure).hasMessage("typed failure [biz error]");
      assertThat(client.call("Void", List.of(Field.text(1, "after")))).isEmpty();
    }
    assertOneway(address, layer);
    assertMany(address, layer);
  }

  private static void assertOneway(InetSocketAddress address, Layer layer) throws TException {
    String key = layer + "-" + System.nanoTime();
    try (ApacheClient client = new ApacheClient(address, layer)) {
      client.oneway("Fire", List.of(Field.text(1, key)));
      await()
          .atMost(Duration.ofSeconds(10))
          .until(() -> client.call("Fired", List.of(Field.text(1, key))).get(0).value().equals(1L));
    }
  }

  private static void assertMany(InetSocketAddress address, Layer layer) throws TException {
    List<ApacheClient> clients = new ArrayList<>();
    try {
      for (int i = 0; i < 16; i++) {
        clients.add(new ApacheClient(address, layer));
      }
      for (int i = 0; i < 20 * clients.size(); i++) {
        String text = "call " + i;
        ApacheClient client = clients.get(i % clients.size());
        assertThat(client.call("Text", List.of(Field.text(1, text))).get(0).text()).isEqualTo(text);
      }
    } finally {
      clients.forEach(ApacheClient::close);
    }
  }
}
