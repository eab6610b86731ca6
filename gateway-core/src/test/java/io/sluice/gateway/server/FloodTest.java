package io.sluice.gateway.server;

import static io.sluice.gateway.server.FloodedGateways.met;
import static io.sluice.gateway.server.FloodedGateways.stream;
import static io.sluice.gateway.testkit.Http2Peer.ACK;
import static io.sluice.gateway.testkit.Http2Peer.CONTINUATION;
import static io.sluice.gateway.testkit.Http2Peer.DATA;
import static io.sluice.gateway.testkit.Http2Peer.END_HEADERS;
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
import static io.sluice.gateway.testkit.Http2Peer.request;
import static io.sluice.gateway.testkit.Http2Peer.requestList;
import static io.sluice.gateway.testkit.Http2Peer.reset;
import static io.sluice.gateway.testkit.Http2Peer.settings;
import static io.sluice.gateway.testkit.Http2Peer.windowUpdate;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.sluice.gateway.loop.Budget;
import io.sluice.gateway.testkit.GrpcPeers;
import io.sluice.gateway.testkit.Http2Peer;
import io.sluice.gateway.testkit.Http2Peer.Frame;
import io.sluice.gateway.testkit.Splits;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Warnings;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.grpc.client.GrpcClientRequest;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Callers that make the gateway work for nothing on an HTTP/2 connection: they are gone, with one
 * line in the log, and others notice nothing; those who are only impatient stay.
 */
class FloodTest {
  private static final int CANCEL = 8;
  private static final int PROTOCOL_ERROR = 1;
  private static final int FLOW_CONTROL_ERROR = 3;
  private static final int FRAME_SIZE_ERROR = 6;
  private static final int COMPRESSION_ERROR = 9;

  /** A flag of HEADERS. */
  private static final int HAS_PRIORITY = 0x20;

  /** A setting. */
  private static final int MAX_FRAME = 5;

  private static final String LOW = "controlRate: 200, maxHeader: 16KiB";

  private static FloodedGateways gateways;

  @BeforeAll
  static void start() {
    gateways = new FloodedGateways();
  }

  @AfterAll
  static void stop() {
    gateways.close();
  }

  /**
   * Something that is sent again and again until the connection is gone.
   *
   * @param limit that it meets
   * @param says what the log says of it
   * @param bytes of its n-th time, from 0
   */
  record Attack(String name, String limit, String says, IntFunction<byte[]> bytes) {
    @Override
    public String toString() {
      return name;
    }

    static Attack of(String name, String limit, String says, IntFunction<byte[]> bytes) {
      return new Attack(name, limit, says, bytes);
    }

    /** One that has its streams reset for what it sends on them. */
    static Attack resets(String name, IntFunction<byte[]> bad) {
      return of(
          name,
          "reset_rate",
          "opens streams and has them reset for its errors",
          n -> Splits.glued(request(stream(n), "Silent", false), bad.apply(stream(n))));
    }

    /** One that sends the same frame from the first stream on. */
    static Attack control(String name, String last, byte[] frame) {
      return of(
          name,
          "control_rate",
          "the last of them " + last,
          n -> n > 0 ? frame : Splits.glued(request(1, "Silent", false), frame));
    }
  }

  static Stream<Attack> attacks() {
    byte[] bomb = bomb();
    byte[] pathless =
        list(new DefaultHttp2Headers(false).method("POST").scheme("http").authority("svc"));
    return Stream.of(
        Attack.of(
            "rapid reset",
            "reset_rate",
            "opens streams and cancels them",
            n -> Splits.glued(request(stream(n), "Silent", false), reset(stream(n), CANCEL))),
        Attack.resets("a window update of 0", id -> windowUpdate(id, 0)),
        Attack.resets("a window beyond all", id -> windowUpdate(id, Integer.MAX_VALUE)),
        Attack.resets(
            "a stream that depends on itself",
            id -> frame(PRIORITY, 0, id, Splits.glued(number(id), new byte[1]))),
        Attack.resets("half a PRIORITY", id -> frame(PRIORITY, 0, id, number(0))),
        Attack.of(
            "data behind the end",
            "reset_rate",
            "opens streams and has them reset for its errors",
            n ->
                Splits.glued(
                    request(stream(n), "Silent", true), frame(DATA, 0, stream(n), number(1)))),
        Attack.resets("a second head", id -> request(id, "Silent", false)),
        Attack.control("pings", "a PING", frame(PING, 0, 0, new byte[8])),
        Attack.control("settings", "a SETTINGS", settings(INITIAL_WINDOW, 1000)),
        Attack.control("acknowledged settings", "a SETTINGS", settings()),
        Attack.control("empty data", "an empty DATA", frame(DATA, 0, 1)),
        Attack.control(
            "nothing but padding", "an empty DATA", frame(DATA, PADDED, 1, number(3 << 24))),
        Attack.control("windows of the connection", "a WINDOW_UPDATE", windowUpdate(0, 1)),
        Attack.control("windows of a stream", "a WINDOW_UPDATE", windowUpdate(1, 1)),
        Attack.control("priorities", "a PRIORITY", frame(PRIORITY, 0, 1, new byte[5])),
        Attack.control("priorities of nobody", "a PRIORITY", frame(PRIORITY, 0, 77, new byte[5])),
        Attack.control("resets of a stream that is over", "an RST_STREAM", reset(1, CANCEL)),
        Attack.control("frames of a kind unknown", "one of type 200", frame(200, 0, 0, number(7))),
        Attack.of(
            "data for a stream that is over",
            "control_rate",
            "the last of them one of a stream that is not open",
            n ->
                n > 0
                    ? frame(DATA, 0, 1, number(1))
                    : Splits.glued(request(1, "Silent", false), reset(1, CANCEL))),
        Attack.of(
            "a header list in endless pieces",
            "control_rate",
            "continuation",
            n ->
                n > 0
                    ? frame(CONTINUATION, 0, 1, (byte) 0)
                    : frame(HEADERS, 0, 1, requestList("Silent"))),
        Attack.of(
            "a header list in endless pieces of nothing",
            "control_rate",
            "continuation",
            n -> n > 0 ? frame(CONTINUATION, 0, 1) : frame(HEADERS, 0, 1, requestList("Silent"))),
        Attack.control("goodbyes", "a GOAWAY", goAway(0, 0)),
        Attack.of(
            "more streams than there may be",
            "control_rate",
            "the last of them one of a stream that is not open",
            n -> request(stream(n), "Silent", false)),
        Attack.of(
            "streams of numbers gone by",
            "control_rate",
            "the last of them one of a stream that is not open",
            n -> request(n > 0 ? 1 : 3, "Silent", false)),
        Attack.of(
            "heads with names of no header",
            "control_rate",
            "the last of them one of a stream that is not open",
            n -> request(stream(n), "Silent", false, "UPPER", "case")),
        Attack.of(
            "heads without a path",
            "reset_rate",
            "opens streams and has them reset for its errors",
            n -> frame(HEADERS, END_HEADERS, stream(n), pathless)),
        Attack.of(
            "header lists a little too large",
            "reset_rate",
            "opens streams and has them reset for its errors",
            n -> request(stream(n), "Silent", false, "x", "y".repeat(16_200))),
        Attack.of(
            "header lists of one entry again and again",
            "reset_rate",
            "opens streams and has them reset for its errors",
            n -> frame(HEADERS, END_HEADERS, stream(n), bomb)));
  }

  /**
   * A header of 3 KB, which goes into the table, and then its entry a byte each: 300 KB of them.
   */
  private static byte[] bomb() {
    byte[] value = bytes(3000);
    byte[] entry = Splits.glued(new byte[] {0x40, 1, 'x', 0x7F, (byte) 0xB9, 0x16}, value);
    byte[] again = new byte[100];
    Arrays.fill(again, (byte) 0xBE);
    return Splits.glued(entry, again);
  }

  @ParameterizedTest
  @MethodSource("attacks")
  void anAttackIsCutAndTheNeighbourNoticesNothing(Attack attack) {
    String limits = attack.limit.equals("reset_rate") ? "resetRate: 100, maxHeader: 16KiB" : LOW;
    try (TestGateway gateway = gateways.start(limits);
        Warnings warnings = new Warnings()) {
      GrpcClientRequest<Buffer, Buffer> neighbour = gateways.open(gateway);
      Future<GrpcPeers.Answer> answer = GrpcPeers.listen(neighbour);
      neighbour.write(Buffer.buffer("before"));
      try (Http2Peer attacker = Http2Peer.connect(gateway.port())) {
        try {
          for (int n = 0; n < 50_000 && met(gateway, attack.limit) == 0; n++) {
            attacker.send(attack.bytes.apply(n));
          }
        } catch (UncheckedIOException e) {
          // It is closed while it sends.
        }
        attacker.readToTheEnd();
        gateways.assertServed(gateway);
        GrpcPeers.say(neighbour, List.of("after"));
        assertThat(TestGateway.get(answer).messages()).containsExactly("<before>", "<after>");
        assertThat(met(gateway, attack.limit)).isEqualTo(1);
        assertThat(warnings.only()).containsIgnoringCase(attack.says).contains("127.0.0.1");
      }
    }
  }

  /** What is wrong at once is told with its own code. */
  record Fault(String name, int code, byte[] bytes) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Fault> faults() {
    byte[] request = request(1, "Silent", false);
    byte[] most = requestList("Silent", "x", "y".repeat(30_000));
    byte[] window = windowUpdate(0, Integer.MAX_VALUE);
    return Stream.of(
        new Fault("more padding than payload", PROTOCOL_ERROR, padded(DATA, request)),
        new Fault("more padding than head", PROTOCOL_ERROR, padded(HEADERS)),
        new Fault(
            "a head that depends on itself",
            PROTOCOL_ERROR,
            frame(
                HEADERS,
                END_HEADERS | HAS_PRIORITY,
                1,
                Splits.glued(number(1), new byte[1], requestList("Silent")))),
        new Fault("a ping of a stream", PROTOCOL_ERROR, frame(PING, 0, 1, new byte[8])),
        new Fault("a ping of 9 bytes", FRAME_SIZE_ERROR, frame(PING, 0, 0, new byte[9])),
        new Fault(
            "a frame too large",
            FRAME_SIZE_ERROR,
            Splits.glued(request, frame(DATA, 0, 1, bytes(16_385)))),
        new Fault("half a setting", FRAME_SIZE_ERROR, frame(SETTINGS, 0, 0, new byte[7])),
        new Fault(
            "settings and their answer in one",
            FRAME_SIZE_ERROR,
            frame(SETTINGS, ACK, 0, new byte[6])),
        new Fault("settings of a stream", PROTOCOL_ERROR, frame(SETTINGS, 0, 1)),
        new Fault("frames of more than 16 MiB", PROTOCOL_ERROR, settings(MAX_FRAME, 1 << 24)),
        new Fault("an initial window beyond all", FLOW_CONTROL_ERROR, settings(INITIAL_WINDOW, -1)),
        new Fault("a window of nothing", PROTOCOL_ERROR, windowUpdate(0, 0)),
        new Fault("a window beyond all", FLOW_CONTROL_ERROR, Splits.glued(window, window)),
        new Fault("an even stream", PROTOCOL_ERROR, request(2, "Silent", false)),
        new Fault("a stream without a number", PROTOCOL_ERROR, request(0, "Silent", false)),
        new Fault("data of a stream to come", PROTOCOL_ERROR, frame(DATA, 0, 1, number(1))),
        new Fault("a reset of a stream to come", PROTOCOL_ERROR, reset(1, CANCEL)),
        new Fault("a window of a stream to come", PROTOCOL_ERROR, windowUpdate(1, 1)),
        new Fault(
            "a push",
            PROTOCOL_ERROR,
            Splits.glued(
                request,
                frame(
                    PUSH_PROMISE, END_HEADERS, 1, Splits.glued(number(2), requestList("Silent"))))),
        new Fault("the rest of no header list", PROTOCOL_ERROR, frame(CONTINUATION, 0, 1)),
        new Fault(
            "something within a header list",
            PROTOCOL_ERROR,
            Splits.glued(frame(HEADERS, 0, 1), frame(PING, 0, 0, new byte[8]))),
        new Fault("a header table entry of nobody", COMPRESSION_ERROR, block(0xFF, 0x7F)),
        new Fault("a header table entry 0", COMPRESSION_ERROR, block(0x80)),
        new Fault("a header table too large", COMPRESSION_ERROR, block(0x3F, 0xE1, 0xFF, 0x03)),
        new Fault("a number without end", COMPRESSION_ERROR, block(0xFF, 0xFF, 0xFF, 0xFF)),
        new Fault(
            "a goodbye that says more than the one before",
            PROTOCOL_ERROR,
            Splits.glued(goAway(0, 0), goAway(8, 0))),
        new Fault(
            "a header list too large by far",
            PROTOCOL_ERROR,
            Splits.glued(
                frame(HEADERS, 0, 1, Arrays.copyOf(most, 16_000)),
                frame(
                    CONTINUATION, END_HEADERS, 1, Arrays.copyOfRange(most, 16_000, most.length)))));
  }

  /** What is before, and a frame whose padding is said to be longer than all of it. */
  private static byte[] padded(int type, byte... before) {
    return Splits.glued(before, frame(type, PADDED | END_HEADERS, 1, number(200 << 24)));
  }

  /** A head of which these bytes are the header list. */
  private static byte[] block(int... block) {
    byte[] bytes = new byte[block.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) block[i];
    }
    return frame(HEADERS, END_HEADERS, 1, bytes);
  }

  @ParameterizedTest
  @MethodSource("faults")
  void whatIsWrongAtOnceIsToldWithItsCode(Fault fault) {
    try (TestGateway gateway = gateways.start(LOW);
        Warnings warnings = new Warnings();
        Http2Peer attacker = Http2Peer.connect(gateway.port())) {
      attacker.send(fault.bytes);
      Frame goAway = attacker.readToTheEnd();
      assertThat(goAway).isNotNull();
      assertThat(goAway.number(4)).isEqualTo(fault.code);
      gateways.assertServed(gateway);
      assertThat(warnings.only()).contains("127.0.0.1");
      assertThat(met(gateway, "protocol")).isEqualTo(1);
    }
  }

  @Test
  void aPrefaceThatIsNone() {
    String[] odd = {
      "PRI * HTTP/2.0\r\n\r\nSN\r\n\r\n",
      "PRI * HTTP/2.1\r\n\r\nSM\r\n\r\n",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    };
    try (TestGateway gateway = gateways.start(LOW);
        Warnings warnings = new Warnings()) {
      for (String preface : odd) {
        try (Http2Peer attacker =
            Http2Peer.of(gateway.connect().send(preface.getBytes(StandardCharsets.US_ASCII)))) {
          // The last is right but for what comes first.
          attacker.send(frame(PING, 0, 0, new byte[8]));
          Frame goAway = attacker.readToTheEnd();
          assertThat(goAway).as(preface).isNotNull();
          assertThat(goAway.number(4)).isEqualTo(PROTOCOL_ERROR);
        }
      }
      gateways.assertServed(gateway);
      await().until(() -> warnings.lines().size() >= odd.length);
      assertThat(warnings.lines())
          .hasSize(odd.length)
          .allSatisfy(line -> assertThat(line).contains("127.0.0.1"));
    }
  }

  /** However often a caller may ask, it has to take the answers. */
  @Test
  void pingsOfACallerThatReadsNoAnswers() {
    byte[] pings = new byte[0];
    for (int i = 0; i < 1000; i++) {
      pings = Splits.glued(pings, frame(PING, 0, 0, new byte[8]));
    }
    try (TestGateway gateway = gateways.start("controlRate: 0");
        Warnings warnings = new Warnings();
        Http2Peer attacker = Http2Peer.connect(gateway.port())) {
      try {
        for (int n = 0; n < 50_000 && met(gateway, "control_rate") == 0; n++) {
          attacker.send(pings);
        }
      } catch (UncheckedIOException e) {
        // It is closed while it sends.
      }
      await().until(() -> met(gateway, "control_rate") == 1);
      gateways.assertServed(gateway);
      assertThat(warnings.only()).contains("127.0.0.1");
    }
  }

  @Test
  void aHeaderListThatIsALittleTooLargeEndsItsStreamOnly() {
    try (TestGateway gateway = gateways.start(LOW);
        Warnings warnings = new Warnings();
        Http2Peer caller = Http2Peer.connect(gateway.port())) {
      byte[] list = requestList("Echo", "x", "y".repeat(16_200));
      caller.send(frame(HEADERS, END_HEADERS, 1, list));
      Frame refusal = caller.readUntil(HEADERS);
      assertThat(caller.headers(refusal)).containsEntry(":status", "431");
      caller.send(request(3, "Echo", false), message(3, "hi", true));
      assertThat(caller.readUntil(f -> f.type() == DATA && f.stream() == 3)).isNotNull();
      assertThat(warnings.lines()).isEmpty();
    }
  }

  @Test
  void whatHasComeOfAHeaderListCountsAsHeld() {
    long before = Budget.ofProcess().held();
    byte[] half = new byte[16_000];
    try (TestGateway gateway = gateways.start("maxFrame: 1MiB")) {
      List<Http2Peer> callers = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        Http2Peer caller = Http2Peer.connect(gateway.port());
        callers.add(caller);
        caller.send(frame(HEADERS, 0, 1, half));
        for (int n = 0; n < 9; n++) {
          caller.send(frame(CONTINUATION, 0, 1, half));
        }
      }
      long all = 20L * 10 * half.length;
      await().until(() -> Budget.ofProcess().held() - before >= all);
      callers.forEach(Http2Peer::close);
      await().until(() -> Budget.ofProcess().held() - before < half.length);
    }
  }
}
