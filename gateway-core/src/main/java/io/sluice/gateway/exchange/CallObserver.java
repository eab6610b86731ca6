package io.sluice.gateway.exchange;

import io.sluice.gateway.call.CallEnd;
import io.sluice.gateway.call.RpcCall;

/** Hears of every call when it is over, on the call's loop. Must not throw. */
public interface CallObserver {

  /** A call is over: {@link io.sluice.api.Call.Phase#ENDED} is the last phase it reached. */
  void ended(RpcCall call, CallEnd end);
}
