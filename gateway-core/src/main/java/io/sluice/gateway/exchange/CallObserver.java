package io.sluice.gateway.exchange;

import io.sluice.gateway.call.CallEnd;
import io.sluice.gateway.call.RpcCall;

/** Hears of every call when it is over, on the call's loop. Must not throw. */
public interface CallObserver {

  /** A call is over: {@link io.sluice.api.Call.Phase#ENDED} is the last phase it reached. */
  void ended(RpcCall call, CallEnd end);

  /** Who is to hear of this stream, which has its route and will be opened now. */
  default StreamObserver stream(RpcCall call) {
    return StreamObserver.NONE;
  }

  /** Who is to hear what filters do. */
  default FilterObserver filters() {
    return FilterObserver.NONE;
  }
}
