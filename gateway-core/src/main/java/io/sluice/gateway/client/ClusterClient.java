package io.sluice.gateway.client;

import io.sluice.gateway.call.RequestSink;
import io.sluice.gateway.call.ResponseSink;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.config.Address;
import io.sluice.gateway.loop.Loop;
import io.sluice.gateway.route.Cluster;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/** One loop's connections to one cluster, and the choice among its endpoints: each in its turn. */
final class ClusterClient {
  private final Cluster cluster;
  private final Loop loop;
  private final Connector connector;
  private final List<Endpoint> endpoints = new ArrayList<>();
  private int next;

  ClusterClient(Cluster cluster, Loop loop, Connector connector) {
    this.cluster = cluster;
    this.loop = loop;
    this.connector = connector;
    for (Address address : cluster.config().endpoints()) {
      endpoints.add(new Endpoint(address, this));
    }
    // Else the first endpoint would get the first call of every loop and every gateway.
    next = ThreadLocalRandom.current().nextInt(endpoints.size());
  }

  /** Opens the outbound leg of a call, in the protocol that the call came in. */
  RequestSink open(RpcCall call, ResponseSink response) {
    Leg<?> leg =
        switch (call.protocol()) {
          case GRPC -> new GrpcLeg(this, call, response);
          case TTSTREAM -> new TtstreamLeg(this, call, response);
          case BUFFERED, FRAMED, TTHEADER, TTHEADER_FRAMED -> new PingPongLeg(this, call, response);
        };
    leg.connect();
    return leg;
  }

  /** Where a new call begins its round of the endpoints. */
  int nextStart() {
    int start = next;
    next = next + 1 == endpoints.size() ? 0 : next + 1;
    return start;
  }

  /** The endpoint of a call's attempt, from 0. */
  Endpoint endpoint(int start, int attempt) {
    return endpoints.get((start + attempt) % endpoints.size());
  }

  /** How many endpoints a call that was refused may be offered to. */
  int size() {
    return endpoints.size();
  }

  Cluster cluster() {
    return cluster;
  }

  Loop loop() {
    return loop;
  }

  Connector connector() {
    return connector;
  }

  void close() {
    endpoints.forEach(Endpoint::close);
    connector.close();
  }
}
