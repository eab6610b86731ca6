package io.sluice.gateway.client;

import io.sluice.gateway.config.Address;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * Connections to one endpoint that carry many calls each. Another is opened only when those that
 * there are have no room.
 */
final class SharedPool<C extends SharedConnection> {

  /** Makes a connection that is not connected yet. */
  @FunctionalInterface
  interface Factory<C extends SharedConnection> {
    C create(SharedPool<C> pool, ClusterClient cluster);
  }

  /** A call that wants a connection. */
  interface Waiter<C> {
    void connected(C connection);

    void failed(String why);
  }

  private final Address address;
  private final ClusterClient cluster;
  private final Factory<C> factory;
  private final List<C> open = new ArrayList<>();
  private final ArrayDeque<Waiter<C>> waiting = new ArrayDeque<>();
  private boolean connecting;

  SharedPool(Address address, ClusterClient cluster, Factory<C> factory) {
    this.address = address;
    this.cluster = cluster;
    this.factory = factory;
  }

  Address address() {
    return address;
  }

  /** Gives a connection with room, now or when there is one; or tells that there will be none. */
  void acquire(Waiter<C> waiter) {
    for (int i = 0; i < open.size(); i++) {
      C connection = open.get(i);
      if (connection.hasRoom()) {
        waiter.connected(connection);
        return;
      }
    }
    if (waiting.size() >= cluster.cluster().config().maxPending()) {
      waiter.failed("too many calls wait for a connection to " + address);
      return;
    }
    waiting.add(waiter);
    connectIfNeeded();
  }

  /** The call no longer wants a connection. */
  void forget(Waiter<C> waiter) {
    waiting.remove(waiter);
  }

  /** A call on this connection has ended, so it may have room again. */
  void roomy(C connection) {
    while (!waiting.isEmpty() && connection.hasRoom()) {
      waiting.poll().connected(connection);
    }
    connectIfNeeded();
  }

  /** The connection takes no more calls. */
  void lost(C connection) {
    open.remove(connection);
    connectIfNeeded();
  }

  private void connectIfNeeded() {
    if (connecting
        || waiting.isEmpty()
        || open.size() >= cluster.cluster().config().maxConnections()) {
      return;
    }
    connecting = true;
    C connection = factory.create(this, cluster);
    cluster
        .connector()
        .connect(
            address,
            new Connector.Result() {
              @Override
              public void connected() {
                connecting = false;
                open.add(connection);
                roomy(connection);
              }

              @Override
              public void failed(String why) {
                connecting = false;
                // All of them: they wait for this one connection.
                List<Waiter<C>> disappointed = new ArrayList<>(waiting);
                waiting.clear();
                disappointed.forEach(waiter -> waiter.failed(why));
              }
            },
            connection.handlers());
  }

  void close() {
    new ArrayList<>(open).forEach(SharedConnection::close);
  }
}
