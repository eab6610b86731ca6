package io.sluice.gateway.client;

import io.sluice.api.Status;
import io.sluice.gateway.call.CallEnd;
import io.sluice.gateway.call.MessageHead;
import io.sluice.gateway.call.RequestSink;
import io.sluice.gateway.call.ResponseSink;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.config.EndpointConfig;
import io.sluice.gateway.loop.Loop;
import io.sluice.gateway.route.Cluster;
import io.sluice.gateway.wire.pingpong.MessageReader;
import java.util.ArrayList;
import java.util.List;

/** One loop's connections to one cluster, and the choice among its endpoints. */
final class ClusterClient {
  private final Cluster cluster;
  private final Loop loop;
  private final Connector connector;
  private final Balancer balancer;
  private int calls;

  ClusterClient(Cluster cluster, Loop loop, Connector connector) {
    this.cluster = cluster;
    this.loop = loop;
    this.connector = connector;
    List<Endpoint> endpoints = new ArrayList<>();
    for (EndpointConfig endpoint : cluster.config().endpoints()) {
      endpoints.add(new Endpoint(endpoint.address(), endpoint.weight(), this));
    }
    this.balancer = Balancer.of(cluster.config().balance(), endpoints);
  }

  /** Opens the outbound leg of a call, in the protocol that the call came in. */
  RequestSink open(RpcCall call, ResponseSink response) {
    Leg<?> leg =
        switch (call.protocol()) {
          case GRPC -> new GrpcLeg(this, call, response);
          case TTSTREAM -> new TtstreamLeg(this, call, response);
          case BUFFERED, FRAMED, TTHEADER, TTHEADER_FRAMED ->
              mayShare(call)
                  ? new MuxLeg(this, call, response)
                  : new PingPongLeg(this, call, response);
        };
    int most = cluster.config().maxCalls();
    if (calls >= most) {
      leg.end(
          CallEnd.of(
              call,
              Status.overLimit(
                  "cluster " + cluster.name() + " has " + most + " calls open (maxCalls)")));
    } else {
      leg.connect();
    }
    return leg;
  }

  /**
   * Whether the call may go with others on one connection. A request that comes in parts may not:
   * they would wait for a slow caller in the middle of it.
   */
  private boolean mayShare(RpcCall call) {
    MessageHead request = call.request();
    return cluster.config().transport().multiplex()
        && request.headAhead + request.bodyLength <= MessageReader.GATHER;
  }

  /** A call has begun at one of the endpoints. */
  void callBegins() {
    calls++;
  }

  /** It is over. */
  void callEnds() {
    calls--;
  }

  /** Chooses the endpoint of a call's next attempt. */
  Balancer balancer() {
    return balancer;
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
    balancer.close();
    connector.close();
  }
}
