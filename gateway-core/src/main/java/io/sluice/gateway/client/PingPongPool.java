package io.sluice.gateway.client;

import io.sluice.api.Status;
import io.sluice.gateway.config.Address;
import io.sluice.gateway.config.ClusterConfig;
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
final class PingPongPool implements ConnectionPool<PingPongConnection> {
  private final Endpoint endpoint;
  private final ClusterClient cluster;
  private final ArrayDeque<PingPongConnection> idle = new ArrayDeque<>();
  private final ArrayDeque<Waiter<PingPongConnection>> waiting = new ArrayDeque<>();
  private final Set<PingPongConnection> open = new HashSet<>();
  private final Timers.Timer sweeper = new Sweeper();
  private int connecting;
  private int sweep;
  private boolean closed;

  PingPongPool(Endpoint endpoint) {
    this.endpoint = endpoint;
    this.cluster = endpoint.cluster();
  }

  Address address() {
    return endpoint.address();
  }

  @Override
  public void acquire(Waiter<PingPongConnection> call) {
    PingPongConnection connection;
    while ((connection = idle.pollLast()) != null) {
      // One that the downstream has just closed is still here until the loop's next turn.
      if (connection.isOpen()) {
        call.connected(connection);
        return;
      }
    }
    // Those for whom a connection is being opened do not count.
    int most = config().maxPending();
    if (!mayConnect() && waiting.size() - connecting >= most) {
      call.failed(endpoint.full(true));
      return;
    }
    waiting.add(call);
    connectIfNeeded();
  }

  private boolean mayConnect() {
    return open.size() + connecting < config().maxConnections();
  }

  ClusterConfig config() {
    return cluster.cluster().config();
  }

  /** Whether a connection may carry one call after another. */
  boolean keepsConnections() {
    return config().connections() == ClusterConfig.Connections.KEEP;
  }

  @Override
  public void forget(Waiter<PingPongConnection> call) {
    waiting.remove(call);
  }

  /** The connection is free for the next call. */
  void release(PingPongConnection connection) {
    if (closed) {
      connection.close();
      return;
    }
    Waiter<PingPongConnection> next = waiting.poll();
    if (next != null) {
      next.connected(connection);
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
    while (connecting < waiting.size() && mayConnect()) {
      connecting++;
      PingPongConnection connection = new PingPongConnection(this, cluster.loop());
      cluster
          .connector()
          .connect(
              endpoint.address(),
              new Connector.Result() {
                @Override
                public void connected() {
                  connecting--;
                  if (connection.isOpen()) {
                    endpoint.backoff().succeeded();
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
    endpoint.backoff().failed();
    if (waiting.size() > connecting && !waiting.isEmpty()) {
      waiting.poll().failed(Status.unavailable(why));
    }
    connectIfNeeded();
  }

  @Override
  public int open() {
    return open.size();
  }

  @Override
  public int idle() {
    return idle.size();
  }

  @Override
  public int connecting() {
    return connecting;
  }

  @Override
  public int waiting() {
    return waiting.size();
  }

  @Override
  public void close() {
    closed = true;
    cluster.loop().timers().cancel(sweeper);
    new ArrayList<>(open).forEach(PingPongConnection::close);
  }

  private void setSweeper() {
    cluster.loop().timers().set(sweeper, config().idleTimeout().toNanos());
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
