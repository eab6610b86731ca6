package io.sluice.gateway.client;

import io.sluice.gateway.config.Address;

/** One instance of a downstream, with one loop's connections to it, a pool for each protocol. */
final class Endpoint {
  /** The wire of ttstream has no flow control, so streams had better not share a connection. */
  private static final int TTSTREAM_SPREAD = 32;

  private final Address address;
  private final String name;
  private final PingPongPool pingPong;
  private final SharedPool<GrpcConnection> grpc;
  private final SharedPool<TtstreamConnection> ttstream;

  Endpoint(Address address, ClusterClient cluster) {
    this.address = address;
    this.name = address.toString();
    this.pingPong = new PingPongPool(address, cluster);
    this.grpc = new SharedPool<>(address, cluster, 1, GrpcConnection::new);
    this.ttstream = new SharedPool<>(address, cluster, TTSTREAM_SPREAD, TtstreamConnection::new);
  }

  /** Its address as logs have it. */
  String name() {
    return name;
  }

  Address address() {
    return address;
  }

  PingPongPool pingPong() {
    return pingPong;
  }

  SharedPool<GrpcConnection> grpc() {
    return grpc;
  }

  SharedPool<TtstreamConnection> ttstream() {
    return ttstream;
  }

  void close() {
    pingPong.close();
    grpc.close();
    ttstream.close();
  }
}
