package io.sluice.gateway.translate;

import static io.sluice.gateway.testkit.Frames.data;
import static io.sluice.gateway.testkit.Frames.open;
import static io.sluice.gateway.testkit.Frames.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufAllocatorMetricProvider;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.sluice.gateway.loop.HeldMost;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.Frames;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.Peer.StreamFrame;
import io.sluice.gateway.testkit.RawGrpc;
import io.sluice.gateway.testkit.Splits;
import io.sluice.gateway.testkit.Standstill;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Thrifts;
import io.sluice.gateway.wire.ttstream.FrameType;
import io.sluice.gateway.wire.ttstream.FrameWriter;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.streams.WriteStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collections;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Floods of gRPC and ttstream toward somebody who does not read, in the same protocol and
 * translated: the gateway holds no more of them than one connection may, and the streams beside go
 * on. One that comes by ttstream, which has no flow control, is ended if others share its
 * connection; one of gRPC waits.
 *
 * <p>The first message of a stream tells the downstream what to do: to take nothing more
 * ("swallow"), to send without end ("pour"), or to answer each message.
 */
class FloodedStreamsTest {
  private static final int KERNEL_BUFFER = 64 * 1024;

  /** {@code maxBuffered} of the listener; also what is asked of the other side. */
  private static final int BOUND = 4 << 20;

  /** The bound, and what the allocator takes at a time. */
  private static final long DIRECT = BOUND + (24 << 20);

  /** Bytes of a flood that is written at a time, and how often, if nobody stops it. */
  private record Flood(byte[] message, int together, int times) {
    /** 512 MiB. */
    static final Flood LARGE = new Flood(new byte[16 * 1024], 1, 32 * 1024);

    /** A million messages of as little as their protocol allows. */
    static Flood small(boolean grpc) {
      return new Flood(new byte[grpc ? 1 : 0], 500, 2000);
    }

    byte[] frames(int id) {
      return repeated(data(id, message));
    }

    Buffer grpc() {
      return Buffer.buffer(repeated(RawGrpc.framed(message).getBytes()));
    }

    private byte[] repeated(byte[] one) {
      return Splits.glued(Collections.nCopies(together, one).toArray(new byte[0][]));
    }
  }

  private final RawGrpc grpc = new RawGrpc();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private Flood flood = Flood.LARGE;

  /** How often the flood was written. */
  private final AtomicInteger flooded = new AtomicInteger();

  private final AtomicInteger resets = new AtomicInteger();
  private final AtomicInteger ended = new AtomicInteger();
  private final CountDownLatch over = new CountDownLatch(1);
  private final HeldMost held = new HeldMost();
  private final AtomicLong mostDirect = new AtomicLong();

  @AfterEach
  void stop() {
    over.countDown();
    threads.shutdownNow();
    grpc.close();
  }

  private static long directMemory() {
    return ((ByteBufAllocatorMetricProvider) ByteBufAllocator.DEFAULT).metric().usedDirectMemory();
  }

  /** Looks at what is held until the test is over. */
  private void watch() {
    long direct = directMemory();
    threads.execute(
        () -> {
          try {
            while (!over.await(5, TimeUnit.MILLISECONDS)) {
              held.look();
              mostDirect.accumulateAndGet(directMemory() - direct, Math::max);
            }
          } catch (InterruptedException e) {
            // The test is over.
          }
        });
  }

  // Floods.

  private void flood(Peer to, int id) {
    byte[] frames = flood.frames(id);
    try {
      for (int i = 0; i < flood.times && ended.get() + resets.get() == 0; i++) {
        // Whole frames: others write to this connection too.
        synchronized (to) {
          to.send(frames);
        }
        flooded.incrementAndGet();
      }
    } catch (UncheckedIOException e) {
      // The test is over.
    }
  }

  private void flood(WriteStream<Buffer> to) {
    while (!to.writeQueueFull() && flooded.get() < flood.times) {
      to.write(flood.grpc());
      flooded.incrementAndGet();
    }
    to.drainHandler(ready -> flood(to));
  }

  // Downstreams.

  private Downstream ttstreamDownstream() {
    return Downstream.serving(
        KERNEL_BUFFER,
        (peer, n) -> {
          for (StreamFrame f = peer.readFrame(); f != null; f = peer.readFrame()) {
            int id = f.id();
            String said = f.type() == FrameType.DATA ? text(f) : "";
            if (f.type() == FrameType.RST) {
              resets.incrementAndGet();
            } else if (said.equals("swallow")) {
              over.await();
            } else if (said.equals("pour")) {
              threads.execute(() -> flood(peer, id));
            } else {
              synchronized (peer) {
                Frames.echo(peer, f);
              }
            }
          }
        });
  }

  private int grpcDownstream() {
    return grpc.serveMessages(
        (request, message) -> {
          if (message == null) {
            request.response().putTrailer("grpc-status", "0").end();
            return;
          }
          if (!request.response().headWritten()) {
            request.response().putHeader("content-type", request.getHeader("content-type"));
          }
          serve(request, new String(message, StandardCharsets.UTF_8));
        });
  }

  private void serve(HttpServerRequest request, String said) {
    switch (said) {
      case "swallow" -> {
        request.pause();
        request.response().writeHead();
      }
      case "pour" -> flood(request.response());
      default -> {
        byte[] answer = ("<" + said + ">").getBytes(StandardCharsets.UTF_8);
        request.response().write(RawGrpc.framed(answer));
      }
    }
  }

  // Callers.

  private static byte[] chatByTtstream(int id) {
    FrameWriter writer = new FrameWriter(UnpooledByteBufAllocator.DEFAULT);
    return Thrifts.bytes(writer.open(id, "Svc", "Chat", Frames.headers()));
  }

  private HttpClientRequest chatByGrpc(int port) {
    return grpc.open(port, "/Svc/Chat", Map.of());
  }

  /** A stream that says something now and then, and is answered. */
  private interface Neighbour {
    void say(String text);

    String hear();
  }

  private Neighbour grpcNeighbour(int port) {
    BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    HttpClientRequest request = chatByGrpc(port);
    RawGrpc.listen(request, m -> heard.add(new String(m, StandardCharsets.UTF_8)));
    return new Neighbour() {
      @Override
      public void say(String text) {
        request.write(RawGrpc.framed(text.getBytes(StandardCharsets.UTF_8)));
      }

      @Override
      public String hear() {
        try {
          return String.valueOf(heard.poll(30, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
          throw new AssertionError(e);
        }
      }
    };
  }

  private Neighbour ttstreamNeighbour(Peer peer, int id) {
    peer.send(open(id));
    return new Neighbour() {
      @Override
      public void say(String text) {
        synchronized (peer) {
          peer.send(data(id, text));
        }
      }

      @Override
      public String hear() {
        StreamFrame frame = peer.readFrame();
        while (frame.id() != id || frame.type() != FrameType.DATA) {
          frame = peer.readFrame();
        }
        return text(frame);
      }
    };
  }

  private static void assertGoesOn(Neighbour neighbour) {
    for (int i = 0; i < 50; i++) {
      neighbour.say("still here " + i);
      assertThat(neighbour.hear()).isEqualTo("<still here " + i + ">");
    }
  }

  /**
   * @param connections to the downstream: one, to be shared, unless it is not read
   */
  private static TestGateway gateway(String streaming, int port, int connections) {
    return TestGateway.start(
        """
        listeners:
          rpc:
            address: '127.0.0.1:0'
            limits: {maxFrame: 1MiB, maxHeader: 16KiB, maxBuffered: %dMiB, stallTimeout: 1s}
        clusters:
          backend:
            endpoints: ['127.0.0.1:%d']
            transport: {streaming: %s}
            stallTimeout: 1s
            maxConnections: %d
        routes:
          - {cluster: backend, mode: stream}
        """
            .formatted(BOUND >> 20, port, streaming, connections),
        1);
  }

  @ParameterizedTest(name = "{0} to {1}, the {2} does not read")
  @CsvSource({
    "grpc, grpc, downstream",
    "grpc, ttstream, downstream",
    "ttstream, grpc, downstream",
    "ttstream, ttstream, downstream",
    "grpc, grpc, caller",
    "grpc, ttstream, caller",
    "ttstream, grpc, caller",
    "ttstream, ttstream, caller",
  })
  void aFloodTowardSomebodyWhoDoesNotRead(String from, String to, String deaf) {
    String floods = deaf.equals("downstream") ? from : to;
    try (Downstream ttstream = ttstreamDownstream();
        TestGateway gateway =
            gateway(
                to,
                to.equals("grpc") ? grpcDownstream() : ttstream.port(),
                deaf.equals("caller") ? 1 : 2);
        Peer shared = gateway.connect()) {
      Neighbour neighbour =
          from.equals("grpc") ? grpcNeighbour(gateway.port()) : ttstreamNeighbour(shared, 1);
      assertGoesOn(neighbour);
      watch();
      if (deaf.equals("downstream")) {
        floodDownstream(from, gateway, shared);
      } else {
        askForAFlood(from, gateway);
      }
      if (floods.equals("grpc")) {
        Standstill.await(flooded::get);
        assertThat(flooded.get()).isLessThan(flood.times);
        assertGoesOn(neighbour);
      } else {
        if (deaf.equals("downstream")) {
          awaitEnd(shared);
        } else {
          await().atMost(Duration.ofSeconds(30)).until(() -> resets.get() == 1);
        }
        assertGoesOn(neighbour);
      }
      assertLittleIsHeld(from, to, deaf);
    }
  }

  private void assertLittleIsHeld(String from, String to, String deaf) {
    System.out.printf(
        "[held] %s to %s, the %s does not read messages of %d bytes: at most %d KiB by connections"
            + " of callers, %d KiB by those to downstreams, %d KiB in all, of %d KiB; %d KiB of"
            + " direct memory%n",
        from,
        to,
        deaf,
        flood.message.length,
        held.byCallers() >> 10,
        held.byDownstreams() >> 10,
        held.all() >> 10,
        BOUND >> 10,
        mostDirect.get() >> 10);
    assertThat(deaf.equals("downstream") ? held.byCallers() : held.byDownstreams())
        .as("bytes held on the side from which the flood comes")
        .isPositive();
    assertThat(held.byCallers()).as("by connections of callers").isLessThanOrEqualTo(BOUND);
    assertThat(held.byDownstreams()).as("by those to downstreams").isLessThanOrEqualTo(BOUND);
    // Each side has its own bound; what is large is not counted on both.
    long all = flood == Flood.LARGE ? BOUND : 2L * BOUND;
    assertThat(held.all()).as("in all").isPositive().isLessThanOrEqualTo(all);
    assertThat(mostDirect.get()).as("bytes of direct memory").isLessThan(DIRECT);
    over.countDown();
  }

  /** Each costs the gateway something, however little there is in it. */
  @ParameterizedTest(name = "{0} to {1}, the {2} does not read")
  @CsvSource({
    "grpc, ttstream, downstream",
    "ttstream, grpc, downstream",
    "ttstream, ttstream, downstream",
    "grpc, ttstream, caller",
    "ttstream, grpc, caller",
    "ttstream, ttstream, caller",
  })
  void aFloodOfMessagesOfNearlyNothing(String from, String to, String deaf) {
    boolean downstreamIsDeaf = deaf.equals("downstream");
    flood = Flood.small((downstreamIsDeaf ? from : to).equals("grpc"));
    try (Downstream ttstream = ttstreamDownstream();
        TestGateway gateway =
            gateway(to, to.equals("grpc") ? grpcDownstream() : ttstream.port(), 1);
        Peer caller = gateway.connect()) {
      watch();
      if (downstreamIsDeaf) {
        floodDownstream(from, gateway, caller);
      } else {
        askForAFlood(from, gateway);
      }
      // Not only as it is slow to read them.
      Standstill.await(() -> messages(gateway));
      assertThat(flooded.get()).isLessThan(flood.times);
      assertLittleIsHeld(from, to, deaf);
    }
  }

  /** Messages that have passed the gateway. */
  private static long messages(TestGateway gateway) {
    return gateway.registry().get("sluice.stream.messages").functionCounters().stream()
        .mapToLong(counter -> (long) counter.count())
        .sum();
  }

  private void awaitEnd(Peer caller) {
    StreamFrame frame = caller.readFrame();
    while (frame.type() == FrameType.HEADER) {
      frame = caller.readFrame();
    }
    assertThat(frame.id()).isEqualTo(3);
    assertThat(frame.type()).isEqualTo(FrameType.TRAILER);
    assertThat(Frames.exception(frame).text())
        .isEqualTo("request over limit: the downstream does not read its stream");
    ended.incrementAndGet();
  }

  private void floodDownstream(String from, TestGateway gateway, Peer shared) {
    if (from.equals("grpc")) {
      HttpClientRequest request = chatByGrpc(gateway.port());
      request.write(RawGrpc.framed("swallow".getBytes(StandardCharsets.UTF_8)));
      flood(request);
    } else {
      synchronized (shared) {
        shared.send(chatByTtstream(3));
        shared.send(data(3, "swallow"));
      }
      threads.execute(() -> flood(shared, 3));
    }
  }

  /** On a connection of its own by ttstream: who does not read it, reads none of its streams. */
  private void askForAFlood(String from, TestGateway gateway) {
    if (from.equals("grpc")) {
      HttpClientRequest request = chatByGrpc(gateway.port());
      request.write(RawGrpc.framed("pour".getBytes(StandardCharsets.UTF_8)));
      TestGateway.get(request.response().map(HttpClientResponse::pause));
    } else {
      Peer slow = Peer.connect(gateway.port(), KERNEL_BUFFER);
      slow.send(chatByTtstream(1));
      slow.send(data(1, "pour"));
      threads.execute(
          () -> {
            try (slow) {
              over.await();
            } catch (InterruptedException e) {
              // The test is over.
            }
          });
    }
  }
}
