package io.sluice.gateway.client;

import io.sluice.gateway.config.Address;
import io.sluice.gateway.loop.Timers;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Connections to one endpoint that carry one call at a time. The one used last is used next, so
 * that those not needed grow idle and are let go.
 */
final class PingPongPool {
  private final Address address;
  private final ClusterClient cluster;
  private final ArrayDeque<PingPongConnection> idle = new ArrayDeque<>();
  private final ArrayDeque<PingPongLeg> waiting = new ArrayDeque<>();
  private final Set<PingPongConnection> open = new HashSet<>();
  private final Timers.Timer sweeper = new Sweeper();
  private int connecting;
  private int sweep;

  PingPongPool(Address address, ClusterClient cluster) {
    this.address = address;
    this.cluster = cluster;
  }

  Address address() {
    return address;
  }

  /** Gives the leg a connection, now or when there is one; or tells it that there will be none. */
  void acquire(PingPongLeg leg) {
    PingPongConnection connection = idle.pollLast();
    if (connection != null) {
      connection.begin(leg);
      return;
    }
    if (waiting.size() >= cluster.cluster().config().maxPending()) {
      leg.failed("too many calls wait for a connection to " + address);
      return;
    }
    waiting.add(leg);
    connectIfNeeded();
  }

  /** The leg no longer wants a connection. */
  void forget(PingPongLeg leg) {
    waiting.remove(leg);
  }

  /** The connection is free for the next call. */
  void release(PingPongConnection connection) {
    PingPongLeg next = waiting.poll();
    if (next != null) {
      connection.begin(next);
      return;
    }
    connection.lastSweep(sweep);
    idle.add(connection);
    if (!sweeper.isSet()) {
      setSweeper();
    }
  }

  /** The connection is closed. */
  void lost(PingPongConnection connection) {
    open.remove(connection);
    idle.remove(connection);
    connectIfNeeded();
  }

  private void connectIfNeeded() {
    while (connecting < waiting.size()
        && open.size() + connecting < cluster.cluster().config().maxConnections()) {
      connecting++;
      PingPongConnection connection = new PingPongConnection(this, cluster.loop());
      cluster
          .connector()
          .connect(
              address,
              new Connector.Result() {
                @Override
                public void connected() {
                  connecting--;
                  if (connection.isOpen()) {
                    open.add(connection);
                    release(connection);
                  } else {
                    failOne("connection lost");
                  }
                }

                @Override
                public void failed(String why) {
                  connecting--;
                  failOne(why);
                }
              },
              connection);
    }
  }

  /** A failed attempt costs one call its turn here, unless the calls have been served meanwhile. */
  private void failOne(String why) {
    if (waiting.size() > connecting && !waiting.isEmpty()) {
      PingPongLeg leg = waiting.poll();
      leg.failed(why);
    }
  }

  void close() {
    cluster.loop().timers().cancel(sweeper);
    new ArrayList<>(open).forEach(PingPongConnection::close);
  }

  private void setSweeper() {
    cluster.loop().timers().set(sweeper, cluster.cluster().config().idleTimeout().toNanos());
  }

  /** Closes what was not used between two of its turns. */
  private final class Sweeper extends Timers.Timer {
    @Override
    protected void fire() {
      sweep++;
      @Nullable PingPongConnection oldest;
      while ((oldest = idle.peekFirst()) != null && oldest.lastSweep() < sweep - 1) {
        idle.pollFirst();
        oldest.close();
      }
      if (!idle.isEmpty()) {
        setSweeper();
      }
    }
  }
}
