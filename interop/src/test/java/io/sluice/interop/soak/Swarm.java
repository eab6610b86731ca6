package io.sluice.interop.soak;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

/** Many bare connections to the gateway, driven by the one thread that calls {@link #run}. */
final class Swarm implements AutoCloseable {
  private static final int SELECT_MILLIS = 10;
  private static final long DRIP_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** Gives what is sent next. */
  interface Source {
    /** No more bytes if null. */
    ByteBuffer next();
  }

  private final InetSocketAddress target;
  private final Selector selector;
  private final List<Attacker> attackers = new ArrayList<>();
  private final ByteBuffer sink = ByteBuffer.allocateDirect(256 * 1024);

  Swarm(InetSocketAddress target) {
    this.target = target;
    try {
      selector = Selector.open();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** One connection. */
  final class Attacker {
    private final String kind;
    private final Source source;
    private final SocketChannel channel;
    private final int port;
    private SelectionKey key;
    private ByteBuffer pending;
    private boolean reads = true;
    private boolean drips;
    private long nextDrip;
    private boolean allSent;
    private boolean closed;
    private long sent;
    private long received;

    private Attacker(String kind, Source source) {
      this.kind = kind;
      this.source = source;
      try {
        channel = SocketChannel.open();
        channel.configureBlocking(false);
        // Bound by hand: else the port is not known before it is connected.
        channel.bind(new InetSocketAddress(target.getAddress(), 0));
        boolean connected = channel.connect(target);
        port = ((InetSocketAddress) channel.getLocalAddress()).getPort();
        key = channel.register(selector, 0, this);
        if (connected) {
          interest();
        } else {
          key.interestOps(SelectionKey.OP_CONNECT);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(kind + ": cannot connect", e);
      }
    }

    /** Never reads what it is answered. */
    Attacker deaf() {
      reads = false;
      interest();
      return this;
    }

    /** Reads after all. */
    void listen() {
      reads = true;
      interest();
    }

    /** Sends one byte a second. */
    Attacker dripping() {
      drips = true;
      nextDrip = System.nanoTime();
      interest();
      return this;
    }

    String kind() {
      return kind;
    }

    int port() {
      return port;
    }

    /** Whether the gateway has closed it. */
    boolean isClosed() {
      return closed;
    }

    boolean isAllSent() {
      return allSent;
    }

    long sent() {
      return sent;
    }

    long received() {
      return received;
    }

    private void interest() {
      if (closed || !key.isValid() || !channel.isConnected()) {
        return;
      }
      key.interestOps(
          (reads ? SelectionKey.OP_READ : 0) | (allSent || drips ? 0 : SelectionKey.OP_WRITE));
    }

    private void ready() {
      try {
        if (key.isConnectable()) {
          channel.finishConnect();
          interest();
          return;
        }
        if (key.isReadable()) {
          read();
        }
        if (!closed && key.isWritable()) {
          write();
        }
      } catch (IOException e) {
        gone();
      }
    }

    private void read() throws IOException {
      sink.clear();
      int n = channel.read(sink);
      if (n < 0) {
        gone();
      } else {
        received += n;
      }
    }

    private boolean load() {
      if (pending == null || !pending.hasRemaining()) {
        pending = source.next();
        if (pending == null) {
          allSent = true;
          interest();
          return false;
        }
      }
      return true;
    }

    private void write() throws IOException {
      // A bound, so that one that is read fast does not keep the others waiting.
      for (int rounds = 0; rounds < 8 && load(); rounds++) {
        sent += channel.write(pending);
        if (pending.hasRemaining()) {
          return;
        }
      }
    }

    private void drip(long now) {
      if (closed || allSent || now < nextDrip || !channel.isConnected() || !load()) {
        return;
      }
      nextDrip = now + DRIP_NANOS;
      int limit = pending.limit();
      pending.limit(pending.position() + 1);
      try {
        sent += channel.write(pending);
      } catch (IOException e) {
        gone();
      }
      pending.limit(limit);
    }

    private void gone() {
      closed = true;
      close();
    }

    private void close() {
      try {
        if (!closed) {
          // No TIME_WAIT: thousands of them would use up the ports.
          channel.setOption(StandardSocketOptions.SO_LINGER, 0);
        }
        channel.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** Connects and sends these bytes. */
  Attacker send(String kind, byte[] bytes) {
    ByteBuffer all = ByteBuffer.wrap(bytes);
    return send(kind, () -> all.hasRemaining() ? all : null);
  }

  /** Connects and sends what there is to send. */
  Attacker send(String kind, Source source) {
    Attacker attacker = new Attacker(kind, source);
    attackers.add(attacker);
    return attacker;
  }

  List<Attacker> all() {
    return attackers;
  }

  List<Attacker> all(Predicate<Attacker> wanted) {
    return attackers.stream().filter(wanted).toList();
  }

  boolean isAllClosed() {
    return attackers.stream().allMatch(Attacker::isClosed);
  }

  /** Runs until all are closed, or for 2 s nothing moved in either direction. */
  void runUntilStill(Duration limit) {
    long[] state = {-1, System.nanoTime()};
    run(
        () -> {
          long moved = attackers.stream().mapToLong(a -> a.sent + a.received).sum();
          long now = System.nanoTime();
          if (moved != state[0]) {
            state[0] = moved;
            state[1] = now;
          }
          return now - state[1] > TimeUnit.SECONDS.toNanos(2) || isAllClosed();
        },
        limit);
  }

  /**
   * Lets all of them go on until something is so.
   *
   * @return false if it is not so in that time
   */
  boolean run(BooleanSupplier until, Duration limit) {
    long end = System.nanoTime() + limit.toNanos();
    try {
      while (!until.getAsBoolean()) {
        long now = System.nanoTime();
        if (now > end) {
          return false;
        }
        selector.select(SELECT_MILLIS);
        Iterator<SelectionKey> keys = selector.selectedKeys().iterator();
        while (keys.hasNext()) {
          SelectionKey key = keys.next();
          keys.remove();
          if (key.isValid()) {
            ((Attacker) key.attachment()).ready();
          }
        }
        for (Attacker attacker : attackers) {
          if (attacker.drips) {
            attacker.drip(now);
          }
        }
      }
      return true;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Cuts all connections. */
  @Override
  public void close() {
    attackers.forEach(Attacker::close);
    try {
      selector.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
