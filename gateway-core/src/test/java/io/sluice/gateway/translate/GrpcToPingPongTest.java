package io.sluice.gateway.translate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.api.Codec;
import io.sluice.api.Protocol;
import io.sluice.gateway.loop.Budget;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.Message;
import io.sluice.gateway.testkit.RawGrpc;
import io.sluice.gateway.testkit.RawGrpc.Answer;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Thrifts;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientRequest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Unary gRPC callers of services that speak ping-pong. */
class GrpcToPingPongTest {
  private static final String PATH = "/shop.Cart/put";
  private static final String PROTOBUF = "application/grpc";

  private final RawGrpc grpc = new RawGrpc();
  private final LinkedBlockingQueue<Message> got = new LinkedBlockingQueue<>();

  @AfterEach
  void stop() {
    grpc.close();
  }

  /** Notes what it gets, and answers it. */
  private Downstream answering(Function<Message, byte[]> answer) {
    return Downstream.serving(
        (peer, n) -> {
          for (Message m = peer.read(); m != null; m = peer.read()) {
            got.add(m);
            peer.send(answer.apply(m));
          }
        });
  }

  private Message got() throws InterruptedException {
    Message message = got.poll(10, TimeUnit.SECONDS);
    assertThat(message).as("a message for the downstream").isNotNull();
    return message;
  }

  private static TestGateway gateway(String transport, Downstream downstream) {
    return TestGateway.start(
        TestGateway.config(transport, "mode: unary, businessStatus: empty", downstream.port()), 1);
  }

  private static byte[] echo(Protocol framing, Message m) {
    return Thrifts.in(framing, m.codec(), 2, m.method(), m.seqId(), m.body());
  }

  private static byte[] reply(Message to, Map<String, String> strings, byte[] body) {
    return Thrifts.ttheader(
        Protocol.TTHEADER_FRAMED, Map.of(22, "2"), strings, 2, to.method(), to.seqId(), body);
  }

  private static byte[] exception(Message to, int type, String text, Map<String, String> strings) {
    byte[] framed = Thrifts.exception(to, type, text);
    return Thrifts.withHeader(0, to.seqId(), Map.of(22, "3"), strings, framed);
  }

  @ParameterizedTest
  @EnumSource(names = {"BUFFERED", "FRAMED", "TTHEADER", "TTHEADER_FRAMED"})
  void aThriftBodyIsTheSameOnBothSides(Protocol framing) throws Exception {
    try (Downstream downstream = answering(m -> echo(framing, m));
        TestGateway gateway = gateway(framing.label(), downstream)) {
      for (byte[] body :
          List.of(
              new byte[1],
              Thrifts.args("hello"),
              Thrifts.args("x".repeat(64 * 1024 - 8)),
              Thrifts.args("y".repeat(1 << 20)))) {
        Answer answer = grpc.call(gateway.port(), PATH, Map.of(), body);
        assertThat(answer.status()).as(answer.end("grpc-message")).isZero();
        assertThat(answer.messages()).containsExactly(body);
        assertThat(answer.headers()).containsEntry("content-type", "application/grpc+thrift");
        Message request = got();
        assertThat(request.framing()).isEqualTo(framing);
        assertThat(request.type()).isEqualTo(1);
        assertThat(request.method()).isEqualTo("put");
        assertThat(request.body()).isEqualTo(body);
      }
      assertThat(downstream.accepted()).isEqualTo(1);
    }
  }

  @ParameterizedTest
  @CsvSource({"framed, FRAMED", "ttheader, TTHEADER_FRAMED", "ttheader-framed, TTHEADER_FRAMED"})
  void protobufGoesAsKitexProtobuf(String transport, Protocol framing) throws Exception {
    try (Downstream downstream = answering(m -> echo(framing, m));
        TestGateway gateway = gateway(transport, downstream)) {
      for (byte[] body : List.of(new byte[0], new byte[] {8, 1}, new byte[1 << 20])) {
        Answer answer = grpc.call(gateway.port(), PATH, Map.of("content-type", PROTOBUF), body);
        assertThat(answer.status()).as(answer.end("grpc-message")).isZero();
        assertThat(answer.messages()).containsExactly(body);
        Message request = got();
        assertThat(request.codec()).isEqualTo(Codec.PROTOBUF);
        assertThat(request.framing()).isEqualTo(framing);
      }
    }
  }

  @Test
  void manyShareAConnectionThatIsMultiplexed() {
    try (Downstream downstream = answering(m -> echo(Protocol.TTHEADER_FRAMED, m));
        TestGateway gateway = gateway("{unary: ttheader-framed, multiplex: true}", downstream)) {
      List<Future<Answer>> answers = new ArrayList<>();
      for (int i = 0; i < 50; i++) {
        HttpClientRequest request = grpc.open(gateway.port(), PATH, Map.of());
        answers.add(RawGrpc.listen(request, m -> {}));
        request.end(RawGrpc.framed(Thrifts.args("call " + i)));
      }
      for (int i = 0; i < 50; i++) {
        assertThat(TestGateway.get(answers.get(i)).messages())
            .containsExactly(Thrifts.args("call " + i));
      }
      assertThat(downstream.accepted()).isEqualTo(1);
    }
  }

  @Test
  void metadataIsTheSameInOtherWords() throws Exception {
    try (Downstream downstream =
            answering(
                m ->
                    reply(
                        m,
                        Map.of(
                            "Back", "b",
                            "raw-bin", "\u0001\u0002",
                            "not a token", "x",
                            "line", "a\nb",
                            "grpc-timeout", "1S",
                            "connection", "close"),
                        new byte[1]));
        TestGateway gateway = gateway("ttheader-framed", downstream)) {
      Map<String, String> headers = new TreeMap<>();
      headers.put("rpc-persist-log-id", "p");
      headers.put("rpc-persist-retryreq", "1");
      headers.put("rpc-transit-hop", "t");
      headers.put("rpc-transit-upstream-old", "o");
      headers.put("rpc-transit-gdpr-token", "secret");
      headers.put("user", "u");
      headers.put("sum-bin", "AQI");
      headers.put("joined-bin", "AQ, AQI=,AwQ");
      headers.put("odd-bin", "AQ,?");
      headers.put("source-service", "web");
      headers.put("source-method", "render");
      headers.put("destination-service", "cart");
      headers.put("grpc-accept-encoding", "gzip");
      headers.put("grpc-timeout", "7S");
      headers.put("user-agent", "test");
      Answer answer = grpc.call(gateway.port(), PATH, headers, new byte[1]);
      assertThat(answer.status()).isZero();
      assertThat(answer.headers())
          .containsOnlyKeys("content-type", "back", "raw-bin")
          .containsEntry("back", "b")
          .containsEntry("raw-bin", "AQI");
      Message request = got();
      assertThat(request.strings())
          .containsOnlyKeys(
              "isn",
              "rip",
              "RPC_PERSIST_LOG_ID",
              "RPC_PERSIST_RetryReq",
              "RPC_TRANSIT_HOP",
              "RPC_TRANSIT_gdpr-token",
              "user",
              "sum-bin",
              "joined-bin",
              "odd-bin")
          .containsEntry("isn", "Cart")
          .containsEntry("RPC_TRANSIT_gdpr-token", "secret")
          .containsEntry("sum-bin", "\u0001\u0002")
          .containsEntry("joined-bin", "\u0003\u0004")
          .containsEntry("odd-bin", "AQ,?");
      assertThat(request.integers())
          .containsEntry(3, "web")
          .containsEntry(20, "render")
          .containsEntry(6, "cart")
          .containsEntry(9, "put")
          .containsEntry(22, "1")
          .containsKey(12);
      assertThat(Integer.parseInt(request.integers().get(12))).isBetween(1, 7000);
    }
  }

  /** Section 8.4; a status of a second gateway comes back as it was. */
  @ParameterizedTest
  @CsvSource({
    "1, '', 12",
    "2, '', 3",
    "6, '', 13",
    "20, '', 12",
    "21, '', 3",
    "4711, '', 2",
    "-3, '', 2",
    "6, 5, 5",
    "1, 12, 12",
  })
  void anExceptionIsAStatus(int type, String status, int expected) {
    Map<String, String> back = status.isEmpty() ? Map.of("b", "1") : Map.of("grpc-status", status);
    try (Downstream downstream = answering(m -> exception(m, type, "wrong: 100 % ü", back));
        TestGateway gateway = gateway("ttheader-framed", downstream)) {
      Answer answer = grpc.call(gateway.port(), PATH, Map.of(), new byte[1]);
      assertThat(answer.messages()).isEmpty();
      assertThat(answer.status()).isEqualTo(expected);
      assertThat(answer.end("grpc-message")).isEqualTo("wrong: 100 %25 %C3%BC");
      assertThat(answer.end("thrift-exception-type"))
          .isEqualTo(status.isEmpty() ? Integer.toString(type) : "");
      assertThat(answer.end("b")).isEqualTo(status.isEmpty() ? "1" : "");
    }
  }

  /** As Kitex's own servers tell them; a status that came as one stays what it was. */
  @ParameterizedTest
  @CsvSource({
    "1, '', 1",
    "6, '', 6",
    "20, '', 20",
    "4711, '', 4711",
    "0, '', 2",
    "-3, '', 2",
    "1, 12, 12"
  })
  void anExceptionIsItsNumberWhereThatIsAskedFor(int type, String status, int expected) {
    Map<String, String> back = status.isEmpty() ? Map.of() : Map.of("grpc-status", status);
    try (Downstream downstream = answering(m -> exception(m, type, "wrong", back));
        TestGateway gateway =
            TestGateway.start(
                TestGateway.config(
                        "ttheader-framed", "mode: unary, match: {service: Cart}", downstream.port())
                    .replace("'127.0.0.1:0'", "'127.0.0.1:0', grpcStatus: raw"),
                1)) {
      Answer answer = grpc.call(gateway.port(), PATH, Map.of(), new byte[1]);
      assertThat(answer.status()).isEqualTo(expected);
      assertThat(answer.end("grpc-message")).isEqualTo("wrong");
      Answer unknown = grpc.call(gateway.port(), "/shop.Other/put", Map.of(), new byte[1]);
      assertThat(unknown.status()).isEqualTo(20);
    }
  }

  @ParameterizedTest
  @CsvSource({"'', 13", "7, 7"})
  void aBusinessStatusIsInTheTrailers(String status, int expected) {
    Map<String, String> keys = new TreeMap<>();
    keys.put("biz-status", "-7");
    keys.put("biz-message", "no: ü");
    keys.put("biz-extra", "{\"a\":\r\n\"b\"}");
    keys.put("back", "b");
    if (!status.isEmpty()) {
      keys.put("grpc-status", status);
    }
    try (Downstream downstream = answering(m -> reply(m, keys, new byte[1]));
        TestGateway gateway = gateway("ttheader-framed", downstream)) {
      Answer answer = grpc.call(gateway.port(), PATH, Map.of(), new byte[1]);
      assertThat(answer.messages()).isEmpty();
      assertThat(answer.status()).isEqualTo(expected);
      assertThat(answer.end("grpc-message")).isEqualTo("no: %C3%BC");
      assertThat(answer.end("biz-status")).isEqualTo("-7");
      assertThat(answer.end("biz-extra")).isEqualTo("{\"a\":  \"b\"}");
      assertThat(answer.end("back")).isEqualTo("b");
    }
  }

  @Test
  void packedMessagesAreUnpacked() throws Exception {
    byte[] body = Thrifts.args("z".repeat(300_000));
    try (Downstream downstream = answering(m -> echo(Protocol.FRAMED, m));
        TestGateway gateway = gateway("framed", downstream)) {
      Answer answer = packed(gateway, "gzip", gzip(body));
      assertThat(answer.status()).as(answer.end("grpc-message")).isZero();
      assertThat(answer.messages()).containsExactly(body);
      assertThat(got().body()).isEqualTo(body);
      assertThat(packed(gateway, "snappy", new byte[9]).status()).isEqualTo(12);
      assertThat(packed(gateway, "identity", new byte[9]).status()).isEqualTo(12);
      assertThat(packed(gateway, "gzip", new byte[9]).status()).isEqualTo(13);
      assertThat(packed(gateway, "gzip", new byte[0]).status()).isEqualTo(13);
      assertThat(got).isEmpty();
    }
  }

  private Answer packed(TestGateway gateway, String encoding, byte[] message) {
    return grpc.send(
        gateway.port(), PATH, Map.of("grpc-encoding", encoding), RawGrpc.framed(1, message));
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(bytes);
    }
    return out.toByteArray();
  }

  @Test
  void noMessageIsLargerThanTheListenerTakes() throws Exception {
    String config =
        """
        listeners: {rpc: {address: '127.0.0.1:0', limits: {maxFrame: 100KiB}}}
        clusters: {c: {endpoints: ['127.0.0.1:%d'], transport: framed}}
        routes: [{cluster: c, mode: unary}]
        """;
    try (Downstream downstream = answering(m -> echo(Protocol.FRAMED, m));
        TestGateway gateway = TestGateway.start(config.formatted(downstream.port()), 1)) {
      Answer large = grpc.call(gateway.port(), PATH, Map.of(), new byte[100 * 1024 + 1]);
      assertThat(large.status()).isEqualTo(8);
      // Unpacked, a thousand times what came.
      Answer bomb = packed(gateway, "gzip", gzip(new byte[8 << 20]));
      assertThat(bomb.status()).isEqualTo(13);
      assertThat(got).isEmpty();
    }
  }

  /** What a message has grown to is counted, and no longer when its call has gone. */
  @Test
  void whatIsUnpackedCountsAsHeld() throws Exception {
    CountDownLatch over = new CountDownLatch(1);
    try (Downstream downstream = Downstream.serving(4096, (peer, n) -> over.await());
        TestGateway gateway = gateway("framed", downstream)) {
      long before = Budget.ofProcess().held();
      HttpClientRequest request = grpc.open(gateway.port(), PATH, Map.of("grpc-encoding", "gzip"));
      request.end(RawGrpc.framed(1, gzip(new byte[32 << 20])));
      await()
          .atMost(Duration.ofSeconds(20))
          .until(() -> Budget.ofProcess().held() - before > 16 << 20);
      request.reset(8);
      await()
          .atMost(Duration.ofSeconds(20))
          .until(() -> Budget.ofProcess().held() - before < 1 << 20);
    } finally {
      over.countDown();
    }
  }

  /** As gRPC servers do. */
  @Test
  void thereIsExactlyOneMessage() {
    try (Downstream downstream = answering(m -> echo(Protocol.FRAMED, m));
        TestGateway gateway = gateway("framed", downstream)) {
      byte[] body = Thrifts.args("a");
      int port = gateway.port();
      assertThat(grpc.call(port, PATH, Map.of()).status()).isEqualTo(13);
      Buffer two = RawGrpc.framed(body).appendBuffer(RawGrpc.framed(body));
      assertThat(grpc.send(port, PATH, Map.of(), two).status()).isEqualTo(13);
      Buffer cut = RawGrpc.framed(body).getBuffer(0, 9);
      assertThat(grpc.send(port, PATH, Map.of(), cut).status()).isEqualTo(13);
      assertThat(grpc.send(port, PATH, Map.of(), cut.getBuffer(0, 3)).status()).isEqualTo(13);
      assertThat(grpc.call(port, PATH, Map.of(), new byte[0]).status()).isEqualTo(13);
      assertThat(grpc.send(port, PATH, Map.of(), RawGrpc.framed(9, body)).status()).isEqualTo(13);
      assertThat(grpc.call(port, PATH, Map.of(), body).status()).isZero();
    }
  }

  @Test
  void aCancelClosesTheConnectionOfItsCall() {
    LinkedBlockingQueue<Integer> ended = new LinkedBlockingQueue<>();
    try (Downstream downstream =
            Downstream.serving(
                (peer, n) -> {
                  got.add(peer.read());
                  assertThat(peer.read()).isNull();
                  ended.add(n);
                });
        TestGateway gateway = gateway("framed", downstream)) {
      HttpClientRequest request = grpc.open(gateway.port(), PATH, Map.of());
      request.end(RawGrpc.framed(Thrifts.args("a")));
      await().until(() -> !got.isEmpty());
      request.reset(8);
      await().until(() -> !ended.isEmpty());
    }
  }

  @Test
  void theDeadlineIsKept() {
    try (Downstream silent =
            Downstream.serving(
                (peer, n) -> {
                  for (Message m = peer.read(); m != null; m = peer.read()) {
                    got.add(m);
                  }
                });
        TestGateway gateway = gateway("framed", silent)) {
      Answer answer =
          grpc.call(gateway.port(), PATH, Map.of("grpc-timeout", "200m"), Thrifts.args("a"));
      assertThat(answer.status()).isEqualTo(4);
      assertThat(answer.end("grpc-message")).startsWith("rpc timeout: ");
    }
  }

  @Test
  void nobodyThereIsUnavailable() {
    try (TestGateway gateway =
        TestGateway.start(
            TestGateway.config("framed", "mode: unary", Downstream.refusingPort()), 1)) {
      assertThat(grpc.call(gateway.port(), PATH, Map.of(), new byte[1]).status()).isEqualTo(14);
    }
  }

  @Test
  void aReplyThatBreaksOffIsAnError() {
    try (Downstream downstream =
            Downstream.serving(
                (peer, n) -> {
                  Message m = peer.read();
                  byte[] whole = Thrifts.reply(m, "r".repeat(300_000));
                  peer.send(Arrays.copyOf(whole, 200_000));
                });
        TestGateway gateway = gateway("framed", downstream)) {
      Answer answer = grpc.call(gateway.port(), PATH, Map.of(), Thrifts.args("a"));
      assertThat(answer.status()).isEqualTo(14);
      assertThat(answer.messages()).isEmpty();
    }
  }
}
