package io.sluice.gateway.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.api.Codec;
import io.sluice.api.Protocol;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.Message;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Thrifts;
import io.sluice.gateway.wire.thrift.ThriftHead;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A listener that goes loses no call that it has read, and tells those that it has to cut off. */
class DrainTest {
  private static final Duration LONG = Duration.ofSeconds(20);

  private final CountDownLatch answer = new CountDownLatch(1);
  private final AtomicInteger heard = new AtomicInteger();
  private final Downstream downstream =
      Downstream.serving(
          (peer, connection) -> {
            for (Message m = peer.read(); m != null; m = peer.read()) {
              heard.incrementAndGet();
              if (m.method().equals("slow")) {
                answer.await();
              }
              peer.send(Thrifts.echo(m));
            }
          });
  private final TestGateway gateway = TestGateway.to(downstream.port());

  @AfterEach
  void stop() {
    answer.countDown();
    downstream.close();
  }

  private static byte[] call(Protocol framing, String method, int seqId) {
    return Thrifts.in(framing, Codec.THRIFT, ThriftHead.CALL, method, seqId, Thrifts.args("hi"));
  }

  private static int lost(Future<Integer> stopped) {
    return TestGateway.get(stopped);
  }

  @ParameterizedTest
  @EnumSource(names = {"BUFFERED", "FRAMED", "TTHEADER", "TTHEADER_FRAMED"})
  void anOpenCallIsAnsweredAndThenTheConnectionCloses(Protocol framing) {
    try (Peer caller = gateway.connect()) {
      caller.send(call(framing, "slow", 1));
      await().until(() -> heard.get() == 1);
      Future<Integer> stopped = gateway.gateway().shutdown(LONG);
      caller.assertSilentFor(300);
      answer.countDown();
      Message reply = caller.read();
      assertThat(reply.type()).isEqualTo(ThriftHead.REPLY);
      if (framing.carriesMetadata()) {
        assertThat(reply.strings()).containsEntry("crrst", "1");
      }
      caller.assertClosedWithoutAWord();
      assertThat(lost(stopped)).isZero();
    }
  }

  @Test
  void callsThatAreJustArrivingAreServed() {
    try (Peer idle = gateway.connect();
        Peer silent = gateway.connect();
        Peer late = gateway.connect()) {
      idle.call("echo", 1, Thrifts.args("hi"));
      late.send(new byte[] {0, 0, 0});
      Future<Integer> stopped = gateway.gateway().shutdown(LONG);
      Message reply = idle.call("echo", 2, Thrifts.args("hi"));
      assertThat(reply.type()).isEqualTo(ThriftHead.REPLY);
      idle.assertClosedWithoutAWord();
      silent.assertClosedWithoutAWord();
      late.assertClosedWithoutAWord();
      assertThat(lost(stopped)).isZero();
    }
  }

  /** One that is never silent cannot be told in Framed, and is left after an answer. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aCallerThatGoesOnIsLeftAfterAnAnswer(boolean multiplexes) {
    try (Peer caller = gateway.connect()) {
      caller.call("echo", 0, Thrifts.args("hi"));
      Future<Integer> stopped = gateway.gateway().shutdown(LONG);
      AtomicInteger sent = new AtomicInteger();
      Thread writer =
          new Thread(
              () -> {
                try {
                  while (true) {
                    int seqId = sent.incrementAndGet();
                    caller.send(
                        multiplexes
                            ? Thrifts.multiplexed("echo", seqId, Thrifts.args("hi"))
                            : Thrifts.call("echo", seqId, "hi"));
                    if (seqId % 100 == 0) {
                      Thread.yield();
                    }
                  }
                } catch (RuntimeException e) {
                  // Closed.
                }
              });
      writer.setDaemon(true);
      writer.start();
      int answered = 0;
      while (caller.read() != null) {
        answered++;
      }
      assertThat(answered).isPositive();
      assertThat(lost(stopped)).isZero();
    }
  }

  @Test
  void callsAreCutOffAtTheEndOfTheGrace() {
    try (Peer one = gateway.connect();
        Peer two = gateway.connect();
        Peer idle = gateway.connect()) {
      idle.call("echo", 1, Thrifts.args("hi"));
      one.send(call(Protocol.FRAMED, "slow", 1));
      two.send(Thrifts.multiplexed("slow", 1, Thrifts.args("a")));
      two.send(Thrifts.multiplexed("slow", 2, Thrifts.args("b")));
      await().until(() -> heard.get() == 4);
      assertThat(lost(gateway.gateway().shutdown(Duration.ofMillis(300)))).isEqualTo(3);
      one.assertClosedWithoutAWord();
      two.assertClosedWithoutAWord();
    }
  }
}
