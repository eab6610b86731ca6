package io.sluice.gateway.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.api.Protocol;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.Journal;
import io.sluice.gateway.testkit.Message;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.Probe;
import io.sluice.gateway.testkit.Splits;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Thrifts;
import io.sluice.gateway.testkit.Vectors;
import io.sluice.gateway.testkit.Vectors.Vector;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What callers may send to a listener, and what closes their connection. */
class ListenerTest {
  private static final String LIMITS =
      "limits: {maxFrame: 1MiB, maxHeader: 4KiB, maxKeys: 16, firstBytesTimeout: 200ms,"
          + " frameTimeout: 300ms, idleTimeout: 1s, maxConnections: 20}";

  private static Downstream downstream;
  private static TestGateway gateway;
  private static final Journal JOURNAL = new Journal();

  @BeforeAll
  static void start() {
    downstream = Downstream.echoing();
    gateway =
        TestGateway.start(
            TestGateway.config("ttheader-framed", "", downstream.port())
                .replace("'127.0.0.1:0'", "'127.0.0.1:0', " + LIMITS),
            1,
            Probe.of("probe", JOURNAL));
  }

  @AfterAll
  static void stop() {
    gateway.close();
    downstream.close();
  }

  @ParameterizedTest
  @MethodSource("io.sluice.gateway.testkit.Vectors#rejects")
  void isRefusedWithoutAWord(Vector vector) {
    int calls = JOURNAL.events().size();
    try (Peer caller = gateway.connect()) {
      caller.send(vector.bytes()).assertClosedWithoutAWord();
    }
    try (Peer caller = gateway.connect()) {
      for (byte[] piece : Splits.random(vector.bytes(), new Random(1))) {
        caller.send(piece);
      }
      caller.assertClosedWithoutAWord();
    } catch (UncheckedIOException e) {
      // Closed upon the first bytes, before the last were sent.
    }
    assertThat(JOURNAL.events()).as("no call has begun").hasSize(calls);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "16030100c8010000c40303", // TLS
        "0a0d0a0d0a0d0a0d", // a terminal
        "00000000000000000000", // nothing
        "7fffffff80010001000000044563686f00000001", // 2 GiB
        "0010000180010001000000044563686f00000001", // one byte beyond the limit
        "00100000800100010010000061", // a name of 1 MiB
        "001000001000000000000001050000000000000000000000", // a header of 5 KiB
        "0000000e8001000500000001610000000100", // a message of Kitex's type 5
        "8001000300000001610000000100", // an exception, Buffered
        "80010001000000016100000001" + "0b000100100000", // a text beyond the limit, Buffered
        "80010001000000016100000001" + "070001", // a field of no type
      })
  void bytesOfNobodyAreRefused(String hex) {
    try (Peer caller = gateway.connect()) {
      caller.send(HexFormat.of().parseHex(hex)).assertClosedWithoutAWord();
    }
  }

  @Test
  void moreKeysThanAllowedAreRefused() {
    Map<Integer, String> keys = new TreeMap<>();
    for (int i = 100; i < 117; i++) {
      keys.put(i, "v");
    }
    try (Peer caller = gateway.connect()) {
      caller
          .send(
              Thrifts.ttheader(Protocol.TTHEADER, keys, Map.of(), 1, "echo", 1, Thrifts.args("x")))
          .assertClosedWithoutAWord();
    }
  }

  @Test
  void whatCameBeforeTheBadBytesIsAnswered() {
    try (Peer caller = gateway.connect()) {
      caller.send(
          Splits.glued(
              Thrifts.call("echo", 1, "one"),
              Thrifts.call("echo", 2, "two"),
              "GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII)));
      assertThat(Thrifts.text(caller.read().body())).isEqualTo("one");
      assertThat(Thrifts.text(caller.read().body())).isEqualTo("two");
      assertThat(caller.read()).isNull();
    }
  }

  @Test
  void everyFramingOnOneConnectionIsAnsweredInKind() {
    List<Vector> calls =
        Vectors.pingPong()
            .filter(v -> v.message().getInteger("message_type") == 1)
            .filter(v -> v.message().getString("method").equals("Echo"))
            .toList();
    assertThat(calls).hasSizeGreaterThan(8);
    try (Peer caller = gateway.connect()) {
      for (int round = 0; round < 3; round++) {
        for (Vector call : calls) {
          for (byte[] piece :
              round == 0 ? List.of(call.bytes()) : Splits.random(call.bytes(), new Random(round))) {
            caller.send(piece);
          }
          Message reply = caller.read();
          assertThat(reply).as(call.name()).isNotNull();
          assertThat(reply.type()).isEqualTo(2);
          assertThat(reply.framing()).isEqualTo(call.framing());
          assertThat(reply.codec()).isEqualTo(call.codec());
          assertThat(reply.seqId()).isEqualTo(call.message().getInteger("seq_id"));
          assertThat(reply.flags()).isZero();
        }
      }
    }
  }

  @Test
  void aConnectionThatSaysNothingIsClosed() {
    long begin = System.nanoTime();
    try (Peer caller = gateway.connect()) {
      caller.send(new byte[] {0, 0, 0}).assertClosedWithoutAWord();
    }
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isGreaterThan(Duration.ofMillis(190));
  }

  @Test
  void aFrameThatIsNotFinishedIsClosed() {
    byte[] call = Thrifts.call("echo", 1, "hello");
    try (Peer caller = gateway.connect()) {
      caller.send(call);
      assertThat(caller.read().type()).isEqualTo(2);
      caller.send(Arrays.copyOf(call, call.length - 1)).assertClosedWithoutAWord();
    }
  }

  @Test
  void anIdleConnectionIsClosed() {
    try (Peer caller = gateway.connect()) {
      assertThat(caller.call("echo", 1, Thrifts.args("hi")).type()).isEqualTo(2);
      caller.assertClosedWithoutAWord();
    }
  }

  @Test
  void connectionsBeyondTheLimitAreClosedAndOthersGoOn() {
    List<Peer> callers = new ArrayList<>();
    // Those of other tests may not have been counted off yet.
    await().until(() -> open() == 0);
    for (int i = 0; i < 20; i++) {
      Peer caller = gateway.connect();
      callers.add(caller);
      caller.call("echo", 1, Thrifts.args("hi"));
    }
    try (Peer oneTooMany = gateway.connect()) {
      oneTooMany.assertClosedWithoutAWord();
    }
    callers.get(0).call("echo", 2, Thrifts.args("hi"));
    callers.forEach(Peer::close);
    await().until(() -> open() == 0);
    try (Peer again = gateway.connect()) {
      again.call("echo", 1, Thrifts.args("hi"));
    }
  }

  private static double open() {
    return gateway.registry().get("sluice.connections").gauge().value();
  }
}
