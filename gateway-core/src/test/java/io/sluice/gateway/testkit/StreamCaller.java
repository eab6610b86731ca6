package io.sluice.gateway.testkit;

import io.sluice.api.Protocol;
import io.sluice.gateway.testkit.Peer.StreamFrame;
import io.sluice.gateway.wire.grpc.GrpcStatus;
import io.vertx.core.http.HttpClientRequest;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** One stream of {@code Svc/Chat} as its caller sees it, by gRPC or by ttstream. */
public abstract class StreamCaller implements AutoCloseable {
  private final LinkedBlockingQueue<String> got = new LinkedBlockingQueue<>();
  private final AtomicInteger flooded = new AtomicInteger();

  private StreamCaller() {}

  /** Opens a stream of a gateway. */
  public static StreamCaller open(Protocol protocol, int port) {
    return protocol == Protocol.GRPC ? new Grpc(port) : new Ttstream(port);
  }

  /**
   * What comes next: a message, what came before the first as {@code head:key=value}, what came
   * with the end in the same way, or the end with the text of its status, {@code end:} if all is
   * well.
   */
  public String next() throws InterruptedException {
    String next = got.poll(20, TimeUnit.SECONDS);
    if (next == null) {
      throw new AssertionError("nothing came for 20 s");
    }
    return next;
  }

  /** Whether something is there that was not asked for by {@link #next}. */
  public boolean hasMore() {
    return !got.isEmpty();
  }

  /** Messages of floods that have left. */
  public int flooded() {
    return flooded.get();
  }

  /** Says a message. */
  public StreamCaller say(String message) {
    say(message.getBytes(StandardCharsets.UTF_8));
    return this;
  }

  /** Says so many messages, and does not wait until they have left. */
  public abstract void flood(byte[] message, int times);

  abstract void say(byte[] message);

  public abstract void halfClose();

  /** Gives the stream up. */
  public abstract void cancel();

  /** Goes away without a word. */
  public abstract void leave();

  @Override
  public abstract void close();

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private static final class Grpc extends StreamCaller {
    private final RawGrpc grpc = new RawGrpc();
    private final HttpClientRequest request;

    Grpc(int port) {
      request = grpc.open(port, "/Svc/Chat", Map.of());
      request
          .response()
          .onFailure(e -> super.got.add("lost"))
          .onSuccess(
              response -> {
                response
                    .headers()
                    .forEach(e -> super.got.add("head:" + e.getKey() + "=" + e.getValue()));
              })
          .compose(response -> RawGrpc.gather(response, m -> super.got.add(text(m))))
          .onSuccess(
              answer -> {
                answer
                    .trailers()
                    .forEach((key, value) -> super.got.add("tail:" + key + "=" + value));
                super.got.add("end:" + GrpcStatus.decodeMessage(answer.end("grpc-message")));
              })
          .onFailure(e -> super.got.add("lost"));
      request.sendHead();
    }

    @Override
    void say(byte[] message) {
      request.write(RawGrpc.framed(message));
    }

    @Override
    public void flood(byte[] message, int times) {
      for (int i = 0; i < times; i++) {
        request.write(RawGrpc.framed(message)).onSuccess(done -> super.flooded.incrementAndGet());
      }
    }

    @Override
    public void halfClose() {
      request.end();
    }

    @Override
    public void cancel() {
      request.reset(8);
    }

    @Override
    public void leave() {
      request.connection().close();
    }

    @Override
    public void close() {
      grpc.close();
    }
  }

  private static final class Ttstream extends StreamCaller {
    private final Peer peer;

    Ttstream(int port) {
      peer = Peer.connect(port, StreamServer.KERNEL_BUFFER);
      peer.send(Frames.open(1));
      Thread thread = new Thread(this::read, "caller");
      thread.setDaemon(true);
      thread.start();
    }

    private void read() {
      try {
        for (StreamFrame f = peer.readFrame(); f != null; f = peer.readFrame()) {
          switch (f.type()) {
            case HEADER -> f.strings().forEach((k, v) -> super.got.add("head:" + k + "=" + v));
            case DATA -> super.got.add(Frames.text(f));
            case TRAILER, RST -> {
              f.strings().forEach((k, v) -> super.got.add("tail:" + k + "=" + v));
              super.got.add("end:" + (f.payload().length == 0 ? "" : Frames.exception(f).text()));
            }
            default -> throw new AssertionError(f.type());
          }
        }
      } catch (UncheckedIOException | AssertionError e) {
        // The test is over, or says nothing more.
      }
      super.got.add("lost");
    }

    @Override
    void say(byte[] message) {
      synchronized (peer) {
        peer.send(Frames.data(1, message));
      }
    }

    @Override
    public void flood(byte[] message, int times) {
      byte[] frame = Frames.data(1, message);
      Thread thread =
          new Thread(
              () -> {
                try {
                  synchronized (peer) {
                    for (int i = 0; i < times; i++) {
                      peer.send(frame);
                      super.flooded.incrementAndGet();
                    }
                  }
                } catch (UncheckedIOException e) {
                  // The test is over.
                }
              },
              "flood");
      thread.setDaemon(true);
      thread.start();
    }

    @Override
    public void halfClose() {
      synchronized (peer) {
        peer.send(Frames.halfClose(1));
      }
    }

    @Override
    public void cancel() {
      peer.send(Frames.reset(1, 12007, "enough", "web"));
    }

    @Override
    public void leave() {
      peer.reset();
    }

    @Override
    public void close() {
      peer.close();
    }
  }
}
