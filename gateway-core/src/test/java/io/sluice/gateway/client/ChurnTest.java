package io.sluice.gateway.client;

import static io.sluice.gateway.testkit.Frames.data;
import static io.sluice.gateway.testkit.Frames.open;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.FunctionCounter;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufAllocatorMetricProvider;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.Frames;
import io.sluice.gateway.testkit.Http2Peer;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.Splits;
import io.sluice.gateway.testkit.TestGateway;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/**
 * Streams that are opened and given up, one after the other, while their downstream does not read:
 * little of them is kept, though no stream is open that could be made to wait.
 */
class ChurnTest {
  private static final int STREAMS = 6000;
  private static final int SIZE = 8 * 1024;
  private static final int CANCEL = 8;
  private static final int KERNEL_BUFFER = 64 * 1024;

  /** What the gateway may keep, and what the allocator takes at a time. */
  private static final long KEPT = 24 << 20;

  private final CountDownLatch over = new CountDownLatch(1);

  private static TestGateway gateway(Downstream downstream) {
    return TestGateway.start(
        TestGateway.config("framed", "", downstream.port())
            .replace("'127.0.0.1:0'", "'127.0.0.1:0', limits: {resetRate: 0, controlRate: 0}"),
        1);
  }

  private static long directMemory() {
    return ((ByteBufAllocatorMetricProvider) ByteBufAllocator.DEFAULT).metric().usedDirectMemory();
  }

  private static void assertAllEnded(TestGateway gateway) {
    await()
        .atMost(Duration.ofSeconds(60))
        .until(
            () ->
                gateway.registry().find("sluice.streams.ended").functionCounters().stream()
                        .mapToDouble(FunctionCounter::count)
                        .sum()
                    == STREAMS);
  }

  @Test
  void streamsOfTtstream() {
    try (Downstream downstream = Downstream.serving(KERNEL_BUFFER, (peer, n) -> over.await())) {
      TestGateway gateway = gateway(downstream);
      try (Peer caller = gateway.connect()) {
        long before = directMemory();
        byte[] message = new byte[SIZE];
        for (int id = 1; id <= STREAMS; id++) {
          caller.send(
              Splits.glued(open(id), data(id, message), Frames.reset(id, 12007, "enough", "")));
        }
        assertAllEnded(gateway);
        assertThat(directMemory() - before).as("bytes of direct memory").isLessThan(KEPT);
      } finally {
        over.countDown();
        gateway.close();
      }
    }
  }

  @Test
  void streamsOfGrpc() {
    try (Downstream downstream =
        Downstream.serving(
            KERNEL_BUFFER,
            (peer, n) -> {
              Http2Peer.accept(peer);
              over.await();
            })) {
      TestGateway gateway = gateway(downstream);
      try (Http2Peer caller = Http2Peer.connect(gateway.port())) {
        long before = directMemory();
        // Longer than what HPACK would keep, and of letters that it does not make shorter.
        byte[] head = Http2Peer.requestList("Say", "x-long", "{".repeat(SIZE));
        for (int id = 1; id < 2 * STREAMS; id += 2) {
          caller.send(
              Http2Peer.frame(Http2Peer.HEADERS, Http2Peer.END_HEADERS, id, head),
              Http2Peer.reset(id, CANCEL));
        }
        assertAllEnded(gateway);
        assertThat(directMemory() - before).as("bytes of direct memory").isLessThan(KEPT);
      } finally {
        over.countDown();
        gateway.close();
      }
    }
  }
}
