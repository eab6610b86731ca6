package io.sluice.gateway.translate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.api.Codec;
import io.sluice.api.Protocol;
import io.sluice.gateway.testkit.Message;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.RawGrpc;
import io.sluice.gateway.testkit.RawGrpc.Got;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Thrifts;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Ping-pong callers of services that speak gRPC. */
class PingPongToGrpcTest {
  private final RawGrpc grpc = new RawGrpc();
  private final LinkedBlockingQueue<Got> got = new LinkedBlockingQueue<>();

  @AfterEach
  void stop() {
    grpc.close();
  }

  private TestGateway gateway(String cluster, Consumer<Got> answer) {
    int port =
        grpc.serve(
            call -> {
              got.add(call);
              answer.accept(call);
            });
    return TestGateway.start(
        """
        listeners: {rpc: {address: '127.0.0.1:0'}}
        clusters: {c: {endpoints: ['127.0.0.1:%d'], transport: grpc%s}}
        routes: [{cluster: c}]
        """
            .formatted(port, cluster),
        1);
  }

  private static void echo(Got call) {
    call.answer(Map.of("grpc-status", "0"), call.messages().toArray(byte[][]::new));
  }

  private Got got() throws InterruptedException {
    Got call = got.poll(10, TimeUnit.SECONDS);
    assertThat(call).as("a call of the downstream").isNotNull();
    return call;
  }

  private static byte[] ttheader(
      Map<Integer, String> integers, Map<String, String> strings, int type, byte[] body) {
    return Thrifts.ttheader(Protocol.TTHEADER_FRAMED, integers, strings, type, "put", 7, body);
  }

  private static Message call(TestGateway gateway) {
    try (Peer caller = gateway.connect()) {
      caller.send(ttheader(Map.of(), Map.of("isn", "Cart"), 1, Thrifts.args("a")));
      Message reply = caller.read();
      assertThat(reply).isNotNull();
      assertThat(reply.framing()).isEqualTo(Protocol.TTHEADER_FRAMED);
      assertThat(reply.seqId()).isEqualTo(7);
      assertThat(reply.method()).isEqualTo("put");
      return reply;
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"BUFFERED", "FRAMED", "TTHEADER", "TTHEADER_FRAMED"})
  void aThriftBodyIsTheSameOnBothSides(Protocol framing) throws Exception {
    try (TestGateway gateway = gateway(", service: Cart", PingPongToGrpcTest::echo);
        Peer caller = gateway.connect()) {
      int seqId = 3;
      for (byte[] body :
          List.of(
              new byte[1],
              Thrifts.args("hello"),
              Thrifts.args("x".repeat(5000)),
              Thrifts.args("y".repeat(3 << 20)))) {
        caller.send(Thrifts.in(framing, Codec.THRIFT, 1, "put", ++seqId, body));
        Message reply = caller.read();
        assertThat(reply.framing()).isEqualTo(framing);
        assertThat(reply.type()).isEqualTo(2);
        assertThat(reply.seqId()).isEqualTo(seqId);
        assertThat(reply.body()).isEqualTo(body);
        Got call = got();
        assertThat(call.request().path()).isEqualTo("/Cart/put");
        assertThat(call.header("content-type")).isEqualTo("application/grpc+thrift");
        assertThat(call.header("grpc-timeout")).isEqualTo("null");
        assertThat(call.messages()).containsExactly(body);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"'', /Cart/put", "', package: shop.v1', /shop.v1.Cart/put"})
  void kitexProtobufGoesAsProtobuf(String cluster, String path) throws Exception {
    try (TestGateway gateway = gateway(cluster, PingPongToGrpcTest::echo);
        Peer caller = gateway.connect()) {
      for (byte[] body : List.of(new byte[0], new byte[] {8, 1}, new byte[1 << 20])) {
        byte[] framed = Thrifts.framed(Codec.PROTOBUF, 1, "put", 5, body);
        caller.send(Thrifts.withHeader(0, 5, Map.of(), Map.of("isn", "Cart"), framed));
        Message reply = caller.read();
        assertThat(reply.codec()).isEqualTo(Codec.PROTOBUF);
        assertThat(reply.body()).isEqualTo(body);
        Got call = got();
        assertThat(call.request().path()).isEqualTo(path);
        assertThat(call.header("content-type")).isEqualTo("application/grpc");
        assertThat(call.messages()).containsExactly(body);
      }
    }
  }

  @Test
  void metadataIsTheSameInOtherWords() throws Exception {
    try (TestGateway gateway =
            gateway(
                "",
                call -> {
                  call.request().response().putHeader("head", "h");
                  call.request().response().putHeader("sum-bin", "AQI");
                  call.answer(
                      Map.of("grpc-status", "0", "tail", "t", "biz-status", "0"), new byte[1]);
                });
        Peer caller = gateway.connect()) {
      caller.send(
          ttheader(
              Map.of(2, "log", 3, "web", 20, "render", 6, "cart", 12, "7000", 17, "50"),
              Map.of(
                  "isn", "Cart",
                  "RPC_PERSIST_Log_Id", "p",
                  "RPC_TRANSIT_gdpr-token", "secret",
                  "RPC_TRANSIT_UPSTREAM_old", "o",
                  "User", " u ",
                  "raw-bin", "\u0001\u0002",
                  "te", "gzip",
                  "line", "a\r\nb",
                  "a b", "c"),
              1,
              new byte[1]));
      Message reply = caller.read();
      assertThat(reply.strings())
          .containsOnlyKeys("head", "tail", "sum-bin")
          .containsEntry("sum-bin", "\u0001\u0002");
      Got call = got();
      Map<String, String> headers = new TreeMap<>();
      call.request().headers().forEach(e -> headers.put(e.getKey(), e.getValue()));
      assertThat(headers)
          .containsEntry("rpc-persist-log-id", "p")
          .containsEntry("rpc-transit-gdpr-token", "secret")
          .containsEntry("user", "u")
          .containsEntry("raw-bin", "AQI")
          .containsEntry("te", "trailers")
          .containsEntry("source-service", "web")
          .containsEntry("source-method", "render")
          .containsEntry("destination-service", "cart")
          .containsEntry("destination-method", "put")
          .doesNotContainKeys("line", "a b", "isn", "rpc-transit-upstream-old");
      assertThat(call.request().authority().toString()).startsWith("cart");
      assertThat(headers.get("grpc-timeout")).matches("[0-9]{1,8}[um]");
    }
  }

  /** Sections 8.5 and 8.4 read back. */
  @ParameterizedTest
  @CsvSource({"5, '', 6, 5", "12, '', 1, 12", "4711, '', 4711, 4711", "13, -3, -3, ''"})
  void aStatusIsAnException(String status, String exception, int type, String back) {
    Map<String, String> end = new TreeMap<>();
    end.put("grpc-status", status);
    end.put("grpc-message", "wrong: %C3%BC");
    end.put("tail", "t");
    if (!exception.isEmpty()) {
      end.put("thrift-exception-type", exception);
    }
    // Before a message, and behind one.
    for (Consumer<Got> answer :
        List.<Consumer<Got>>of(call -> call.end(end), call -> call.answer(end, new byte[1]))) {
      try (TestGateway gateway = gateway("", answer)) {
        Message reply = call(gateway);
        assertThat(reply.type()).isEqualTo(3);
        assertThat(reply.exception().number()).isEqualTo(type);
        assertThat(reply.exception().text()).isEqualTo("wrong: ü");
        assertThat(reply.strings()).containsEntry("tail", "t").doesNotContainKey("grpc-message");
        assertThat(reply.strings().getOrDefault("grpc-status", "")).isEqualTo(back);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"13, ''", "7, 7"})
  void aBusinessStatusIsAnEmptyReply(String status, String back) {
    Map<String, String> end =
        Map.of(
            "grpc-status", status,
            "grpc-message", "no: %C3%BC",
            "biz-status", "-7",
            "biz-extra", "{\"a\":\"b\"}");
    try (TestGateway gateway = gateway(", service: Cart", call -> call.end(end))) {
      Message reply = call(gateway);
      assertThat(reply.type()).isEqualTo(2);
      assertThat(reply.body()).isEqualTo(new byte[1]);
      assertThat(reply.strings())
          .containsEntry("biz-status", "-7")
          .containsEntry("biz-message", "no: ü")
          .containsEntry("biz-extra", "{\"a\":\"b\"}");
      assertThat(reply.strings().getOrDefault("grpc-status", "")).isEqualTo(back);
      try (Peer framed = gateway.connect()) {
        assertThat(framed.call("put", 1, new byte[1]).exception().text())
            .isEqualTo("biz error: code=-7, msg=no: ü");
      }
    }
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
      gzip.write(bytes);
    }
    return packed.toByteArray();
  }

  private static void answerPacked(Got call, byte[] packed) {
    call.request()
        .response()
        .putHeader("content-type", "application/grpc+thrift")
        .putHeader("grpc-encoding", "gzip");
    call.request().response().write(RawGrpc.framed(1, packed));
    call.answer(Map.of("grpc-status", "0"));
  }

  @Test
  void packedRepliesAreUnpacked() throws IOException {
    byte[] body = Thrifts.result("z".repeat(300_000));
    byte[] packed = gzip(body);
    try (TestGateway gateway = gateway("", call -> answerPacked(call, packed))) {
      assertThat(call(gateway).body()).isEqualTo(body);
    }
  }

  /** As with requests, what counts is what the caller's listener takes. */
  @Test
  void noReplyIsUnpackedToMoreThanTheListenerTakes() throws IOException {
    byte[] packed = gzip(new byte[100 * 1024 + 1]);
    int port = grpc.serve(call -> answerPacked(call, packed));
    String config =
        """
        listeners: {rpc: {address: '127.0.0.1:0', limits: {maxFrame: 100KiB}}}
        clusters: {c: {endpoints: ['127.0.0.1:%d'], transport: grpc}}
        routes: [{cluster: c}]
        """;
    try (TestGateway gateway = TestGateway.start(config.formatted(port), 1)) {
      assertThat(call(gateway).exception().text())
          .isEqualTo("a message that unpacks to more than 102400 bytes");
    }
  }

  @Test
  void thereIsExactlyOneMessageInAnswer() {
    for (Consumer<Got> answer :
        List.<Consumer<Got>>of(
            call -> call.answer(Map.of("grpc-status", "0")),
            call -> call.answer(Map.of("grpc-status", "0"), new byte[1], new byte[1]),
            call -> call.answer(Map.of("grpc-status", "0"), new byte[0]),
            call -> {
              call.request().response().write(RawGrpc.framed(new byte[9]).getBuffer(0, 8));
              call.answer(Map.of("grpc-status", "0"));
            },
            call -> call.request().response().reset(2))) {
      try (TestGateway gateway = gateway("", answer)) {
        Message reply = call(gateway);
        assertThat(reply.type()).isEqualTo(3);
        assertThat(reply.exception().number()).isEqualTo(6);
      }
    }
  }

  /** Whatever comes of a caller must not become another path. */
  @ParameterizedTest
  @CsvSource({"put, ''", "put, a/b", "x/put, Cart", "'p ut', Cart", "pÜt, Cart"})
  void aNameThatIsNoPathIsRefused(String method, String service) {
    try (TestGateway gateway = gateway("", PingPongToGrpcTest::echo);
        Peer caller = gateway.connect()) {
      Map<String, String> isn = service.isEmpty() ? Map.of() : Map.of("isn", service);
      caller.send(
          Thrifts.ttheader(
              Protocol.TTHEADER_FRAMED, Map.of(), isn, 1, method, 1, Thrifts.args("a")));
      Message reply = caller.read();
      assertThat(reply.exception().number()).isEqualTo(9);
      assertThat(got).isEmpty();
    }
  }

  @Test
  void aOnewayGoesNowhere() {
    try (TestGateway gateway = gateway(", service: Cart", PingPongToGrpcTest::echo);
        Peer caller = gateway.connect()) {
      caller.send(Thrifts.framed(4, "fire", 1, Thrifts.args("a")));
      assertThat(Thrifts.text(caller.call("put", 2, Thrifts.args("b")).body())).isEqualTo("b");
      assertThat(got).hasSize(1);
    }
  }

  @Test
  void aCallerThatGoesCancelsTheStream() {
    LinkedBlockingQueue<Throwable> ended = new LinkedBlockingQueue<>();
    try (TestGateway gateway =
        gateway(
            ", service: Cart", call -> call.request().response().exceptionHandler(ended::add))) {
      try (Peer caller = gateway.connect()) {
        caller.send(Thrifts.call("put", 1, "a"));
        await().until(() -> !got.isEmpty());
      }
      await().until(() -> !ended.isEmpty());
      assertThat(ended.peek()).hasMessageContaining("8");
    }
  }
}
