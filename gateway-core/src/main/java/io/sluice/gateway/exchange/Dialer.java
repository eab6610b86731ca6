package io.sluice.gateway.exchange;

import io.sluice.gateway.call.RequestSink;
import io.sluice.gateway.call.ResponseSink;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.route.Cluster;

/** Opens outbound legs; one for each loop, used on it only. */
public interface Dialer {

  /**
   * Begins the call toward a cluster. The answer may come before this returns.
   *
   * @return takes the request
   */
  RequestSink open(RpcCall call, Cluster cluster, ResponseSink response);
}
