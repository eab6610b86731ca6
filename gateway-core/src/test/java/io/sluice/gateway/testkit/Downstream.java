package io.sluice.gateway.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/** A downstream made by hand, one thread a connection, that does whatever a test wants of it. */
public final class Downstream implements AutoCloseable {

  /** What is done on each connection; it is closed afterwards. */
  @FunctionalInterface
  public interface Service {
    /**
     * @param connection its number, from 1
     */
    void serve(Peer peer, int connection) throws Exception;
  }

  private static final Queue<Socket> TAKEN = new ConcurrentLinkedQueue<>();

  private final ServerSocket server;
  private final Service service;
  private final AtomicInteger accepted = new AtomicInteger();
  private final AtomicInteger open = new AtomicInteger();
  private final Set<Peer> peers = ConcurrentHashMap.newKeySet();

  private Downstream(ServerSocket server, Service service) {
    this.server = server;
    this.service = service;
  }

  public static Downstream serving(Service service) {
    return serving(0, service);
  }

  /**
   * @param receiveBuffer bytes that the kernel keeps for a slow reader; 0 for what is usual
   */
  public static Downstream serving(int receiveBuffer, Service service) {
    return serving(
        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), receiveBuffer, service);
  }

  /**
   * @param port of {@link #refusingPort()}, which refuses again once this is closed
   */
  public static Downstream on(int port, Service service) {
    return serving(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0, service);
  }

  /** One that all addresses of this machine reach, as 127.1.2.3. */
  public static Downstream everywhere(Service service) {
    return serving(new InetSocketAddress(0), 0, service);
  }

  private static Downstream serving(InetSocketAddress address, int receiveBuffer, Service service) {
    try {
      ServerSocket server = new ServerSocket();
      server.setReuseAddress(true);
      if (receiveBuffer > 0) {
        server.setReceiveBufferSize(receiveBuffer);
      }
      server.bind(address, 1024);
      Downstream downstream = new Downstream(server, service);
      start(downstream::accept);
      return downstream;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Answers every call with its own text. */
  public static Downstream echoing() {
    return serving(Downstream::echo);
  }

  /** Answers every call of a connection with its own text. */
  public static void echo(Peer peer, int connection) {
    for (Message m = peer.read(); m != null; m = peer.read()) {
      peer.send(Thrifts.echo(m));
    }
  }

  /** A port of this machine that is taken, so that nobody else can listen on it, and refuses. */
  public static int refusingPort() {
    try {
      Socket taken = new Socket();
      taken.setReuseAddress(true);
      taken.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      TAKEN.add(taken);
      return taken.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Lets nobody in any more; those who are, stay. */
  public void refuse() {
    stopListening();
    // The kernel listens until the thread that accepts has noticed.
    while (isReached()) {
      Thread.onSpinWait();
    }
  }

  private void stopListening() {
    try {
      server.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private boolean isReached() {
    try (Socket probe = new Socket(InetAddress.getLoopbackAddress(), port())) {
      return probe.isConnected();
    } catch (ConnectException e) {
      return false;
    } catch (IOException e) {
      return true; // let in and thrown out again
    }
  }

  public int port() {
    return server.getLocalPort();
  }

  /** Connections up to now. */
  public int accepted() {
    return accepted.get();
  }

  /** Connections on which the service has not ended. */
  public int open() {
    return open.get();
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket socket = server.accept();
        Peer peer = new Peer(socket);
        int number = accepted.incrementAndGet();
        open.incrementAndGet();
        peers.add(peer);
        start(() -> serve(peer, number));
      } catch (IOException e) {
        return;
      }
    }
  }

  private void serve(Peer peer, int number) {
    try (peer) {
      service.serve(peer, number);
    } catch (Exception | AssertionError e) {
      // The other side has gone or says nothing more, or the test is over.
    } finally {
      peer.release();
      peers.remove(peer);
      open.decrementAndGet();
    }
  }

  private static void start(Runnable run) {
    Thread thread = new Thread(run, "downstream");
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() {
    stopListening();
    peers.forEach(Peer::close);
  }
}
