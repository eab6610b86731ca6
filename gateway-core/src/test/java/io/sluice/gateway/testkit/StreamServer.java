package io.sluice.gateway.testkit;

import io.sluice.api.Protocol;
import io.sluice.api.Status;
import io.sluice.gateway.testkit.Peer.StreamFrame;
import io.sluice.gateway.wire.ttstream.FrameType;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServerRequest;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A downstream that takes streams by gRPC or by ttstream. Answers each small message with {@code
 * <message>}, {@code flood} with many large ones and {@code last}, and the half close with an end;
 * says back what it is told by the key {@code word}, before the first message as {@code head} and
 * with the end as {@code tail}.
 */
public abstract class StreamServer implements AutoCloseable {
  /** Bytes that the kernel keeps for a slow reader. */
  public static final int KERNEL_BUFFER = 64 * 1024;

  /** A large message, and how many of them are a flood: far more than all buffers take. */
  public static final byte[] LARGE = new byte[64 * 1024];

  public static final int FLOOD = 1024;

  private final AtomicInteger opened = new AtomicInteger();
  private final AtomicInteger cancelled = new AtomicInteger();
  private final AtomicInteger flooded = new AtomicInteger();

  private StreamServer() {}

  public static StreamServer of(Protocol protocol) {
    return protocol == Protocol.GRPC ? new Grpc() : new Ttstream();
  }

  public abstract int port();

  @Override
  public abstract void close();

  /** Loses all its connections. */
  public abstract void leave();

  /** Streams so far. */
  public int opened() {
    return opened.get();
  }

  /** Streams so far that were given up. */
  public int cancelled() {
    return cancelled.get();
  }

  /** Messages of floods that have left. */
  public int flooded() {
    return flooded.get();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static final class Grpc extends StreamServer {
    private final RawGrpc grpc = new RawGrpc();
    private final Set<HttpConnection> connections = ConcurrentHashMap.newKeySet();
    private final int port;

    Grpc() {
      port =
          grpc.serveMessages(
              this::begin,
              (request, message) -> {
                if (message == null) {
                  request.response().putTrailer("grpc-status", "0");
                  request.response().putTrailer("tail", word(request)).end();
                } else if (new String(message, StandardCharsets.UTF_8).equals("flood")) {
                  for (int i = 0; i < FLOOD; i++) {
                    request
                        .response()
                        .write(RawGrpc.framed(LARGE))
                        .onSuccess(done -> super.flooded.incrementAndGet());
                  }
                  request.response().write(RawGrpc.framed(bytes("last")));
                } else if (message.length < LARGE.length) {
                  String text = new String(message, StandardCharsets.UTF_8);
                  request.response().write(RawGrpc.framed(bytes("<" + text + ">")));
                }
              });
    }

    private static String word(HttpServerRequest request) {
      return String.valueOf(request.getHeader("word"));
    }

    private void begin(HttpServerRequest request) {
      super.opened.incrementAndGet();
      connections.add(request.connection());
      AtomicBoolean told = new AtomicBoolean();
      request
          .response()
          .exceptionHandler(
              gone -> {
                // Also told once of each message that has not left when the stream is reset.
                if (told.compareAndSet(false, true)) {
                  super.cancelled.incrementAndGet();
                }
              });
      request.response().putHeader("content-type", request.getHeader("content-type"));
      request.response().putHeader("head", word(request));
      request.response().writeHead();
    }

    @Override
    public int port() {
      return port;
    }

    @Override
    public void leave() {
      connections.forEach(HttpConnection::close);
    }

    @Override
    public void close() {
      grpc.close();
    }
  }

  private static final class Ttstream extends StreamServer {
    private final Set<Peer> open = ConcurrentHashMap.newKeySet();
    private final Downstream downstream = Downstream.serving(KERNEL_BUFFER, this::serve);

    private void serve(Peer peer, int number) {
      open.add(peer);
      Map<Integer, String> words = new ConcurrentHashMap<>();
      for (StreamFrame f = peer.readFrame(); f != null; f = peer.readFrame()) {
        StreamFrame frame = f;
        if (f.type() == FrameType.HEADER) {
          super.opened.incrementAndGet();
          words.put(f.id(), f.strings().getOrDefault("word", "null"));
          send(peer, Frames.header(f.id(), "head", words.get(f.id())));
        } else if (f.type() == FrameType.TRAILER) {
          String word = words.remove(f.id());
          if (word != null) {
            send(peer, Frames.trailer(f.id(), Status.OK, null, "tail", word));
          }
        } else if (f.type() == FrameType.RST) {
          words.remove(f.id());
          super.cancelled.incrementAndGet();
        } else if (Frames.text(f).equals("flood")) {
          Thread thread = new Thread(() -> flood(peer, frame.id()), "flood");
          thread.setDaemon(true);
          thread.start();
        } else if (f.payload().length < LARGE.length) {
          send(peer, Frames.data(f.id(), "<" + Frames.text(f) + ">"));
        }
      }
    }

    private static void send(Peer peer, byte[] frame) {
      synchronized (peer) {
        peer.send(frame);
      }
    }

    private void flood(Peer peer, int id) {
      try {
        byte[] frame = Frames.data(id, LARGE);
        for (int i = 0; i < FLOOD; i++) {
          send(peer, frame);
          super.flooded.incrementAndGet();
        }
        send(peer, Frames.data(id, "last"));
      } catch (UncheckedIOException e) {
        // The test is over.
      }
    }

    @Override
    public int port() {
      return downstream.port();
    }

    @Override
    public void leave() {
      open.forEach(Peer::reset);
    }

    @Override
    public void close() {
      downstream.close();
    }
  }
}
