package io.sluice.gateway.server;

import static io.sluice.gateway.testkit.Http2Peer.CONTINUATION;
import static io.sluice.gateway.testkit.Http2Peer.DATA;
import static io.sluice.gateway.testkit.Http2Peer.END_HEADERS;
import static io.sluice.gateway.testkit.Http2Peer.GOAWAY;
import static io.sluice.gateway.testkit.Http2Peer.HEADERS;
import static io.sluice.gateway.testkit.Http2Peer.INITIAL_WINDOW;
import static io.sluice.gateway.testkit.Http2Peer.PADDED;
import static io.sluice.gateway.testkit.Http2Peer.PING;
import static io.sluice.gateway.testkit.Http2Peer.PRIORITY;
import static io.sluice.gateway.testkit.Http2Peer.RST_STREAM;
import static io.sluice.gateway.testkit.Http2Peer.frame;
import static io.sluice.gateway.testkit.Http2Peer.message;
import static io.sluice.gateway.testkit.Http2Peer.number;
import static io.sluice.gateway.testkit.Http2Peer.request;
import static io.sluice.gateway.testkit.Http2Peer.requestList;
import static io.sluice.gateway.testkit.Http2Peer.reset;
import static io.sluice.gateway.testkit.Http2Peer.settings;
import static io.sluice.gateway.testkit.Http2Peer.windowUpdate;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.gateway.loop.Budget;
import io.sluice.gateway.testkit.GrpcPeers;
import io.sluice.gateway.testkit.Http2Peer;
import io.sluice.gateway.testkit.Http2Peer.Frame;
import io.sluice.gateway.testkit.Splits;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Warnings;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.grpc.client.GrpcClientRequest;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
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
  private static final int ENHANCE_YOUR_CALM = 11;
  private static final String LOW = "controlRate: 200, maxHeader: 16KiB";

  private static GrpcPeers peers;
  private static int downstream;

  @BeforeAll
  static void start() {
    peers = new GrpcPeers();
    // It is not the downstream's guard that is tried.
    HttpServerOptions patient =
        new HttpServerOptions().setHttp2RstFloodMaxRstFramePerWindow(1_000_000);
    downstream =
        peers.serve(
            patient,
            call -> {
              call.handler(
                  m -> {
                    if (!call.methodName().equals("Silent")) {
                      call.response().write(Buffer.buffer("<" + m + ">"));
                    }
                  });
              call.endHandler(
                  end -> {
                    if (!call.methodName().equals("Silent")) {
                      call.response().end();
                    }
                  });
            });
  }

  @AfterAll
  static void stop() {
    peers.close();
  }

  private static TestGateway gateway(String limits, String route) {
    return TestGateway.start(
        TestGateway.config("framed", route, downstream)
            .replace("'127.0.0.1:0'", "'127.0.0.1:0', limits: {" + limits + "}"),
        2);
  }

  private static double met(TestGateway gateway, String limit) {
    return gateway.registry().get("sluice.limits").tag("limit", limit).functionCounter().count();
  }

  private static void assertServed(TestGateway gateway) {
    GrpcClientRequest<Buffer, Buffer> request = peers.open(gateway.port(), "Echo");
    Future<GrpcPeers.Answer> answer = GrpcPeers.listen(request);
    GrpcPeers.say(request, List.of("hi"));
    assertThat(TestGateway.get(answer).messages()).containsExactly("<hi>");
  }

  private static int stream(int call) {
    return 2 * call + 1;
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

    /** One that spoils streams that it opens. */
    static Attack spoils(String name, IntFunction<byte[]> bad) {
      return of(
          name,
          "reset_rate",
          "opens streams and spoils them",
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
    return Stream.of(
        Attack.of(
            "rapid reset",
            "reset_rate",
            "opens streams and cancels them",
            n -> Splits.glued(request(stream(n), "Silent", false), reset(stream(n), CANCEL))),
        Attack.spoils("a window update of 0", id -> windowUpdate(id, 0)),
        Attack.spoils("a window beyond all", id -> windowUpdate(id, Integer.MAX_VALUE)),
        Attack.spoils(
            "a stream that depends on itself",
            id -> frame(PRIORITY, 0, id, Splits.glued(number(id), new byte[1]))),
        Attack.spoils("half a PRIORITY", id -> frame(PRIORITY, 0, id, number(0))),
        Attack.of(
            "data behind the end",
            "reset_rate",
            "opens streams and spoils them",
            n ->
                Splits.glued(
                    request(stream(n), "Silent", true), frame(DATA, 0, stream(n), number(1)))),
        Attack.spoils("a second head", id -> request(id, "Silent", false)),
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
            "the last of them one of a stream that is over",
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
                    : frame(HEADERS, 0, 1, requestList("Silent"))));
  }

  @ParameterizedTest
  @MethodSource("attacks")
  void anAttackIsCutAndTheNeighbourNoticesNothing(Attack attack) {
    String limits = attack.limit.equals("reset_rate") ? "resetRate: 100" : LOW;
    try (TestGateway gateway = gateway(limits, "");
        Warnings warnings = new Warnings()) {
      GrpcClientRequest<Buffer, Buffer> neighbour = peers.open(gateway.port(), "Echo");
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
        assertServed(gateway);
        GrpcPeers.say(neighbour, List.of("after"));
        assertThat(TestGateway.get(answer).messages()).containsExactly("<before>", "<after>");
        assertThat(met(gateway, attack.limit)).isEqualTo(1);
        assertThat(warnings.lines())
            .singleElement()
            .asString()
            .containsIgnoringCase(attack.says)
            .contains("127.0.0.1");
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
    byte[] most = requestList("Silent", "x", "y".repeat(30_000));
    return Stream.of(
        new Fault(
            "more padding than payload",
            PROTOCOL_ERROR,
            Splits.glued(request(1, "Silent", false), frame(DATA, PADDED, 1, number(200 << 24)))),
        new Fault("a ping of a stream", PROTOCOL_ERROR, frame(PING, 0, 1, new byte[8])),
        new Fault(
            "a header list too large by far",
            PROTOCOL_ERROR,
            Splits.glued(
                frame(HEADERS, 0, 1, Arrays.copyOf(most, 16_000)),
                frame(
                    CONTINUATION, END_HEADERS, 1, Arrays.copyOfRange(most, 16_000, most.length)))));
  }

  @ParameterizedTest
  @MethodSource("faults")
  void whatIsWrongAtOnceIsToldWithItsCode(Fault fault) {
    try (TestGateway gateway = gateway(LOW, "");
        Warnings warnings = new Warnings();
        Http2Peer attacker = Http2Peer.connect(gateway.port())) {
      attacker.send(fault.bytes);
      Frame goAway = attacker.readToTheEnd();
      assertThat(goAway).isNotNull();
      assertThat(goAway.number(4)).isEqualTo(fault.code);
      assertServed(gateway);
      assertThat(warnings.lines()).singleElement().asString().contains("127.0.0.1");
      assertThat(met(gateway, "protocol")).isEqualTo(1);
    }
  }

  @Test
  void aHeaderListThatIsALittleTooLargeEndsItsStreamOnly() {
    try (TestGateway gateway = gateway(LOW, "");
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
    try (TestGateway gateway = gateway("maxFrame: 1MiB", "")) {
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

  @Test
  void windowsThatNeverOpen() {
    try (TestGateway gateway = gateway("windowTimeout: 500ms", "");
        Warnings warnings = new Warnings();
        Http2Peer attacker = Http2Peer.connect(gateway.port(), INITIAL_WINDOW, 0)) {
      for (int n = 0; n < 20; n++) {
        attacker.send(request(stream(n), "Echo", false), message(stream(n), "hi", true));
      }
      Frame goAway = attacker.readToTheEnd();
      assertThat(goAway).isNotNull();
      assertThat(goAway.number(4)).isEqualTo(ENHANCE_YOUR_CALM);
      assertThat(met(gateway, "window_timeout")).isEqualTo(1);
      assertThat(warnings.lines()).singleElement().asString().contains("opened no window");
    }
  }

  @Test
  void aStreamMayWaitForItsWindowWhileOthersAreRead() {
    try (TestGateway gateway = gateway("windowTimeout: 1s", "");
        Http2Peer caller = Http2Peer.connect(gateway.port(), INITIAL_WINDOW, 0)) {
      caller.send(request(1, "Echo", false), message(1, "waits", true));
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(4);
      int n = 1;
      while (System.nanoTime() < end) {
        int id = stream(n++);
        caller.send(request(id, "Echo", false), windowUpdate(id, 1000), message(id, "hi", true));
        assertThat(caller.readUntil(f -> f.type() == DATA && f.stream() == id)).isNotNull();
      }
      caller.send(windowUpdate(1, 1000));
      assertThat(caller.readUntil(f -> f.type() == DATA && f.stream() == 1)).isNotNull();
    }
  }

  @Test
  void aThousandCancelsASecondCostNothing() {
    try (TestGateway gateway = gateway("maxFrame: 1MiB", "");
        Warnings warnings = new Warnings();
        Http2Peer caller = Http2Peer.connect(gateway.port())) {
      long start = System.nanoTime();
      int[] cancelled = {0};
      await()
          .atMost(Duration.ofSeconds(60))
          .pollInterval(Duration.ofMillis(10))
          .until(
              () -> {
                long due = (System.nanoTime() - start) / TimeUnit.MILLISECONDS.toNanos(1);
                for (; cancelled[0] < Math.min(due, 4000); cancelled[0]++) {
                  int id = stream(cancelled[0]);
                  caller.send(request(id, "Silent", false), reset(id, CANCEL));
                }
                return cancelled[0] == 4000;
              });
      int last = stream(cancelled[0]);
      caller.send(request(last, "Echo", false), message(last, "hi", true));
      assertThat(caller.readUntil(f -> f.type() == DATA && f.stream() == last)).isNotNull();
      assertThat(warnings.lines()).isEmpty();
    }
  }

  @Test
  void answeredCallsMakeUpForCancelledOnes() {
    try (TestGateway gateway = gateway("resetRate: 20", "");
        Warnings warnings = new Warnings();
        Http2Peer caller = Http2Peer.connect(gateway.port())) {
      for (int n = 0; n < 400; n += 2) {
        int cancelled = stream(n);
        int answered = stream(n + 1);
        caller.send(
            request(cancelled, "Silent", false),
            reset(cancelled, CANCEL),
            request(answered, "Echo", true));
        assertThat(caller.readUntil(f -> f.type() == HEADERS && f.stream() == answered))
            .isNotNull();
      }
      assertThat(warnings.lines()).isEmpty();
    }
  }

  @Test
  void deadlinesThatEndManyStreamsCostNothing() {
    int calls = 600;
    try (TestGateway gateway = gateway("resetRate: 50, controlRate: 200", "timeout: 50ms");
        Warnings warnings = new Warnings();
        Http2Peer caller = Http2Peer.connect(gateway.port())) {
      for (int n = 0; n < calls; n++) {
        caller.send(request(stream(n), "Silent", false));
      }
      int ended = 0;
      while (ended < calls) {
        Frame frame = caller.readUntil(f -> f.type() == HEADERS || f.type() == GOAWAY);
        assertThat(frame).isNotNull();
        assertThat(frame.type()).isEqualTo(HEADERS);
        assertThat(caller.headers(frame)).containsEntry("grpc-status", "4");
        ended++;
      }
      // The gateway has reset them all since they were not half closed; the caller does as well.
      caller.readUntil(f -> f.type() == RST_STREAM && f.stream() == stream(calls - 1));
      for (int n = 0; n < 100; n++) {
        caller.send(reset(stream(n), CANCEL));
      }
      caller.send(request(stream(calls), "Echo", false), message(stream(calls), "hi", true));
      assertThat(caller.readUntil(f -> f.type() == DATA)).isNotNull();
      assertThat(warnings.lines()).isEmpty();
    }
  }
}
