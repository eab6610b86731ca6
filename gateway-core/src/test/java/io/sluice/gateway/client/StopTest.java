package io.sluice.gateway.client;

import static io.sluice.gateway.testkit.Frames.data;
import static io.sluice.gateway.testkit.Frames.open;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.Splits;
import io.sluice.gateway.testkit.Standstill;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Thrifts;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A gateway that stops does not wait for a downstream that reads nothing. */
class StopTest {
  private static final int KERNEL_BUFFER = 64 * 1024;
  private static final Duration GRACE = Duration.ofMillis(100);

  /** After the grace, before the gateway's process would give up. */
  private static final Duration STOPPED = Duration.ofSeconds(10);

  /** What the downstream is sent, far more than all buffers on the way take. */
  enum Request {
    CALL {
      @Override
      byte[] bytes() {
        return Thrifts.framed(1, "put", 1, Thrifts.args("x".repeat(32 << 20)));
      }
    },
    STREAM {
      @Override
      byte[] bytes() {
        byte[][] frames = new byte[33][];
        frames[0] = open(1);
        for (int i = 1; i < frames.length; i++) {
          frames[i] = data(1, new byte[1 << 20]);
        }
        return Splits.glued(frames);
      }
    };

    abstract byte[] bytes();
  }

  @ParameterizedTest
  @EnumSource
  void aDownstreamThatDoesNotReadHoldsUpNothing(Request request) {
    CountDownLatch over = new CountDownLatch(1);
    AtomicLong sent = new AtomicLong();
    Downstream downstream = Downstream.serving(KERNEL_BUFFER, (peer, n) -> over.await());
    TestGateway gateway = TestGateway.to(downstream.port());
    try (downstream;
        Peer caller = Peer.connect(gateway.port(), KERNEL_BUFFER)) {
      Thread sender = new Thread(() -> send(caller, request.bytes(), sent), "sender");
      sender.start();
      Standstill.await(sent::get);
      assertThat(gateway.gateway().shutdown(GRACE).toCompletionStage().toCompletableFuture())
          .succeedsWithin(STOPPED)
          .isEqualTo(1);
    } finally {
      over.countDown();
    }
  }

  private static void send(Peer to, byte[] bytes, AtomicLong sent) {
    try {
      for (byte[] piece : Splits.pieces(bytes, 16 * 1024)) {
        to.send(piece);
        sent.addAndGet(piece.length);
      }
    } catch (UncheckedIOException e) {
      // The gateway has stopped.
    }
  }
}
