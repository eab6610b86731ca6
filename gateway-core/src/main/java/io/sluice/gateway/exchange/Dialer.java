package io.sluice.gateway.exchange;

import io.sluice.gateway.call.RequestSink;
import io.sluice.gateway.call.ResponseSink;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.route.Cluster;
import io.sluice.gateway.route.Route;

/** Opens outbound legs; one for each loop, used on it only. */
public interface Dialer {

  /**
   * Begins the call toward a cluster. The answer may come before this returns.
   *
   * @param route says in which protocol
   * @param cluster one of the route's
   * @return takes the request
   */
  RequestSink open(RpcCall call, Route route, Cluster cluster, ResponseSink response);
}
