package io.sluice.gateway.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufAllocatorMetricProvider;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.GrpcPeers;
import io.sluice.gateway.testkit.Message;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.Splits;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Thrifts;
import io.vertx.core.buffer.Buffer;
import io.vertx.grpc.client.GrpcClientRequest;
import io.vertx.grpc.client.GrpcClientResponse;
import io.vertx.grpc.server.GrpcServerResponse;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A side that does not read stops the side that writes, and the gateway keeps little of it. */
class BackPressureTest {
  private static final int CALLS = 8;
  private static final int MESSAGE = 32 << 20;

  /** For all calls: windows of 256 KiB and what the allocator takes at a time. */
  private static final long BOUND = 32 << 20;

  private static final int KERNEL_BUFFER = 64 * 1024;

  private final ExecutorService threads = Executors.newCachedThreadPool();

  @AfterEach
  void stop() {
    threads.shutdownNow();
  }

  private static long directMemory() {
    return ((ByteBufAllocatorMetricProvider) ByteBufAllocator.DEFAULT).metric().usedDirectMemory();
  }

  /** Waits until a count no longer grows. */
  private static long settled(LongSupplier count) {
    long[] last = {-1};
    await()
        .atMost(Duration.ofSeconds(60))
        .pollInterval(Duration.ofMillis(100))
        .during(Duration.ofMillis(500))
        .until(
            () -> {
              long now = count.getAsLong();
              boolean same = now == last[0] && now > 0;
              last[0] = now;
              return same;
            });
    return last[0];
  }

  @Test
  void aDownstreamThatDoesNotRead() throws Exception {
    CountDownLatch read = new CountDownLatch(1);
    AtomicLong sent = new AtomicLong();
    byte[] request = Thrifts.framed(1, "put", 1, Thrifts.args("x".repeat(MESSAGE)));
    long before = directMemory();
    try (Downstream downstream =
            Downstream.serving(
                KERNEL_BUFFER,
                (peer, n) -> {
                  read.await();
                  Message m = peer.read();
                  peer.send(Thrifts.reply(m, "got " + m.body().length));
                });
        TestGateway gateway = TestGateway.to(downstream.port())) {
      List<Peer> callers = new ArrayList<>();
      for (int i = 0; i < CALLS; i++) {
        Peer caller = Peer.connect(gateway.port(), KERNEL_BUFFER);
        callers.add(caller);
        threads.execute(() -> sendCounting(caller, request, sent));
      }
      long stopped = settled(sent::get);
      long kept = directMemory() - before;
      assertThat(stopped)
          .as("bytes that %d callers got rid of", CALLS)
          .isLessThan((long) CALLS * MESSAGE / 2);
      assertThat(kept).as("bytes of direct memory").isLessThan(BOUND);
      // And when it reads, everything arrives.
      read.countDown();
      for (Peer caller : callers) {
        assertThat(Thrifts.text(caller.read().body())).isEqualTo("got " + (MESSAGE + 8));
        caller.close();
      }
    }
  }

  private static void sendCounting(Peer peer, byte[] bytes, AtomicLong sent) {
    try {
      for (byte[] piece : Splits.pieces(bytes, 16 * 1024)) {
        peer.send(piece);
        sent.addAndGet(piece.length);
      }
    } catch (UncheckedIOException e) {
      // The test is over.
    }
  }

  @Test
  void aCallerThatDoesNotRead() throws Exception {
    AtomicLong sent = new AtomicLong();
    String text = "y".repeat(MESSAGE);
    long before = directMemory();
    try (Downstream downstream =
            Downstream.serving(
                (peer, n) -> sendCounting(peer, Thrifts.reply(peer.read(), text), sent));
        TestGateway gateway = TestGateway.to(downstream.port())) {
      List<Peer> callers = new ArrayList<>();
      for (int i = 0; i < CALLS; i++) {
        Peer caller = Peer.connect(gateway.port(), KERNEL_BUFFER);
        callers.add(caller);
        caller.send(Thrifts.call("get", 1, ""));
      }
      long stopped = settled(sent::get);
      long kept = directMemory() - before;
      assertThat(stopped)
          .as("bytes that %d downstreams got rid of", CALLS)
          .isLessThan((long) CALLS * MESSAGE * 3 / 4);
      assertThat(kept).as("bytes of direct memory").isLessThan(BOUND);
      for (Peer caller : callers) {
        assertThat(caller.read().body()).hasSize(MESSAGE + 8);
        caller.close();
      }
    }
  }

  /** Windows of HTTP/2: 256 KiB a stream on either leg, beside those of the peers. */
  @Test
  void aGrpcCallerThatDoesNotRead() throws Exception {
    AtomicInteger written = new AtomicInteger();
    Buffer message = Buffer.buffer(new byte[16 * 1024]);
    try (GrpcPeers peers = new GrpcPeers()) {
      int port = peers.serve(call -> pump(call.response(), message, written));
      try (TestGateway gateway = TestGateway.to(port)) {
        GrpcClientRequest<Buffer, Buffer> request = peers.open(gateway.port(), "Pour");
        request.write(Buffer.buffer("go"));
        GrpcClientResponse<Buffer, Buffer> response =
            TestGateway.get(request.response().map(GrpcClientResponse::pause));
        long stopped = settled(written::get);
        assertThat(stopped * message.length()).isLessThan(4 << 20);
        AtomicInteger got = new AtomicInteger();
        response.handler(m -> got.incrementAndGet());
        response.resume();
        await().until(() -> got.get() > stopped);
        request.cancel();
      }
    }
  }

  private static void pump(
      GrpcServerResponse<Buffer, Buffer> response, Buffer message, AtomicInteger written) {
    while (!response.writeQueueFull() && written.get() < 10_000) {
      response.write(message);
      written.incrementAndGet();
    }
    response.drainHandler(ready -> pump(response, message, written));
  }
}
