package io.sluice.gateway.client;

import io.sluice.api.Protocol;
import io.sluice.gateway.call.RequestSink;
import io.sluice.gateway.call.ResponseSink;
import io.sluice.gateway.call.RpcCall;
import java.util.function.Consumer;

/** One loop's way to a cluster. */
interface ClusterCalls {

  /** Opens the outbound leg of a call in this protocol. */
  RequestSink open(RpcCall call, Protocol protocol, ResponseSink response);

  /** Tells what each endpoint has now; one that comes of a template may be told many times. */
  void stats(Consumer<EndpointStats> to);

  /** Closes every connection. */
  void close();
}
