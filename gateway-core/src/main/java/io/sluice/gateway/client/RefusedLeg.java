package io.sluice.gateway.client;

import io.netty.buffer.ByteBuf;
import io.sluice.api.Status;
import io.sluice.gateway.call.CallEnd;
import io.sluice.gateway.call.RequestSink;
import io.sluice.gateway.call.ResponseSink;
import io.sluice.gateway.call.RpcCall;

/** The outbound leg of a call that goes nowhere. */
final class RefusedLeg implements RequestSink {
  private static final RefusedLeg INSTANCE = new RefusedLeg();

  private RefusedLeg() {}

  /** Tells the caller why. */
  static RequestSink of(RpcCall call, ResponseSink response, Status why) {
    response.responseEnd(CallEnd.of(call, why));
    return INSTANCE;
  }

  @Override
  public void requestData(ByteBuf part, boolean endOfMessage) {
    part.release();
  }

  @Override
  public void requestEnd() {}

  @Override
  public void requestCancel(Status why) {}

  @Override
  public void responseTaken(int bytes) {}
}
