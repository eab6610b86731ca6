package io.sluice.gateway.client;

import io.sluice.api.LoadBalancer;
import io.sluice.api.Protocol;
import io.sluice.api.Status;
import io.sluice.api.Use;
import io.sluice.gateway.call.MessageHead;
import io.sluice.gateway.call.RequestSink;
import io.sluice.gateway.call.ResponseSink;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.config.Address;
import io.sluice.gateway.config.EndpointConfig;
import io.sluice.gateway.loop.Loop;
import io.sluice.gateway.route.Cluster;
import io.sluice.gateway.wire.pingpong.MessageReader;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One loop's connections to a cluster with given addresses, and the choice among its endpoints. */
class ClusterClient implements ClusterCalls {
  private static final Logger LOG = LoggerFactory.getLogger(ClusterClient.class);

  private final Cluster cluster;
  private final Loop loop;
  private final Connector connector;
  private final OpenCalls openCalls;
  private final @Nullable LoadBalancer extension;
  private Balancer balancer;
  private long version;
  private int calls;

  /** For a cluster whose addresses come of no call. */
  ClusterClient(Cluster cluster, Loop loop, Connector connector) {
    this(cluster, loop, connector, List.of(), new OpenCalls(cluster));
    follow();
  }

  /**
   * @param addresses that come of the endpoints of the cluster's configuration, in their order
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
      endpoints.add(new Endpoint(addresses.get(i), cluster.config().endpoints().get(i), this));
    }
    this.extension = extension(cluster);
    this.balancer = Balancer.of(cluster.config(), extension, endpoints, version);
  }

  private static @Nullable LoadBalancer extension(Cluster cluster) {
    Use<LoadBalancer> use = cluster.config().balancer();
    try {
      return use == null ? null : use.make();
    } catch (Throwable e) { // whatever its author's code may throw
      LOG.atError()
          .setMessage("load balancer '{}' cannot be made, endpoints take turns")
          .addArgument(use.name())
          .addKeyValue("cluster", cluster.name())
          .setCause(e)
          .log();
      return null;
    }
  }

  /**
   * Goes over to the endpoints that the cluster has now. Those that stay keep their connections;
   * those that go, until the calls that they have are over.
   */
  final void follow() {
    Map<Address, Endpoint> before = new HashMap<>();
    balancer.endpoints().forEach(endpoint -> before.put(endpoint.address(), endpoint));
    List<Endpoint> endpoints = new ArrayList<>();
    for (EndpointConfig config : cluster.endpoints().now()) {
      Address address = config.address().address();
      Endpoint endpoint = before.remove(address);
      if (endpoint == null) {
        endpoint = new Endpoint(address, config, this);
      } else {
        endpoint.config(config);
      }
      endpoints.add(endpoint);
    }
    balancer = Balancer.of(cluster.config(), extension, endpoints, ++version);
    before.values().forEach(Endpoint::retire);
  }

  /** What a call is told that no endpoint is left for. */
  final Status noEndpoint() {
    return Status.unavailable("cluster " + cluster.name() + " has no endpoint for it");
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
      to.accept(balancer.endpoint(i).stats());
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
