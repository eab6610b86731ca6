package io.sluice.gateway.client;

import io.sluice.api.Status;
import io.sluice.gateway.config.Address;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Connections to one endpoint that carry many calls each. Calls go where the fewest are; further
 * connections are opened while there are fewer than the spread, and when all are full.
 */
final class SharedPool<C extends SharedConnection> implements ConnectionPool<C> {

  /** Makes a connection that is not connected yet. */
  @FunctionalInterface
  interface Factory<C extends SharedConnection> {
    C create(SharedPool<C> pool, ClusterClient cluster);
  }

  private final Endpoint endpoint;
  private final ClusterClient cluster;
  private final Factory<C> factory;
  private final List<C> open = new ArrayList<>();

  /** Those that take no more calls, and are not closed yet. */
  private final Set<C> retired = new HashSet<>();

  private final ArrayDeque<Waiter<C>> waiting = new ArrayDeque<>();
  private final Set<C> pending = new HashSet<>();
  private final int spread;
  private boolean closed;

  /**
   * @param spread how many connections there should be before calls share one
   */
  SharedPool(Endpoint endpoint, int spread, Factory<C> factory) {
    this.endpoint = endpoint;
    this.cluster = endpoint.cluster();
    this.spread = spread;
    this.factory = factory;
  }

  Endpoint endpoint() {
    return endpoint;
  }

  Address address() {
    return endpoint.address();
  }

  @Override
  public void acquire(Waiter<C> waiter) {
    C connection = emptiest();
    if (connection != null && (connection.calls() == 0 || isSpread())) {
      waiter.connected(connection);
      return;
    }
    // A connection that is being opened, or is about to be, will carry one of them at least.
    int most = cluster.cluster().config().maxPending();
    if (waiting.size() - pending.size() - (mayConnect() ? 1 : 0) >= most) {
      waiter.failed(endpoint.full(allOpen()));
      return;
    }
    waiting.add(waiter);
    connectIfNeeded();
  }

  /** Whether calls share what there is, rather than wait for one more connection. */
  private boolean isSpread() {
    return open.size() + pending.size() >= spread || allOpen();
  }

  private boolean mayConnect() {
    return pending.size() < spread && !allOpen() && !isFutile();
  }

  /** Whether a downstream takes no call even on a connection without any; so it would on more. */
  private boolean isFutile() {
    for (int i = 0; i < open.size(); i++) {
      C connection = open.get(i);
      if (connection.calls() == 0 && !connection.hasRoom()) {
        return true;
      }
    }
    return false;
  }

  /**
   * Whether no further connection may be opened. Those that take no more calls count until they are
   * closed, but when there is no other, their calls, however long they last, are not to keep all
   * others out.
   */
  private boolean allOpen() {
    int most = cluster.cluster().config().maxConnections();
    int taking = open.size() + pending.size();
    return taking + retired.size() >= (taking == 0 ? 2 * most : most);
  }

  private @Nullable C emptiest() {
    C found = null;
    for (int i = 0; i < open.size(); i++) {
      C connection = open.get(i);
      if (connection.hasRoom() && (found == null || connection.calls() < found.calls())) {
        found = connection;
      }
    }
    return found;
  }

  @Override
  public void forget(Waiter<C> waiter) {
    waiting.remove(waiter);
  }

  /** A call on this connection has ended, so it may have room again. */
  void roomy(C connection) {
    while (!waiting.isEmpty() && connection.hasRoom()) {
      waiting.poll().connected(connection);
    }
    connectIfNeeded();
  }

  /** The connection can take calls from now on. */
  void ready(C connection) {
    if (closed) {
      pending.remove(connection);
      connection.close();
    } else if (pending.remove(connection)) {
      endpoint.backoff().succeeded();
      open.add(connection);
      roomy(connection);
    }
  }

  /** The connection takes no more calls; it is closed when those that it has are over. */
  void retired(C connection) {
    if (open.remove(connection)) {
      retired.add(connection);
    }
    notReady(connection);
    connectIfNeeded();
  }

  /** The connection is closed. */
  void lost(C connection) {
    open.remove(connection);
    retired.remove(connection);
    notReady(connection);
    connectIfNeeded();
  }

  private void notReady(C connection) {
    if (pending.contains(connection)) {
      failed(connection, "connection to " + endpoint.name() + " lost");
    }
  }

  private void failed(C connection, String why) {
    pending.remove(connection);
    endpoint.backoff().failed();
    for (C spare = emptiest(); spare != null && !waiting.isEmpty(); spare = emptiest()) {
      // It waited for a connection of its own; one with others does as well.
      waiting.poll().connected(spare);
    }
    if (pending.isEmpty()) {
      // No attempt is left that could serve those who wait.
      List<Waiter<C>> disappointed = new ArrayList<>(waiting);
      waiting.clear();
      disappointed.forEach(waiter -> waiter.failed(Status.unavailable(why)));
    }
  }

  private void connectIfNeeded() {
    // Each attempt may serve many of those who wait; the first of them may need no more.
    while (pending.size() < waiting.size() && mayConnect()) {
      connect();
    }
  }

  private void connect() {
    C connection = factory.create(this, cluster);
    pending.add(connection);
    cluster
        .connector()
        .connect(
            endpoint.address(),
            new Connector.Result() {
              @Override
              public void connected() {
                if (connection.isReady()) {
                  ready(connection);
                }
              }

              @Override
              public void failed(String why) {
                SharedPool.this.failed(connection, why);
              }
            },
            connection.handlers());
  }

  @Override
  public int open() {
    return open.size() + retired.size();
  }

  @Override
  public int idle() {
    int idle = 0;
    for (C connection : open) {
      idle += connection.calls() == 0 ? 1 : 0;
    }
    return idle;
  }

  @Override
  public int connecting() {
    return pending.size();
  }

  @Override
  public int waiting() {
    return waiting.size();
  }

  @Override
  public void close() {
    closed = true;
    List<C> all = new ArrayList<>(open);
    all.addAll(retired);
    all.forEach(SharedConnection::close);
  }
}
