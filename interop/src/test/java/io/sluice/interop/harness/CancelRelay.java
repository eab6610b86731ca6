package io.sluice.interop.harness;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Passes connections on, and notes when a cancel of a stream goes by from a client: RST_STREAM of
 * HTTP/2, RST of ttstream. Frame by frame, so that nothing waits for what comes behind it.
 */
public final class CancelRelay implements AutoCloseable {
  private static final int PREFACE = 24;
  private static final int RST_STREAM = 3;
  private static final int FRAME_TYPE = 27;
  private static final byte RST = '5';
  private static final int MAX_FRAME = 1 << 24;

  private final ServerSocket listener;
  private final InetSocketAddress target;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private final List<Long> cancels = Collections.synchronizedList(new ArrayList<>());

  /** Listens on a free port. */
  public CancelRelay(InetSocketAddress target) {
    this.target = target;
    try {
      listener = new ServerSocket(0, 16, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    start("relay", this::accept);
  }

  public InetSocketAddress address() {
    return new InetSocketAddress("127.0.0.1", listener.getLocalPort());
  }

  /** When each cancel was whole here, in order, by {@link System#nanoTime()}. */
  public List<Long> cancels() {
    synchronized (cancels) {
      return List.copyOf(cancels);
    }
  }

  private interface Work {
    void run() throws IOException;
  }

  private static void start(String name, Work work) {
    Thread thread =
        new Thread(
            () -> {
              try {
                work.run();
              } catch (EOFException | SocketException e) {
                // One of the sides has closed, or the test is over.
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            },
            name);
    thread.setDaemon(true);
    thread.start();
  }

  private void accept() throws IOException {
    while (true) {
      Socket client = opened(listener.accept());
      Socket server = opened(new Socket(target.getAddress(), target.getPort()));
      start("relay to the server", () -> frames(client, server));
      start(
          "relay to the client",
          () -> {
            try (client) {
              server.getInputStream().transferTo(client.getOutputStream());
            }
          });
    }
  }

  private Socket opened(Socket socket) throws IOException {
    sockets.add(socket);
    socket.setTcpNoDelay(true);
    return socket;
  }

  private void frames(Socket from, Socket to) throws IOException {
    try (to) {
      DataInputStream in = new DataInputStream(new BufferedInputStream(from.getInputStream()));
      OutputStream out = to.getOutputStream();
      byte[] begin = in.readNBytes(4);
      if (begin.length < 4) {
        return;
      }
      if (begin[0] == 'P') {
        out.write(begin);
        out.write(in.readNBytes(PREFACE - 4));
        while (true) {
          pass(http2(in), out);
        }
      }
      for (int length = ByteBuffer.wrap(begin).getInt(); ; length = in.readInt()) {
        pass(ttheader(length, in), out);
      }
    }
  }

  private record Frame(ByteBuffer bytes, boolean cancel) {}

  private void pass(Frame frame, OutputStream out) throws IOException {
    if (frame.cancel) {
      cancels.add(System.nanoTime());
    }
    out.write(frame.bytes.array());
  }

  private static ByteBuffer whole(int length) throws IOException {
    if (length < 0 || length > MAX_FRAME) {
      throw new IOException("a frame of " + length + " bytes");
    }
    return ByteBuffer.allocate(length);
  }

  private static Frame http2(DataInputStream in) throws IOException {
    int begin = in.readInt();
    ByteBuffer frame = whole(9 + (begin >>> 8));
    frame.putInt(begin);
    in.readFully(frame.array(), 4, frame.capacity() - 4);
    return new Frame(frame, (begin & 0xff) == RST_STREAM);
  }

  private static Frame ttheader(int length, DataInputStream in) throws IOException {
    ByteBuffer frame = whole(4 + length);
    frame.putInt(length);
    in.readFully(frame.array(), 4, length);
    boolean streaming = (frame.getShort(6) & 2) != 0;
    return new Frame(frame, streaming && isReset(frame));
  }

  /** Looks for the type of the frame among its numbered keys. */
  private static boolean isReset(ByteBuffer frame) {
    ByteBuffer info = frame.duplicate().position(16).limit(14 + 4 * frame.getShort(12));
    while (info.hasRemaining()) {
      int section = info.get();
      int count = section == 0 ? 0 : info.getShort();
      for (int i = 0; i < count; i++) {
        int key = info.getShort();
        if (section == 1) {
          skip(info, key);
          skip(info, info.getShort());
        } else {
          int length = info.getShort();
          if (key == FRAME_TYPE) {
            return length == 1 && info.get(info.position()) == RST;
          }
          skip(info, length);
        }
      }
    }
    return false;
  }

  private static void skip(ByteBuffer buffer, int length) {
    buffer.position(buffer.position() + length);
  }

  @Override
  public void close() {
    try {
      listener.close();
      for (Socket socket : sockets) {
        socket.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
