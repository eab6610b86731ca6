package io.sluice.gateway.client;

import static io.sluice.gateway.testkit.Frames.data;
import static io.sluice.gateway.testkit.Frames.open;
import static io.sluice.gateway.testkit.Frames.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufAllocatorMetricProvider;
import io.sluice.gateway.loop.Budget;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.Frames;
import io.sluice.gateway.testkit.Journal;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.Peer.StreamFrame;
import io.sluice.gateway.testkit.Probe;
import io.sluice.gateway.testkit.Splits;
import io.sluice.gateway.testkit.Standstill;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.wire.ttstream.FrameType;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Floods of ttstream toward somebody who does not read: the gateway keeps little of them, and on a
 * connection of many streams the flooded one alone is ended.
 */
class StalledStreamTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final int KERNEL_BUFFER = 64 * 1024;
  private static final byte[] MESSAGE = new byte[16 * 1024];

  /** Far more than all buffers on the way take. */
  private static final int MESSAGES = 16 * 1024;

  /** What the gateway may keep of one flood, and what the allocator takes at a time. */
  private static final long KEPT = 24 << 20;

  private final Journal journal = new Journal();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final AtomicLong flooded = new AtomicLong();
  private final AtomicInteger resets = new AtomicInteger();
  private final AtomicInteger opened = new AtomicInteger();

  @AfterEach
  void stop() {
    threads.shutdownNow();
  }

  private TestGateway gateway(Downstream downstream, String limits, String settings) {
    String config =
        TestGateway.config("framed", "", downstream.port())
            .replace("idleTimeout: 1s", settings)
            .replace("'127.0.0.1:0'", "'127.0.0.1:0', limits: {" + limits + "}");
    return TestGateway.start(config, 1, Probe.of("a", journal));
  }

  private static long directMemory() {
    return ((ByteBufAllocatorMetricProvider) ByteBufAllocator.DEFAULT).metric().usedDirectMemory();
  }

  /** Sends until all is sent or the connection is gone. */
  private void flood(Peer to, int id) {
    byte[] frame = data(id, MESSAGE);
    try {
      for (int i = 0; i < MESSAGES; i++) {
        // Whole frames: others write to this connection too.
        synchronized (to) {
          to.send(frame);
        }
        flooded.addAndGet(MESSAGE.length);
      }
    } catch (UncheckedIOException e) {
      // The test is over.
    }
  }

  /** Floods the streams in which it is asked to, and echoes what is said in the others. */
  private Downstream floodingOrEchoing() {
    return Downstream.serving(
        (peer, n) -> {
          for (StreamFrame f = peer.readFrame(); f != null; f = peer.readFrame()) {
            StreamFrame frame = f;
            if (f.type() == FrameType.HEADER) {
              opened.incrementAndGet();
            }
            if (f.type() == FrameType.RST) {
              resets.incrementAndGet();
            } else if (f.type() == FrameType.DATA && text(f).equals("flood")) {
              threads.execute(() -> flood(peer, frame.id()));
            } else {
              synchronized (peer) {
                Frames.echo(peer, f);
              }
            }
          }
        });
  }

  @Test
  void aCallerThatDoesNotReadLosesItsStreamAndItsNeighboursGoOn() {
    long before = directMemory();
    try (Downstream downstream = floodingOrEchoing();
        TestGateway gateway = gateway(downstream, "", "maxConnections: 1, stallTimeout: 1s");
        Peer neighbour = gateway.connect();
        Peer slow = Peer.connect(gateway.port(), KERNEL_BUFFER)) {
      neighbour.send(Splits.glued(open(1), data(1, "one")));
      assertThat(neighbour.readFrame().type()).isEqualTo(FrameType.HEADER);
      assertThat(text(neighbour.readFrame())).isEqualTo("<one>");
      slow.send(Splits.glued(open(1), data(1, "flood")));
      await().atMost(PATIENCE).until(() -> flooded.get() > MESSAGE.length * 64L);
      neighbour.send(data(1, "two"));
      assertThat(text(neighbour.readFrame())).isEqualTo("<two>");
      assertThat(directMemory() - before).as("bytes of direct memory").isLessThan(KEPT);
      await().atMost(PATIENCE).until(() -> resets.get() == 1);
      neighbour.send(data(1, "three"));
      assertThat(text(neighbour.readFrame())).isEqualTo("<three>");
      assertThat(downstream.accepted()).isEqualTo(1);
      journal.assertCompletedOnce("a");
      assertThat(journal.ends().get(0).text())
          .isEqualTo("request over limit: the caller does not read its answer");
    }
  }

  /** With a connection of its own it may take all the time in the world. */
  @Test
  void aStreamThatIsAloneWaitsForItsCaller() {
    long before = directMemory();
    try (Downstream downstream = floodingOrEchoing();
        TestGateway gateway = gateway(downstream, "", "stallTimeout: 10ms");
        Peer slow = Peer.connect(gateway.port(), KERNEL_BUFFER)) {
      slow.send(Splits.glued(open(1), data(1, "flood")));
      Standstill.await(flooded::get);
      assertThat(flooded.get()).isLessThan((long) MESSAGES * MESSAGE.length / 2);
      assertThat(directMemory() - before).as("bytes of direct memory").isLessThan(KEPT);
      assertThat(slow.readFrame().type()).isEqualTo(FrameType.HEADER);
      for (int i = 0; i < MESSAGES; i++) {
        assertThat(slow.readFrame().payload()).hasSize(MESSAGE.length);
      }
      assertThat(journal.ends()).isEmpty();
    }
  }

  /** Else each would have its own answers wait for it. */
  @Test
  void noStreamBeginsWhileItsCallerDoesNotRead() {
    try (Downstream downstream = floodingOrEchoing();
        TestGateway gateway = gateway(downstream, "", "stallTimeout: 1m");
        Peer slow = Peer.connect(gateway.port(), KERNEL_BUFFER)) {
      slow.send(Splits.glued(open(1), data(1, "flood")));
      Standstill.await(flooded::get);
      slow.send(Splits.glued(open(2), data(2, "two")));
      await().atMost(PATIENCE).during(Duration.ofMillis(500)).until(() -> opened.get() == 1);
      StreamFrame frame = slow.readFrame();
      while (frame.id() == 1) {
        frame = slow.readFrame();
      }
      assertThat(frame.type()).isEqualTo(FrameType.HEADER);
      slow.release();
    }
  }

  /** Messages of requests that have passed the gateway. */
  private static long messages(TestGateway gateway) {
    return gateway
        .registry()
        .get("sluice.stream.messages")
        .tag("direction", "request")
        .functionCounters()
        .stream()
        .mapToLong(counter -> (long) counter.count())
        .sum();
  }

  /** Reads no more of a connection on which a stream asks it to sleep, until it is woken. */
  private static Downstream sleepingOrEchoing(CountDownLatch woken) {
    return Downstream.serving(
        KERNEL_BUFFER,
        (peer, n) -> {
          long bytes = 0;
          for (StreamFrame f = peer.readFrame(); f != null; f = peer.readFrame()) {
            if (f.type() == FrameType.DATA && f.payload().length == MESSAGE.length) {
              bytes += f.payload().length;
            } else if (f.type() == FrameType.DATA && text(f).equals("sleep")) {
              woken.await(1, TimeUnit.MINUTES);
            } else if (f.type() == FrameType.DATA && text(f).equals("how many?")) {
              peer.send(data(f.id(), "" + bytes));
            } else {
              Frames.echo(peer, f);
            }
          }
        });
  }

  @Test
  void aStreamWhoseDownstreamDoesNotReadIsEndedAndItsNeighboursGoOn() {
    long before = directMemory();
    CountDownLatch woken = new CountDownLatch(1);
    try (Downstream downstream = sleepingOrEchoing(woken);
        TestGateway gateway = gateway(downstream, "stallTimeout: 1s", "idleTimeout: 1m");
        Peer caller = Peer.connect(gateway.port(), KERNEL_BUFFER)) {
      caller.send(open(2));
      assertThat(caller.readFrame().type()).isEqualTo(FrameType.HEADER);
      caller.send(Splits.glued(open(1), data(1, "sleep")));
      assertThat(caller.readFrame().type()).isEqualTo(FrameType.HEADER);
      threads.execute(
          () -> {
            flood(caller, 1);
            synchronized (caller) {
              caller.send(data(2, "still here"));
            }
          });
      StreamFrame frame = caller.readFrame();
      while (frame.type() == FrameType.HEADER) {
        frame = caller.readFrame();
      }
      assertThat(frame.id()).isEqualTo(1);
      assertThat(frame.type()).isEqualTo(FrameType.TRAILER);
      assertThat(Frames.exception(frame).text())
          .isEqualTo("request over limit: the downstream does not read its stream");
      assertThat(directMemory() - before).as("bytes of direct memory").isLessThan(KEPT);
      assertThat(text(caller.readFrame())).isEqualTo("<still here>");
      journal.assertCompletedOnce("a");
      // Else what is written to it would keep the gateway from closing at once.
      woken.countDown();
    } finally {
      woken.countDown();
    }
  }

  /** It was alone when it stood still, so nothing more was read. */
  @Test
  void aStreamThatBeginsBehindOneThatStandsStillIsServed() {
    CountDownLatch woken = new CountDownLatch(1);
    long before = Budget.ofProcess().held();
    try (Downstream downstream = sleepingOrEchoing(woken);
        TestGateway gateway = gateway(downstream, "stallTimeout: 200ms", "idleTimeout: 1m");
        Peer caller = Peer.connect(gateway.port(), KERNEL_BUFFER)) {
      caller.send(Splits.glued(open(1), data(1, "sleep")));
      assertThat(caller.readFrame().type()).isEqualTo(FrameType.HEADER);
      // One by one, so that no more is on its way than makes it stand still.
      BooleanSupplier still = () -> Budget.ofProcess().held() - before > 1 << 20;
      for (int sent = 1; !still.getAsBoolean(); sent++) {
        int passed = sent + 1;
        caller.send(data(1, MESSAGE));
        await()
            .pollDelay(Duration.ZERO)
            .pollInterval(Duration.ofMillis(1))
            .atMost(PATIENCE)
            .until(() -> still.getAsBoolean() || messages(gateway) == passed);
      }
      caller.send(Splits.glued(open(2), data(2, "still here")));
      StreamFrame frame = caller.readFrame();
      boolean ended = false;
      while (frame.type() != FrameType.DATA) {
        ended |= frame.id() == 1 && frame.type() == FrameType.TRAILER;
        frame = caller.readFrame();
      }
      assertThat(frame.id()).isEqualTo(2);
      assertThat(text(frame)).isEqualTo("<still here>");
      if (!ended) {
        assertThat(caller.readFrame().id()).isEqualTo(1);
      }
      assertThat(journal.ends().get(0).text())
          .isEqualTo("request over limit: the downstream does not read its stream");
      woken.countDown();
    } finally {
      woken.countDown();
    }
  }

  @Test
  void aStreamThatIsAloneWaitsForItsDownstream() {
    long before = directMemory();
    CountDownLatch woken = new CountDownLatch(1);
    try (Downstream downstream = sleepingOrEchoing(woken);
        TestGateway gateway = gateway(downstream, "stallTimeout: 10ms", "idleTimeout: 1m");
        Peer caller = Peer.connect(gateway.port(), KERNEL_BUFFER)) {
      caller.send(Splits.glued(open(1), data(1, "sleep")));
      assertThat(caller.readFrame().type()).isEqualTo(FrameType.HEADER);
      threads.execute(
          () -> {
            flood(caller, 1);
            caller.send(data(1, "how many?"));
          });
      Standstill.await(flooded::get);
      assertThat(flooded.get()).isLessThan((long) MESSAGES * MESSAGE.length / 2);
      assertThat(directMemory() - before).as("bytes of direct memory").isLessThan(KEPT);
      woken.countDown();
      StreamFrame frame = caller.readFrame();
      while (frame.type() == FrameType.HEADER) {
        frame = caller.readFrame();
      }
      assertThat(text(frame)).isEqualTo("" + (long) MESSAGES * MESSAGE.length);
    } finally {
      woken.countDown();
    }
  }
}
