package io.sluice.gateway.translate;

import static io.sluice.gateway.testkit.Http2Peer.DATA;
import static io.sluice.gateway.testkit.Http2Peer.END_HEADERS;
import static io.sluice.gateway.testkit.Http2Peer.END_STREAM;
import static io.sluice.gateway.testkit.Http2Peer.HEADERS;
import static io.sluice.gateway.testkit.Http2Peer.INITIAL_WINDOW;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import io.sluice.api.Status;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.Frames;
import io.sluice.gateway.testkit.Http2Peer;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.Peer.StreamFrame;
import io.sluice.gateway.testkit.Standstill;
import io.sluice.gateway.testkit.TestGateway;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Messages of ttstream for a gRPC peer whose windows are wide and whose socket is not read for a
 * while, so that a message is cut wherever the channel happens to be full: all of them come whole.
 */
class SlowSocketTest {
  private static final int KERNEL_BUFFER = 16 * 1024;
  private static final int WIDE = 1 << 30;

  /** Of some 100 KB each: more than all buffers on the way take, again and again. */
  private static final int MESSAGES = 4000;

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final AtomicInteger sent = new AtomicInteger();

  @AfterEach
  void stop() {
    threads.shutdownNow();
  }

  private static byte[] message(int number) {
    byte[] message = new byte[50_000 + number * 7919 % 100_000];
    Arrays.fill(message, (byte) number);
    return message;
  }

  private void send(Peer to) {
    for (int i = 0; i < MESSAGES; i++) {
      to.send(Frames.data(1, message(i)));
      sent.incrementAndGet();
    }
  }

  /**
   * Reads all messages, not before their sender stands still.
   *
   * @return the frame in which the last of them ends
   */
  private Http2Peer.Frame take(Http2Peer from) {
    Standstill.await(sent::get);
    assertThat(sent.get()).isLessThan(MESSAGES);
    ByteBuf got = Unpooled.buffer();
    int number = 0;
    for (Http2Peer.Frame f = from.readUntil(DATA); f != null; f = from.readUntil(DATA)) {
      got.discardReadBytes().writeBytes(f.payload());
      byte[] next = message(number);
      while (got.readableBytes() >= 5 + next.length) {
        assertThat(got.readByte()).isZero();
        assertThat(got.readInt()).isEqualTo(next.length);
        byte[] message = new byte[next.length];
        got.readBytes(message);
        assertThat(message).as("message %d", number).isEqualTo(next);
        next = message(++number);
      }
      if (number == MESSAGES) {
        return f;
      }
    }
    throw new AssertionError("the connection was lost after " + number + " messages");
  }

  @Test
  void requestsOfACallerOfTtstream() throws Exception {
    CompletableFuture<Boolean> taken = new CompletableFuture<>();
    try (Downstream downstream =
            Downstream.serving(
                KERNEL_BUFFER,
                (peer, n) -> {
                  try {
                    Http2Peer h2 = Http2Peer.accept(peer);
                    int stream = h2.readUntil(HEADERS).stream();
                    h2.send(Http2Peer.windowUpdate(stream, WIDE), Http2Peer.response(stream));
                    Http2Peer.Frame last = take(h2);
                    taken.complete(last.has(END_STREAM) || h2.readUntil(DATA).has(END_STREAM));
                    h2.send(Http2Peer.trailers(stream, 0));
                    h2.readToTheEnd();
                  } catch (Throwable t) {
                    taken.completeExceptionally(t);
                  }
                });
        TestGateway gateway =
            TestGateway.start(
                TestGateway.config("{streaming: grpc}", "", downstream.port())
                    .replace("idleTimeout: 1s", "idleTimeout: 1m"),
                1);
        Peer caller = gateway.connect()) {
      caller.send(Frames.open(1));
      threads.execute(
          () -> {
            send(caller);
            caller.send(Frames.halfClose(1));
          });
      assertThat(taken.get(60, TimeUnit.SECONDS)).as("a half close comes last").isTrue();
      assertThat(caller.readFrame().type()).hasToString("HEADER");
      StreamFrame end = caller.readFrame();
      assertThat(end.type()).hasToString("TRAILER");
      assertThat(end.payload()).isEmpty();
    }
  }

  private static Http2Headers openedByThrift() {
    Http2Headers headers = new DefaultHttp2Headers();
    headers.method("POST").scheme("http").path("/Svc/Chat").authority("svc");
    headers.add("content-type", "application/grpc+thrift").add("te", "trailers");
    return headers;
  }

  @Test
  void answersForACallerOfGrpc() {
    try (Downstream downstream =
            Downstream.serving(
                (peer, n) -> {
                  StreamFrame opened = peer.readFrame();
                  peer.send(Frames.header(opened.id()));
                  send(peer);
                  peer.send(Frames.trailer(opened.id(), Status.OK, null));
                  peer.readFrame();
                });
        TestGateway gateway =
            TestGateway.start(
                TestGateway.config("{streaming: ttstream}", "mode: stream", downstream.port()), 1);
        Http2Peer caller =
            Http2Peer.of(Peer.connect(gateway.port(), KERNEL_BUFFER))
                .preface(INITIAL_WINDOW, WIDE)
                .send(Http2Peer.windowUpdate(0, WIDE))) {
      caller.send(
          Http2Peer.frame(HEADERS, END_HEADERS | END_STREAM, 1, Http2Peer.list(openedByThrift())));
      assertThat(caller.headers(caller.readUntil(HEADERS))).containsEntry(":status", "200");
      take(caller);
      assertThat(caller.headers(caller.readUntil(HEADERS))).containsEntry("grpc-status", "0");
    }
  }
}
