package io.sluice.gateway.client;

import static io.sluice.gateway.testkit.Http2Peer.DATA;
import static io.sluice.gateway.testkit.Http2Peer.HEADERS;
import static io.sluice.gateway.testkit.Http2Peer.INITIAL_WINDOW;
import static io.sluice.gateway.testkit.Http2Peer.PING;
import static io.sluice.gateway.testkit.Http2Peer.bytes;
import static io.sluice.gateway.testkit.Http2Peer.frame;
import static io.sluice.gateway.testkit.Http2Peer.request;
import static io.sluice.gateway.testkit.Http2Peer.response;
import static io.sluice.gateway.testkit.Http2Peer.settings;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufAllocatorMetricProvider;
import io.sluice.gateway.loop.Budget;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.Http2Peer;
import io.sluice.gateway.testkit.TestGateway;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Many streams that nobody reads: what they take of the memory is what the budget is told. */
class GrpcStalledTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final int CALLERS = 4;
  private static final int EACH = 50;
  private static final int STREAMS = CALLERS * EACH;

  /** Most of a stream's window. */
  private static final int FRAMES = 15;

  private static final int FRAME = 16 * 1024;
  private static final long ALL = (long) STREAMS * FRAMES * FRAME;

  /** Frames of one byte. */
  private static final int CRUMBS = 5000;

  private final long heldBefore = Budget.ofProcess().held();
  private final long directBefore = directMemory();

  private static long directMemory() {
    return ((ByteBufAllocatorMetricProvider) ByteBufAllocator.DEFAULT).metric().usedDirectMemory();
  }

  private static TestGateway gateway(Downstream downstream) {
    return TestGateway.start(
        TestGateway.config("framed", "", downstream.port())
            .replace("idleTimeout: 1s", "maxConnections: 1, idleTimeout: 1m"),
        1);
  }

  private long held() {
    return Budget.ofProcess().held() - heldBefore;
  }

  /** Answers so many calls, once all are there, with so many frames for each. */
  private static Downstream pouring(int calls, int frames, byte[] payload) {
    return Downstream.serving(
        (peer, n) -> {
          Http2Peer h2 = Http2Peer.accept(peer);
          List<Integer> streams = new ArrayList<>();
          while (streams.size() < calls) {
            streams.add(h2.readUntil(HEADERS).stream());
          }
          for (int stream : streams) {
            h2.send(response(stream));
            for (int i = 0; i < frames; i++) {
              h2.send(frame(DATA, 0, stream, payload));
            }
          }
          h2.readToTheEnd();
        });
  }

  /** Else a few large buffers would be kept alive by the first frame of each stream. */
  @Test
  void manyStreamsThatAreNotReadKeepNothingElseAlive() {
    List<Http2Peer> callers = new ArrayList<>();
    try (Downstream downstream = pouring(STREAMS, FRAMES, bytes(FRAME));
        TestGateway gateway = gateway(downstream)) {
      for (int i = 0; i < CALLERS; i++) {
        Http2Peer caller = Http2Peer.connect(gateway.port(), INITIAL_WINDOW, 0);
        callers.add(caller);
        for (int call = 0; call < EACH; call++) {
          caller.send(request(2 * call + 1, "Pour", false));
        }
      }
      await().atMost(PATIENCE).until(() -> held() >= ALL);
      assertThat(directMemory() - directBefore).isLessThan(ALL + ALL / 4);
    } finally {
      callers.forEach(Http2Peer::close);
    }
    await().atMost(PATIENCE).until(() -> held() <= 0);
  }

  @Test
  void whatWaitsOfAResponseCountsByItsPartsToo() {
    try (Downstream downstream = pouring(1, CRUMBS, new byte[1]);
        TestGateway gateway = gateway(downstream);
        Http2Peer caller = Http2Peer.connect(gateway.port(), INITIAL_WINDOW, 0)) {
      caller.send(request(1, "Pour", false));
      await().atMost(PATIENCE).until(() -> held() >= (long) CRUMBS * Budget.PART);
    }
    await().atMost(PATIENCE).until(() -> held() <= 0);
  }

  @Test
  void whatWaitsOfARequestCountsByItsPartsToo() throws InterruptedException {
    CountDownLatch shut = new CountDownLatch(1);
    try (Downstream downstream =
            Downstream.serving(
                (peer, n) -> {
                  Http2Peer h2 = Http2Peer.accept(peer);
                  h2.readUntil(HEADERS);
                  h2.send(settings(INITIAL_WINDOW, 0), frame(PING, 0, 0, new byte[8]));
                  h2.readUntil(PING);
                  shut.countDown();
                  h2.readToTheEnd();
                });
        TestGateway gateway = gateway(downstream);
        Http2Peer caller = Http2Peer.connect(gateway.port())) {
      caller.send(request(1, "Take", false));
      assertThat(shut.await(20, TimeUnit.SECONDS)).isTrue();
      byte[][] crumbs = new byte[CRUMBS][];
      for (int i = 0; i < CRUMBS; i++) {
        crumbs[i] = frame(DATA, 0, 1, (byte) 'x');
      }
      caller.send(crumbs);
      await().atMost(PATIENCE).until(() -> held() >= (long) CRUMBS * Budget.PART);
    }
    await().atMost(PATIENCE).until(() -> held() <= 0);
  }
}
