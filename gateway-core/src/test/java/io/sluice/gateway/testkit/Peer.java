package io.sluice.gateway.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.sluice.gateway.wire.WireLimits;
import io.sluice.gateway.wire.pingpong.MessageReader;
import io.sluice.gateway.wire.ttstream.Frame;
import io.sluice.gateway.wire.ttstream.FrameReader;
import io.sluice.gateway.wire.ttstream.FrameType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One end of a plain blocking socket that speaks ping-pong Thrift: a caller or a downstream. */
public final class Peer implements AutoCloseable {
  private static final WireLimits LIMITS = new WireLimits(1 << 30, 65_535 * 4, 65_535);
  private static final int PATIENCE_MILLIS = 20_000;

  private final Socket socket;
  private final Message.Collector collector =
      new Message.Collector(new MessageReader(UnpooledByteBufAllocator.DEFAULT, LIMITS));
  private final FrameReader frames = new FrameReader(UnpooledByteBufAllocator.DEFAULT, LIMITS);
  private final Deque<Message> read = new ArrayDeque<>();
  private final byte[] buffer = new byte[64 * 1024];

  Peer(Socket socket) throws IOException {
    this.socket = socket;
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(PATIENCE_MILLIS);
  }

  /** A caller of a gateway. */
  public static Peer connect(int port) {
    return connect(port, 0);
  }

  /**
   * @param receiveBuffer bytes that the kernel keeps for a slow reader; 0 for what is usual
   */
  public static Peer connect(int port, int receiveBuffer) {
    try {
      Socket socket = new Socket();
      if (receiveBuffer > 0) {
        socket.setReceiveBufferSize(receiveBuffer);
        socket.setSendBufferSize(receiveBuffer);
      }
      socket.connect(new InetSocketAddress("127.0.0.1", port));
      return new Peer(socket);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public Peer send(byte[] bytes) {
    try {
      socket.getOutputStream().write(bytes);
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Sends a framed call and reads the answer. */
  public Message call(String method, int seqId, byte[] body) {
    send(Thrifts.framed(1, method, seqId, body));
    Message reply = read();
    assertThat(reply).as("a reply to %s", method).isNotNull();
    assertThat(reply.seqId()).isEqualTo(seqId);
    assertThat(reply.method()).isEqualTo(method);
    return reply;
  }

  /** The next message; null if the other side has closed. */
  public @Nullable Message read() {
    try {
      while (read.isEmpty()) {
        int n = socket.getInputStream().read(buffer);
        if (n < 0) {
          return null;
        }
        read.addAll(collector.feed(Unpooled.copiedBuffer(buffer, 0, n)));
      }
      return read.poll();
    } catch (SocketTimeoutException e) {
      throw new AssertionError("nothing came for " + PATIENCE_MILLIS + " ms", e);
    } catch (SocketException e) {
      // A reset, which is a close too.
      return null;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A frame of ttstream. */
  public record StreamFrame(
      FrameType type,
      int id,
      Map<Integer, String> integers,
      Map<String, String> strings,
      byte[] payload) {}

  /** The next frame of a ttstream connection; null if the other side has closed. */
  public @Nullable StreamFrame readFrame() {
    try {
      while (true) {
        Frame frame = frames.read();
        if (frame != null) {
          return new StreamFrame(
              frame.type(),
              frame.streamId(),
              Message.integers(frame.headers()),
              Message.strings(frame.headers()),
              Thrifts.bytes(frame.payload()));
        }
        int n = socket.getInputStream().read(buffer);
        if (n < 0) {
          return null;
        }
        frames.append(Unpooled.copiedBuffer(buffer, 0, n));
      }
    } catch (SocketTimeoutException e) {
      throw new AssertionError("nothing came for " + PATIENCE_MILLIS + " ms", e);
    } catch (SocketException e) {
      return null;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Bytes as they come, at most so many; empty if the other side has closed. */
  public byte[] readSome(int most) {
    try {
      int n = socket.getInputStream().read(buffer, 0, Math.min(most, buffer.length));
      return Arrays.copyOf(buffer, Math.max(0, n));
    } catch (SocketTimeoutException e) {
      throw new AssertionError("nothing came for " + PATIENCE_MILLIS + " ms", e);
    } catch (SocketException e) {
      return new byte[0];
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Lets go of half a frame that was read. By the thread that reads. */
  public void release() {
    frames.release();
  }

  /** The other side closes and says nothing before. */
  public void assertClosedWithoutAWord() {
    assertThat(readSome(1024)).as("bytes before the close").isEmpty();
  }

  /** Nothing comes for so long. */
  public void assertSilentFor(int millis) {
    try {
      socket.setSoTimeout(millis);
      int n = socket.getInputStream().read();
      throw new AssertionError(n < 0 ? "closed" : "a byte came");
    } catch (SocketTimeoutException e) {
      try {
        socket.setSoTimeout(PATIENCE_MILLIS);
      } catch (SocketException again) {
        throw new UncheckedIOException(again);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Goes away with a reset. */
  public void reset() {
    try {
      socket.setSoLinger(true, 0);
    } catch (SocketException e) {
      throw new UncheckedIOException(e);
    }
    close();
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
