package io.sluice.interop;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.interop.harness.GatewayProcess;
import io.sluice.interop.harness.Message;
import io.sluice.interop.harness.Message.Framing;
import io.sluice.interop.harness.Peers;
import io.sluice.interop.harness.Peers.Outcome;
import io.sluice.interop.harness.RawConnection;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * One header-rewrite for all protocols: what a Kitex server and its client see of it. Plain keys of
 * TTHeader and ttstream, which Kitex hides from its handlers, are looked at in the bytes.
 */
final class HeaderRewriteTest {
  private static final String FILTERS =
      """
      filters:
        - use: header-rewrite
          with:
            request:
              rename: {interop-header: interop-renamed, x-user: x-original-user}
              remove: [interop-data-bin, X-Debug]
              set: {x-gateway: sluice, x-call: "{caller}/{service}/{method}/{protocol}"}
              add: {interop-twice: three}
            persistent:
              rename: {persistent_key: moved_key}
              remove: [LOGID]
              set: {gateway_key: "{service}.{method}"}
            transients:
              rename: {transient_key: moved_transient}
              remove: [Other-Key]
              set: {gateway_transient: "{listener}"}
            response:
              rename: {interop-header: interop-answer, backward-key: backward-moved}
              remove: [interop-data-bin, x-secret]
              set: {x-served-by: sluice}
            trailers:
              rename: {interop-trailer: interop-last}
              remove: [interop-data-bin, x-secret]
              set: {x-trailer: "{protocol}"}
      """;

  private static Peers.Server server;
  private static GatewayProcess gateway;

  @BeforeAll
  static void start() {
    server = Peers.server();
    gateway = GatewayProcess.with(configuration("ttheader-framed", server.address())).start();
  }

  @AfterAll
  static void stop() {
    try {
      gateway.close();
    } finally {
      server.close();
    }
  }

  private static String configuration(String transport, InetSocketAddress endpoint) {
    return GatewayProcess.configuration(transport, endpoint) + FILTERS;
  }

  private static Outcome run(InetSocketAddress address, String transport, String name) {
    Outcome outcome = Peers.client(address, transport, name).get(name);
    assertThat(outcome).as(name).isNotNull();
    return outcome;
  }

  /** What the case is directly, and must be through the gateway once the test has changed it. */
  private static ObjectNode direct(String transport, String name) {
    Outcome outcome = run(server.address(), transport, name);
    assertThat(outcome.ok()).as("%s", outcome.whole()).isTrue();
    return Expectations.withoutVerdict(outcome.line());
  }

  private static void assertThrough(ObjectNode expected, String transport, String name) {
    Outcome outcome = run(gateway.address(), transport, name);
    Outcomes.assertSame(
        name + ", " + transport,
        expected,
        Expectations.withoutVerdict(outcome.line()),
        outcome.whole());
  }

  private static void rename(ObjectNode map, String from, String to) {
    assertThat(map.has(from)).as("%s in %s", from, map).isTrue();
    map.set(to, map.remove(from));
  }

  private static void remove(ObjectNode map, String key) {
    assertThat(map.has(key)).as("%s in %s", key, map).isTrue();
    map.remove(key);
  }

  private static ObjectNode object(ObjectNode node, String... path) {
    ObjectNode at = node;
    for (String name : path) {
      at = at.withObjectProperty(name);
    }
    return at;
  }

  @ParameterizedTest
  @CsvSource({
    "grpc-pb, metadata, Chat",
    "grpc-pb, unary-metadata, Echo",
    "grpc-thrift, metadata, Echo",
    "grpc-thrift, unary-metadata, Ping"
  })
  void grpc(String transport, String name, String method) {
    ObjectNode line = direct(transport, name);
    String service = transport.equals("grpc-pb") ? "InteropPb" : "InteropStream";

    // gRPC's headers show metainfo in its own spelling too.
    ObjectNode headers = object(line, "seen", "headers");
    rename(headers, "interop-header", "interop-renamed");
    remove(headers, "interop-data-bin");
    headers.put("x-gateway", "sluice");
    headers.put("x-call", "interop.caller/" + service + '/' + method + "/grpc");
    headers.put("interop-twice", "one\ntwo\nthree");
    rename(headers, "rpc-persist-persistent-key", "rpc-persist-moved-key");
    remove(headers, "rpc-persist-logid");
    headers.put("rpc-persist-gateway-key", service + '.' + method);
    rename(headers, "rpc-transit-transient-key", "rpc-transit-moved-transient");
    headers.put("rpc-transit-gateway-transient", "rpc");

    ObjectNode persistent = object(line, "seen", "persistent");
    rename(persistent, "PERSISTENT_KEY", "MOVED_KEY");
    remove(persistent, "LOGID");
    persistent.put("GATEWAY_KEY", service + '.' + method);
    ObjectNode transients = object(line, "seen", "transient");
    rename(transients, "TRANSIENT_KEY", "MOVED_TRANSIENT");
    transients.put("GATEWAY_TRANSIENT", "rpc");

    ObjectNode responseHeaders = object(line, "headers");
    rename(responseHeaders, "interop-header", "interop-answer");
    responseHeaders.remove("interop-data-bin");
    responseHeaders.put("x-served-by", "sluice");
    ObjectNode trailers = object(line, "trailers");
    rename(trailers, "interop-trailer", "interop-last");
    trailers.remove("interop-data-bin");
    trailers.put("x-trailer", "grpc");
    assertThrough(line, transport, name);
  }

  @Test
  void ttstream() {
    ObjectNode line = direct("ttstream", "metadata");
    rewriteMetainfo(line, "InteropStream.Echo", true, true);
    ObjectNode headers = object(line, "headers");
    rename(headers, "interop-header", "interop-answer");
    headers.put("x-served-by", "sluice");
    ObjectNode trailers = object(line, "trailers");
    rename(trailers, "interop-trailer", "interop-last");
    trailers.put("x-trailer", "ttstream");
    assertThrough(line, "ttstream", "metadata");
  }

  @ParameterizedTest
  @ValueSource(strings = {"ttheader", "ttheader-framed"})
  void ttheader(String transport) {
    for (String name : new String[] {"metainfo-persistent", "metainfo-transient", "backward"}) {
      ObjectNode line = direct(transport, name);
      rewriteMetainfo(
          line,
          "InteropService.Inspect",
          name.equals("metainfo-persistent"),
          name.equals("metainfo-transient"));
      ObjectNode backward = object(line, "backward");
      rename(backward, "backward-key", "backward-moved");
      backward.put("x-served-by", "sluice");
      assertThrough(line, transport, name);
    }
  }

  /** A caller that has no metadata gets some on its behalf where the next hop can carry it. */
  @Test
  void framedCallerTowardTTHeader() {
    ObjectNode line = direct("framed", "metainfo-persistent");
    rewriteMetainfo(line, ".Inspect", false, false);
    assertThrough(line, "framed", "metainfo-persistent");
  }

  private static void rewriteMetainfo(
      ObjectNode line, String method, boolean hasPersistent, boolean hasTransients) {
    ObjectNode persistent = object(line, "seen", "persistent");
    if (hasPersistent) {
      rename(persistent, "persistent_key", "moved_key");
      remove(persistent, "LOGID");
    }
    persistent.put("gateway_key", method);
    ObjectNode transients = object(line, "seen", "transient");
    if (hasTransients) {
      rename(transients, "transient_key", "moved_transient");
      remove(transients, "Other-Key");
    }
    transients.put("gateway_transient", "rpc");
  }

  @Test
  void plainKeysOfTTHeader() throws IOException {
    try (ServerSocket downstream = downstream();
        GatewayProcess own =
            GatewayProcess.with(configuration("ttheader", at(downstream))).start();
        RawConnection caller = RawConnection.to(own.address())) {
      Message call =
          Message.call(Framing.TTHEADER_FRAMED, "Users", "Find", 5, Message.text("x"))
              .with(3, "web")
              .with("x-user", "jane")
              .with("x-DEBUG", "1")
              .with("Kept", "as is");
      caller.send(call.bytes());
      try (RawConnection accepted = new RawConnection(downstream.accept())) {
        Message received = accepted.read();
        assertThat(received.strings())
            .containsEntry("x-original-user", "jane")
            .containsEntry("Kept", "as is")
            .containsEntry("x-gateway", "sluice")
            .containsEntry("x-call", "web/Users/Find/ttheader-framed")
            .containsEntry("interop-twice", "three")
            .containsEntry("RPC_PERSIST_gateway_key", "Users.Find")
            .containsEntry("isn", "Users")
            .doesNotContainKeys("x-user", "x-DEBUG");
        Message reply =
            Message.reply(received, new byte[] {0})
                .with("backward-key", "b")
                .with("X-Secret", "s")
                .with("biz-status", "7")
                .with("biz-message", "refused")
                .with(22, "2");
        accepted.send(reply.bytes());
        assertThat(caller.read().strings())
            .isEqualTo(
                Map.of(
                    "backward-moved", "b",
                    "x-served-by", "sluice",
                    "biz-status", "7",
                    "biz-message", "refused"));
      }
    }
  }

  @Test
  void plainKeysOfTtstream() throws IOException {
    try (ServerSocket downstream = downstream();
        GatewayProcess own =
            GatewayProcess.with(configuration("ttheader", at(downstream))).start();
        RawConnection caller = RawConnection.to(own.address())) {
      caller.send(
          Message.frame(2, 9, "Watch")
              .with("isn", "Users")
              .with("x-user", "jane")
              .with("x-debug", "1")
              .bytes());
      caller.send(Message.frame(4, 9, "Watch").bytes());
      try (RawConnection accepted = new RawConnection(downstream.accept())) {
        Message received = accepted.read();
        assertThat(received.ints()).containsEntry(Message.FRAME_TYPE, "2");
        assertThat(received.strings())
            .containsEntry("isn", "Users")
            .containsEntry("x-original-user", "jane")
            .containsEntry("x-call", "/Users/Watch/ttstream")
            .containsEntry("RPC_PERSIST_gateway_key", "Users.Watch")
            .doesNotContainKeys("x-user", "x-debug");
        assertThat(accepted.read().ints()).containsEntry(Message.FRAME_TYPE, "4");

        int stream = received.headerSeq();
        accepted.send(
            Message.frame(2, stream, "Watch").with("h", "1").with("x-secret", "s").bytes());
        accepted.send(
            Message.frame(4, stream, "Watch").with("t", "1").with("x-secret", "s").bytes());
        Message header = caller.read();
        assertThat(header.headerSeq()).isEqualTo(9);
        assertThat(header.strings()).isEqualTo(Map.of("h", "1", "x-served-by", "sluice"));
        assertThat(caller.read().strings()).isEqualTo(Map.of("t", "1", "x-trailer", "ttstream"));
      }
    }
  }

  private static ServerSocket downstream() throws IOException {
    ServerSocket socket = new ServerSocket(0, 50, server.address().getAddress());
    socket.setSoTimeout(20_000);
    return socket;
  }

  private static InetSocketAddress at(ServerSocket downstream) {
    return new InetSocketAddress("127.0.0.1", downstream.getLocalPort());
  }
}
