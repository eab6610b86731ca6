package io.sluice.gateway.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Thrifts;
import io.sluice.gateway.wire.ttstream.FrameWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Callers that take more than they may: others do not notice, and the metrics tell which limit. */
class GuardTest {
  private static Downstream downstream;

  @BeforeAll
  static void start() {
    downstream = Downstream.echoing();
  }

  @AfterAll
  static void stop() {
    downstream.close();
  }

  private static TestGateway gateway(String limits) {
    return gateway(limits, downstream.port());
  }

  private static TestGateway gateway(String limits, int port) {
    return TestGateway.start(
        TestGateway.config("framed", "", port)
            .replace("'127.0.0.1:0'", "'127.0.0.1:0', limits: {" + limits + "}"),
        2);
  }

  private static void awaitMet(TestGateway gateway, String limit, double times) {
    await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(() -> assertThat(met(gateway, limit)).isEqualTo(times));
  }

  private static double met(TestGateway gateway, String limit) {
    return gateway.registry().get("sluice.limits").tag("limit", limit).functionCounter().count();
  }

  private static double open(TestGateway gateway) {
    return gateway.registry().get("sluice.connections").gauge().value();
  }

  @Test
  void aCallerThatTakesNothingOfItsAnswersIsClosedAndOneThatIsQuietIsNot() {
    try (TestGateway gateway = gateway("writeTimeout: 300ms");
        Peer quiet = gateway.connect();
        Peer stalled = Peer.connect(gateway.port(), 8192)) {
      quiet.call("echo", 1, Thrifts.args("hi"));
      stalled.send(Thrifts.call("echo", 1, "x".repeat(16 << 20)));
      awaitMet(gateway, "write_timeout", 1);
      await().until(() -> open(gateway) == 1);
      quiet.call("echo", 2, Thrifts.args("hi"));
    }
  }

  @Test
  void aCallerThatTakesItsAnswersLateButInTimeGetsThemAll() {
    String large = "x".repeat(16 << 20);
    try (TestGateway gateway = gateway("writeTimeout: 20s");
        Peer late = Peer.connect(gateway.port(), 8192)) {
      late.send(Thrifts.call("echo", 1, large));
      await().pollDelay(Duration.ofMillis(500)).until(() -> true);
      assertThat(Thrifts.text(late.read().body())).hasSize(large.length());
      assertThat(met(gateway, "write_timeout")).isZero();
    }
  }

  @Test
  void aCallerThatTakesNothingOfItsAnswersDoesNotKeepTheGatewayFromStopping() {
    TestGateway gateway = gateway("writeTimeout: 1h");
    try (Peer stalled = Peer.connect(gateway.port(), 8192)) {
      stalled.send(Thrifts.call("echo", 1, "x".repeat(16 << 20)));
      await().until(() -> stalled.readSome(1).length == 1);
      gateway.close();
    }
  }

  private static byte[] open(int stream) {
    FrameWriter writer = new FrameWriter(UnpooledByteBufAllocator.DEFAULT);
    return Thrifts.bytes(writer.open(stream, "Svc", "Chat", new Headers(Headers.Dialect.TTHEADER)));
  }

  private static byte[] data(int stream, int length) {
    FrameWriter writer = new FrameWriter(UnpooledByteBufAllocator.DEFAULT);
    return Thrifts.bytes(writer.data(stream, "Chat", Unpooled.wrappedBuffer(new byte[length])));
  }

  @Test
  void aConnectionThatHoldsMoreThanItMayIsClosed() {
    CountDownLatch over = new CountDownLatch(1);
    try (Downstream stuck = Downstream.serving(8192, (peer, n) -> over.await());
        TestGateway gateway =
            gateway("maxFrame: 1MiB, maxHeader: 1KiB, maxBuffered: 1KiB", stuck.port());
        Peer greedy = gateway.connect();
        Peer modest = gateway.connect()) {
      modest.send(open(1)).send(data(1, 1000));
      // Each stream has less than stops the reading; together they are too much.
      for (int stream = 1; stream <= 64; stream++) {
        greedy.send(open(stream));
      }
      try {
        for (int stream = 1; stream <= 64; stream++) {
          greedy.send(data(stream, 900_000));
        }
      } catch (UncheckedIOException e) {
        // It is closed while it sends.
      }
      awaitMet(gateway, "max_buffered", 1);
      await().until(() -> open(gateway) == 1);
      over.countDown();
    }
  }

  @Test
  void aPeerThatConnectsTooFastIsRefusedUntilItIsSlower() {
    try (TestGateway gateway = gateway("connectionRate: 4")) {
      List<Peer> callers = new ArrayList<>();
      while (met(gateway, "connection_rate") == 0) {
        callers.add(gateway.connect());
        assertThat(callers).hasSizeLessThan(1000);
      }
      assertThat(callers).hasSizeGreaterThan(4);
      // Not the first of them for certain: each loop takes its own when it comes to them.
      assertThat(callers).anyMatch(GuardTest::isServed);
      callers.forEach(Peer::close);
      await()
          .until(
              () -> {
                try (Peer again = gateway.connect()) {
                  return isServed(again);
                }
              });
    }
  }

  private static boolean isServed(Peer caller) {
    try {
      return caller.send(Thrifts.call("echo", 1, "hi")).read() != null;
    } catch (UncheckedIOException refused) {
      return false;
    }
  }

  /** A caller that has nothing more to say: the next is not to wait in silence beside it. */
  private static Peer answered(TestGateway gateway) {
    Peer peer = gateway.connect();
    peer.call("echo", 1, Thrifts.args("hi"));
    return peer;
  }

  @Test
  void everyLimitIsCounted() {
    String limits =
        "maxConnections: 2, firstBytesTimeout: 100ms, frameTimeout: 100ms, idleTimeout: 1s";
    try (TestGateway gateway = gateway(limits)) {
      try (Peer mute = gateway.connect()) {
        mute.assertClosedWithoutAWord();
      }
      awaitMet(gateway, "first_bytes_timeout", 1);
      try (Peer half = gateway.connect()) {
        half.send(HexFormat.of().parseHex("0000001080010001")).assertClosedWithoutAWord();
      }
      awaitMet(gateway, "frame_timeout", 1);
      try (Peer odd = gateway.connect()) {
        odd.send(HexFormat.of().parseHex("16030100c8010000")).assertClosedWithoutAWord();
      }
      awaitMet(gateway, "protocol", 1);
      await().until(() -> open(gateway) == 0);
      try (Peer one = answered(gateway);
          Peer two = answered(gateway)) {
        try (Peer three = gateway.connect()) {
          three.assertClosedWithoutAWord();
        }
        awaitMet(gateway, "max_connections", 1);
        one.assertClosedWithoutAWord();
        two.assertClosedWithoutAWord();
        awaitMet(gateway, "idle_timeout", 2);
      }
      assertThat(gateway.registry().scrape())
          .contains("sluice_limits_total{limit=\"idle_timeout\"} 2.0")
          .contains("sluice_limits_total{limit=\"memory\"} 0.0")
          .contains("sluice_memory_held_bytes")
          .contains("sluice_event_loop_lag_seconds_max{loop=\"");
    }
  }

  @Test
  void thousandsOfIdleConnectionsHarmNobodyAndGoWhenTheirTimeIsOver() throws IOException {
    int idle = 5000;
    byte[] call = Thrifts.call("echo", 1, "hi");
    try (TestGateway gateway = gateway("idleTimeout: 10s");
        Peer neighbour = gateway.connect()) {
      List<SocketChannel> silent = new ArrayList<>();
      try {
        ByteBuffer answer = ByteBuffer.allocate(256);
        for (int i = 0; i < idle; i++) {
          SocketChannel caller =
              SocketChannel.open(new InetSocketAddress("127.0.0.1", gateway.port()));
          silent.add(caller);
          caller.write(ByteBuffer.wrap(call));
          assertThat(caller.read(answer.clear())).isPositive();
          if (i % 50 == 0) {
            neighbour.call("echo", i, Thrifts.args("hi"));
          }
        }
        assertThat(open(gateway)).isEqualTo(idle + 1);
        await()
            .atMost(Duration.ofSeconds(50))
            .pollInterval(Duration.ofMillis(100))
            .until(
                () -> {
                  neighbour.call("echo", 7, Thrifts.args("hi"));
                  return open(gateway) == 1;
                });
        assertThat(met(gateway, "idle_timeout")).isEqualTo(idle);
      } finally {
        for (SocketChannel caller : silent) {
          caller.close();
        }
      }
    }
  }
}
