package io.sluice.gateway.exchange;

import io.sluice.gateway.call.CallEnd;
import io.sluice.gateway.call.RpcCall;

/** Hears of every call when it is over, on the call's loop. Must not throw. */
public interface CallObserver {

  /**
   * A call is over.
   *
   * @param nanos how long it took
   * @param requestBytes of bodies, as the caller sent them
   * @param responseBytes of bodies, as the downstream sent them
   */
  void ended(RpcCall call, CallEnd end, long nanos, long requestBytes, long responseBytes);
}
