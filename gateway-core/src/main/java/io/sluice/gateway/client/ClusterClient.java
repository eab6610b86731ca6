package io.sluice.gateway.client;

import io.sluice.api.Protocol;
import io.sluice.gateway.call.MessageHead;
import io.sluice.gateway.call.RequestSink;
import io.sluice.gateway.call.ResponseSink;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.config.Address;
import io.sluice.gateway.loop.Loop;
import io.sluice.gateway.route.Cluster;
import io.sluice.gateway.wire.pingpong.MessageReader;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** One loop's connections to a cluster with given addresses, and the choice among its endpoints. */
class ClusterClient implements ClusterCalls {
  private final Cluster cluster;
  private final Loop loop;
  private final Connector connector;
  private final OpenCalls openCalls;
  private final Balancer balancer;
  private int calls;

  /** For a cluster whose addresses are in its configuration. */
  ClusterClient(Cluster cluster, Loop loop, Connector connector) {
    this(
        cluster,
        loop,
        connector,
        cluster.config().endpoints().stream().map(e -> e.address().address()).toList(),
        new OpenCalls(cluster));
  }

  /**
   * @param addresses of the cluster's endpoints, in their order
   * @param openCalls counts those of other instances of the cluster too
   */
  ClusterClient(
      Cluster cluster,
      Loop loop,
      Connector connector,
      List<Address> addresses,
      OpenCalls openCalls) {
    this.cluster = cluster;
    this.loop = loop;
    this.connector = connector;
    this.openCalls = openCalls;
    List<Endpoint> endpoints = new ArrayList<>();
    for (int i = 0; i < addresses.size(); i++) {
      int weight = cluster.config().endpoints().get(i).weight();
      endpoints.add(new Endpoint(addresses.get(i), weight, this));
    }
    this.balancer = Balancer.of(cluster.config().balance(), endpoints);
  }

  @Override
  public final RequestSink open(RpcCall call, Protocol protocol, ResponseSink response) {
    if (openCalls.isFull()) {
      return RefusedLeg.of(call, response, openCalls.full());
    }
    Leg<?> leg =
        switch (protocol) {
          case GRPC -> new GrpcLeg(this, call, response);
          case TTSTREAM -> new TtstreamLeg(this, call, response);
          case BUFFERED, FRAMED, TTHEADER, TTHEADER_FRAMED ->
              mayShare(call)
                  ? new MuxLeg(this, call, response)
                  : new PingPongLeg(this, call, response);
        };
    leg.connect();
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
  final void callBegins() {
    openCalls.begins();
    if (calls++ == 0) {
      used();
    }
  }

  /** It is over. */
  final void callEnds() {
    openCalls.ends();
    if (--calls == 0) {
      unused();
    }
  }

  /** The first call has begun. */
  void used() {}

  /** The last of the open calls is over. */
  void unused() {}

  /** Chooses the endpoint of a call's next attempt. */
  final Balancer balancer() {
    return balancer;
  }

  final Cluster cluster() {
    return cluster;
  }

  final Loop loop() {
    return loop;
  }

  final Connector connector() {
    return connector;
  }

  @Override
  public final void stats(Consumer<EndpointStats> to) {
    for (int i = 0; i < balancer.size(); i++) {
      to.accept(balancer.endpoint(i).stats(cluster.config().endpoints().get(i)));
    }
  }

  /** Closes every connection; the connector may be another's too. */
  final void letGo() {
    balancer.close();
  }

  @Override
  public final void close() {
    letGo();
    connector.close();
  }
}
