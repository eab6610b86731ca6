package io.sluice.gateway.client;

import io.sluice.api.Status;
import io.sluice.gateway.config.Address;
import io.sluice.gateway.config.ClusterConfig;
import io.sluice.gateway.config.EndpointConfig;
import java.util.List;

/** One instance of a downstream, with one loop's connections to it, a pool for each protocol. */
final class Endpoint {
  /** The wire of ttstream has no flow control, so streams had better not share a connection. */
  private static final int TTSTREAM_SPREAD = 32;

  private final Address address;
  private final String name;
  private final ClusterClient cluster;
  private final Backoff backoff = new Backoff();
  private final PingPongPool pingPong;
  private final SharedPool<MuxConnection> mux;
  private final SharedPool<GrpcConnection> grpc;
  private final SharedPool<TtstreamConnection> ttstream;
  private EndpointConfig config;
  private int calls;
  private boolean retired;

  /** Until when, in {@link System#nanoTime()}; 0 if not. */
  private long wearsOutUntil;

  /**
   * @param config what the endpoint comes of
   */
  Endpoint(Address address, EndpointConfig config, ClusterClient cluster) {
    this.address = address;
    this.name = address.toString();
    this.config = config;
    this.cluster = cluster;
    this.pingPong = new PingPongPool(this);
    this.mux = new SharedPool<>(this, 1, MuxConnection::new);
    this.grpc = new SharedPool<>(this, 1, GrpcConnection::new);
    this.ttstream = new SharedPool<>(this, TTSTREAM_SPREAD, TtstreamConnection::new);
  }

  /** Its address as logs have it. */
  String name() {
    return name;
  }

  Address address() {
    return address;
  }

  int weight() {
    return config.weight();
  }

  /** It has the same address by another configuration. */
  void config(EndpointConfig other) {
    config = other;
  }

  /** Gets no more calls, and closes its connections after the last that it has. */
  void retire() {
    retired = true;
    closeIfOver();
  }

  private void closeIfOver() {
    if (retired && calls == 0) {
      // Not here, where a connection may be in the middle of the end of its call.
      cluster.loop().eventLoop().execute(this::close);
    }
  }

  ClusterClient cluster() {
    return cluster;
  }

  /** Whether it is marked unhealthy. */
  Backoff backoff() {
    return backoff;
  }

  /** How many calls of this loop are open here, those that wait for a connection included. */
  int calls() {
    return calls;
  }

  /** Its gRPC connections are worn out by resets, up to this {@link System#nanoTime()} at least. */
  void wearsOutConnections(long until) {
    wearsOutUntil = until == 0 ? 1 : until;
  }

  /** Whether its gRPC connections are being worn out by resets. */
  boolean wearsOutConnections() {
    if (wearsOutUntil != 0 && wearsOutUntil - System.nanoTime() < 0) {
      wearsOutUntil = 0;
    }
    return wearsOutUntil != 0;
  }

  void callBegins() {
    calls++;
  }

  void callEnds() {
    calls--;
    closeIfOver();
  }

  /**
   * What a call is told that may not even wait for a connection.
   *
   * @param allOpen whether no further connection may be opened
   */
  Status full(boolean allOpen) {
    ClusterConfig config = cluster.cluster().config();
    StringBuilder why = new StringBuilder("cluster ").append(cluster.cluster().name());
    if (allOpen) {
      why.append(" has all of its ").append(config.maxConnections());
      why.append(" connections to ").append(name).append(" in use (maxConnections), and ");
    } else {
      why.append(" has no connection to ").append(name).append(" yet, and ");
    }
    why.append(config.maxPending()).append(" calls wait for one (maxPending)");
    return Status.overLimit(why.toString());
  }

  PingPongPool pingPong() {
    return pingPong;
  }

  SharedPool<MuxConnection> mux() {
    return mux;
  }

  SharedPool<GrpcConnection> grpc() {
    return grpc;
  }

  SharedPool<TtstreamConnection> ttstream() {
    return ttstream;
  }

  EndpointStats stats() {
    int open = 0;
    int idle = 0;
    int connecting = 0;
    int waiting = 0;
    for (ConnectionPool<?> pool : List.of(pingPong, mux, grpc, ttstream)) {
      open += pool.open();
      idle += pool.idle();
      connecting += pool.connecting();
      waiting += pool.waiting();
    }
    return new EndpointStats(
        cluster.cluster().name(),
        config.address().toString(),
        open,
        idle,
        connecting,
        waiting,
        calls,
        backoff.isOver() ? 0 : 1);
  }

  void close() {
    pingPong.close();
    mux.close();
    grpc.close();
    ttstream.close();
  }
}
