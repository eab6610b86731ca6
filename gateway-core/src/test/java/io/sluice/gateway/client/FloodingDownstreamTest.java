package io.sluice.gateway.client;

import static io.sluice.gateway.testkit.Http2Peer.ACK;
import static io.sluice.gateway.testkit.Http2Peer.CONTINUATION;
import static io.sluice.gateway.testkit.Http2Peer.DATA;
import static io.sluice.gateway.testkit.Http2Peer.END_HEADERS;
import static io.sluice.gateway.testkit.Http2Peer.END_STREAM;
import static io.sluice.gateway.testkit.Http2Peer.HEADERS;
import static io.sluice.gateway.testkit.Http2Peer.INITIAL_WINDOW;
import static io.sluice.gateway.testkit.Http2Peer.PADDED;
import static io.sluice.gateway.testkit.Http2Peer.PING;
import static io.sluice.gateway.testkit.Http2Peer.PRIORITY;
import static io.sluice.gateway.testkit.Http2Peer.PUSH_PROMISE;
import static io.sluice.gateway.testkit.Http2Peer.SETTINGS;
import static io.sluice.gateway.testkit.Http2Peer.bytes;
import static io.sluice.gateway.testkit.Http2Peer.frame;
import static io.sluice.gateway.testkit.Http2Peer.goAway;
import static io.sluice.gateway.testkit.Http2Peer.list;
import static io.sluice.gateway.testkit.Http2Peer.message;
import static io.sluice.gateway.testkit.Http2Peer.number;
import static io.sluice.gateway.testkit.Http2Peer.reset;
import static io.sluice.gateway.testkit.Http2Peer.response;
import static io.sluice.gateway.testkit.Http2Peer.settings;
import static io.sluice.gateway.testkit.Http2Peer.trailers;
import static io.sluice.gateway.testkit.Http2Peer.windowUpdate;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.GrpcPeers;
import io.sluice.gateway.testkit.GrpcPeers.Answer;
import io.sluice.gateway.testkit.Http2Peer;
import io.sluice.gateway.testkit.Http2Peer.Frame;
import io.sluice.gateway.testkit.Splits;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Warnings;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.grpc.client.GrpcClientRequest;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Downstreams that make the gateway work for nothing on an HTTP/2 connection, or break its rules:
 * the connection is given up with one line in the log, its calls are told, and others go on.
 */
class FloodingDownstreamTest {
  private static final int PROTOCOL_ERROR = 1;
  private static final int FLOW_CONTROL_ERROR = 3;
  private static final int FRAME_SIZE_ERROR = 6;
  private static final int COMPRESSION_ERROR = 9;
  private static final int UNAVAILABLE = 14;
  private static final int INTERNAL = 13;

  private static GrpcPeers peers;
  private static int honest;

  @BeforeAll
  static void start() {
    peers = new GrpcPeers();
    honest = peers.serveEcho();
  }

  @AfterAll
  static void stop() {
    peers.close();
  }

  /** Sends {@code Victim} to the one downstream, all else to an honest one, by the same loop. */
  private static TestGateway gateway(Downstream hostile) {
    return TestGateway.start(
        """
        listeners: {rpc: {address: '127.0.0.1:0'}}
        clusters:
          hostile: {endpoints: ['127.0.0.1:%d'], transport: framed, controlRate: 200}
          honest: {endpoints: ['127.0.0.1:%d'], transport: framed}
        routes:
          - {match: {method: Victim}, cluster: hostile}
          - {cluster: honest}
        """
            .formatted(hostile.port(), honest),
        1);
  }

  private static Future<Answer> call(TestGateway gateway, String method) {
    GrpcClientRequest<Buffer, Buffer> request = peers.open(gateway.port(), method);
    Future<Answer> answer = GrpcPeers.listen(request);
    GrpcPeers.say(request, List.of("hi"));
    return answer;
  }

  private static void assertServed(TestGateway gateway, String method) {
    Answer answer = TestGateway.get(call(gateway, method));
    assertThat(answer.status()).as(answer.text()).isZero();
    assertThat(answer.messages()).containsExactly("<hi>");
  }

  private static double met(TestGateway gateway, String limit) {
    return gateway.registry().get("sluice.limits").tag("limit", limit).functionCounter().count();
  }

  /** Answers all calls of a connection. */
  private static void serve(Http2Peer h2) {
    for (Frame f = h2.read(); f != null; f = h2.read()) {
      if ((f.type() == HEADERS || f.type() == DATA) && f.has(END_STREAM)) {
        answer(h2, f.stream());
      }
    }
  }

  private static void answer(Http2Peer h2, int stream) {
    h2.send(response(stream), message(stream, "<hi>", false), trailers(stream, 0));
  }

  /** Does something to the first call of its first connection, and serves all else. */
  private static Downstream hostile(Service service) {
    return Downstream.serving(
        (peer, n) -> {
          Http2Peer h2 = Http2Peer.accept(peer);
          if (n == 1) {
            int stream = h2.readUntil(HEADERS).stream();
            service.serve(h2, stream);
          }
          serve(h2);
        });
  }

  /** What is done to a call. */
  private interface Service {
    void serve(Http2Peer h2, int stream);
  }

  /**
   * Something that is sent again and again until the connection is gone.
   *
   * @param says what the log says of it
   * @param bytes of its n-th time, from 0
   */
  record Flood(String name, String says, IntFunction<byte[]> bytes) {
    @Override
    public String toString() {
      return name;
    }

    static Flood of(String name, String last, byte[] frame) {
      return new Flood(name, "the last of them " + last, n -> frame);
    }
  }

  /** The stream of a call, which is the first on its connection; the codec counts from 3. */
  private static final int CALL = 3;

  static Stream<Flood> floods() {
    byte[] interim = list(new DefaultHttp2Headers(false).status("103"));
    return Stream.of(
        Flood.of("settings", "a SETTINGS", settings(INITIAL_WINDOW, 1000)),
        Flood.of("acknowledged settings", "a SETTINGS", frame(SETTINGS, ACK, 0)),
        Flood.of("pings", "a PING", frame(PING, 0, 0, new byte[8])),
        Flood.of("answers to pings", "a PING", frame(PING, ACK, 0, new byte[8])),
        Flood.of("windows of the connection", "a WINDOW_UPDATE", windowUpdate(0, 1)),
        Flood.of("windows of a stream", "a WINDOW_UPDATE", windowUpdate(CALL, 1)),
        Flood.of("priorities", "a PRIORITY", frame(PRIORITY, 0, CALL, new byte[5])),
        Flood.of("frames of a kind unknown", "one of type 200", frame(200, 0, 0, number(7))),
        Flood.of("the same, of a stream", "one of type 200", frame(200, 0, CALL, number(7))),
        Flood.of("goodbyes", "a GOAWAY", goAway(CALL, 0)),
        Flood.of("interim responses", "a HEADERS", frame(HEADERS, END_HEADERS, CALL, interim)),
        new Flood(
            "responses that nobody asked for",
            "the last of them one of a stream that is not open",
            n -> response(2 * n + 2)),
        new Flood(
            "resets of a stream that is over",
            "the last of them an RST_STREAM",
            n -> n == 0 ? Splits.glued(response(CALL), trailers(CALL, 0)) : reset(CALL, 0)),
        new Flood(
            "data of a stream that is over",
            "the last of them one of a stream that is not open",
            n ->
                n == 0
                    ? Splits.glued(response(CALL), trailers(CALL, 0))
                    : frame(DATA, 0, CALL, number(1))),
        new Flood("empty data", "empty DATA", n -> n == 0 ? response(CALL) : frame(DATA, 0, CALL)),
        new Flood(
            "a header list in endless pieces",
            "continuation",
            n ->
                n == 0 ? frame(HEADERS, 0, CALL, interim) : frame(CONTINUATION, 0, CALL, (byte) 0)),
        new Flood(
            "a header list in endless pieces of nothing",
            "continuation",
            n -> n == 0 ? frame(HEADERS, 0, CALL, interim) : frame(CONTINUATION, 0, CALL)));
  }

  @ParameterizedTest
  @MethodSource("floods")
  void aFloodEndsItsConnectionAndOthersGoOn(Flood flood) {
    try (Downstream hostile =
            hostile(
                (h2, stream) -> {
                  assertThat(stream).isEqualTo(CALL);
                  try {
                    for (int n = 0; n < 1_000_000; n++) {
                      h2.send(flood.bytes.apply(n));
                    }
                  } catch (UncheckedIOException e) {
                    // It is closed while it sends.
                  }
                });
        TestGateway gateway = gateway(hostile);
        Warnings warnings = new Warnings()) {
      GrpcClientRequest<Buffer, Buffer> neighbour = peers.open(gateway.port(), "Echo");
      Future<Answer> answer = GrpcPeers.listen(neighbour);
      neighbour.write(Buffer.buffer("before"));
      GrpcClientRequest<Buffer, Buffer> victim = peers.open(gateway.port(), "Victim");
      Future<Answer> told = GrpcPeers.listen(victim);
      victim.write(Buffer.buffer("hi"));
      await().until(() -> met(gateway, "control_rate") == 1);
      Answer end = TestGateway.get(told);
      if (!flood.name.contains("that is over")) {
        assertThat(end.status()).isEqualTo(UNAVAILABLE);
        assertThat(end.text()).contains("gave up the connection to 127.0.0.1");
      }
      assertServed(gateway, "Victim");
      GrpcPeers.say(neighbour, List.of("after"));
      assertThat(TestGateway.get(answer).messages()).containsExactly("<before>", "<after>");
      assertThat(met(gateway, "control_rate")).isEqualTo(1);
      assertThat(warnings.only())
          .containsIgnoringCase(flood.says)
          .contains("127.0.0.1:" + hostile.port());
    }
  }

  /** What is wrong at once. */
  record Fault(String name, int code, byte[] bytes) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Fault> faults() {
    byte[] window = windowUpdate(0, Integer.MAX_VALUE);
    return Stream.of(
        new Fault(
            "more padding than payload",
            PROTOCOL_ERROR,
            Splits.glued(response(CALL), frame(DATA, PADDED, CALL, number(200 << 24)))),
        new Fault("a ping of a stream", PROTOCOL_ERROR, frame(PING, 0, CALL, new byte[8])),
        new Fault("a ping of 7 bytes", FRAME_SIZE_ERROR, frame(PING, 0, 0, new byte[7])),
        new Fault("a frame too large", FRAME_SIZE_ERROR, frame(DATA, 0, CALL, bytes(16_385))),
        new Fault(
            "a push",
            PROTOCOL_ERROR,
            frame(
                PUSH_PROMISE,
                END_HEADERS,
                CALL,
                Splits.glued(number(2), Http2Peer.requestList("Push")))),
        new Fault("data of a stream to come", PROTOCOL_ERROR, frame(DATA, 0, 99, number(1))),
        new Fault("a reset of a stream to come", PROTOCOL_ERROR, reset(99, 8)),
        new Fault("a window of nothing", PROTOCOL_ERROR, windowUpdate(0, 0)),
        new Fault("a window beyond all", FLOW_CONTROL_ERROR, Splits.glued(window, window)),
        new Fault("an initial window beyond all", FLOW_CONTROL_ERROR, settings(INITIAL_WINDOW, -1)),
        new Fault("half a setting", FRAME_SIZE_ERROR, frame(SETTINGS, 0, 0, new byte[5])),
        new Fault("a header table entry of nobody", COMPRESSION_ERROR, headers(0xFF, 0x7F)),
        new Fault(
            "a header table beyond what is allowed",
            COMPRESSION_ERROR,
            headers(0x3F, 0xE1, 0xFF, 0x03)),
        new Fault(
            "something within a header list",
            PROTOCOL_ERROR,
            Splits.glued(frame(HEADERS, 0, CALL), frame(PING, 0, 0, new byte[8]))),
        new Fault(
            "a goodbye that says more than the one before",
            PROTOCOL_ERROR,
            Splits.glued(goAway(CALL, 0), goAway(CALL + 2, 0))));
  }

  private static byte[] headers(int... block) {
    byte[] bytes = new byte[block.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) block[i];
    }
    return frame(HEADERS, END_HEADERS, CALL, bytes);
  }

  @ParameterizedTest
  @MethodSource("faults")
  void whatIsWrongForTheConnectionEndsItAndOthersGoOn(Fault fault) {
    AtomicReference<Frame> goAway = new AtomicReference<>();
    try (Downstream hostile =
            hostile(
                (h2, stream) -> {
                  h2.send(fault.bytes);
                  goAway.set(h2.readToTheEnd());
                });
        TestGateway gateway = gateway(hostile);
        Warnings warnings = new Warnings()) {
      Answer end = TestGateway.get(call(gateway, "Victim"));
      assertThat(end.status()).isEqualTo(UNAVAILABLE);
      assertThat(end.text()).contains("gave up the connection to 127.0.0.1");
      assertServed(gateway, "Victim");
      assertServed(gateway, "Echo");
      await().until(() -> goAway.get() != null);
      assertThat(goAway.get().number(4)).isEqualTo(fault.code);
      assertThat(met(gateway, "protocol")).isEqualTo(1);
      assertThat(warnings.only()).contains("127.0.0.1:" + hostile.port());
    }
  }

  static Stream<Fault> faultsOfStreams() {
    byte[] tooMuch = new byte[0];
    for (int i = 0; i < 30; i++) {
      tooMuch = Splits.glued(tooMuch, frame(DATA, 0, CALL, bytes(16_000)));
    }
    return Stream.of(
        new Fault("a window of nothing", PROTOCOL_ERROR, windowUpdate(CALL, 0)),
        new Fault("a window beyond all", FLOW_CONTROL_ERROR, windowUpdate(CALL, Integer.MAX_VALUE)),
        new Fault(
            "more than the window", FLOW_CONTROL_ERROR, Splits.glued(response(CALL), tooMuch)),
        new Fault("data before the head", PROTOCOL_ERROR, message(CALL, "early", false)),
        new Fault("a third head", PROTOCOL_ERROR, Splits.glued(response(CALL), response(CALL))),
        new Fault(
            "a head without a status",
            PROTOCOL_ERROR,
            frame(
                HEADERS,
                END_HEADERS,
                CALL,
                list(new DefaultHttp2Headers(false), "content-type", "application/grpc"))),
        new Fault(
            "a head that depends on itself",
            PROTOCOL_ERROR,
            frame(PRIORITY, 0, CALL, Splits.glued(number(CALL), new byte[1]))));
  }

  @ParameterizedTest
  @MethodSource("faultsOfStreams")
  void whatIsWrongForAStreamEndsItAlone(Fault fault) {
    AtomicReference<Frame> said = new AtomicReference<>();
    try (Downstream hostile =
            hostile(
                (h2, stream) -> {
                  h2.send(fault.bytes);
                  said.set(h2.readUntil(Http2Peer.RST_STREAM));
                });
        TestGateway gateway = gateway(hostile);
        Http2Peer caller = Http2Peer.connect(gateway.port());
        Warnings warnings = new Warnings()) {
      caller.send(Http2Peer.request(1, "Victim", false));
      await().until(() -> said.get() != null);
      // Until now the caller had not opened its window for more than the first of it.
      caller.send(windowUpdate(0, 1 << 20), windowUpdate(1, 1 << 20));
      Frame head = caller.readUntil(HEADERS);
      Map<String, String> end = caller.headers(head);
      while (!head.has(END_STREAM)) {
        head = caller.readUntil(HEADERS);
        end = caller.headers(head);
      }
      assertThat(end).containsEntry("grpc-status", "" + INTERNAL);
      assertThat(said.get().stream()).isEqualTo(CALL);
      assertThat(said.get().number(0)).isEqualTo(fault.code);
      assertServed(gateway, "Victim");
      assertThat(hostile.accepted()).isEqualTo(1);
      assertThat(warnings.lines()).isEmpty();
    }
  }
}
