package io.sluice.gateway.client;

import io.sluice.gateway.call.RequestSink;
import io.sluice.gateway.call.ResponseSink;
import io.sluice.gateway.call.RpcCall;
import java.util.function.Consumer;

/** One loop's way to a cluster. */
interface ClusterCalls {

  /** Opens the outbound leg of a call, in the protocol that the call came in. */
  RequestSink open(RpcCall call, ResponseSink response);

  /** Tells what each endpoint has now; one that comes of a template may be told many times. */
  void stats(Consumer<EndpointStats> to);

  /** Closes every connection. */
  void close();
}
