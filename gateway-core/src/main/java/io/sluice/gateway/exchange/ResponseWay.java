package io.sluice.gateway.exchange;

import io.netty.buffer.ByteBuf;
import io.sluice.gateway.call.Aside;
import io.sluice.gateway.call.CallEnd;
import io.sluice.gateway.call.RequestSink;
import io.sluice.gateway.call.ResponseSink;
import org.jspecify.annotations.Nullable;

/** The response's way: from the outbound leg to the caller. */
final class ResponseWay extends Way {
  private final ResponseSink caller;
  private final RequestWay request;

  /**
   * @param request has the leg
   */
  ResponseWay(Exchange exchange, ResponseSink caller, RequestWay request) {
    super(exchange);
    this.caller = caller;
    this.request = request;
  }

  @Override
  boolean isRequest() {
    return false;
  }

  /**
   * A part has come from the leg.
   *
   * @param part handed over
   */
  void came(ByteBuf part, boolean endOfMessage) {
    exchange().call().addResponseBytes(part.readableBytes());
    data(part, endOfMessage);
  }

  /** Goes beside: no filter asks for it, and it belongs to no message. */
  void cameAside(Aside aside) {
    StreamWatch watch = exchange().watch();
    if (watch != null) {
      watch.passesBeside(aside.size());
    }
    MessageGate gate = gate();
    if (gate != null) {
      gate.passesBeside(aside.size());
    }
    caller.responseAside(aside);
  }

  @Override
  boolean limitsPass(ByteBuf part, boolean endOfMessage) {
    StreamWatch watch = exchange().watch();
    return watch == null || watch.responsePasses(part, endOfMessage);
  }

  @Override
  boolean limitsPassEnd(@Nullable CallEnd end) {
    StreamWatch watch = exchange().watch();
    return watch == null || watch.responseEnd(end);
  }

  @Override
  void deliver(ByteBuf part, boolean endOfMessage) {
    if (exchange().isOpen()) {
      caller.responseData(part, endOfMessage);
    } else {
      part.release();
    }
  }

  @Override
  void deliverEnd(@Nullable CallEnd end) {
    exchange().end(end);
  }

  @Override
  void gone(int bytes) {
    StreamWatch watch = exchange().watch();
    if (watch != null) {
      watch.responseTaken(bytes);
    }
    RequestSink leg = request.leg();
    if (leg != null) {
      leg.responseTaken(bytes);
    }
  }

  @Override
  boolean senderWaits() {
    RequestSink leg = request.leg();
    return leg == null || leg.responseWaits();
  }

  @Override
  void senderGoesOn() {
    RequestSink leg = request.leg();
    if (leg != null) {
      leg.responseGoesOn();
    }
  }
}
