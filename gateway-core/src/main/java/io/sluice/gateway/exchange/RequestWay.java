package io.sluice.gateway.exchange;

import io.netty.buffer.ByteBuf;
import io.sluice.api.Status;
import io.sluice.gateway.call.CallEnd;
import io.sluice.gateway.call.RequestSink;
import io.sluice.gateway.call.ResponseSink;
import io.sluice.gateway.call.Weight;
import org.jspecify.annotations.Nullable;

/** The request's way: from the caller to the outbound leg, so long as there is one. */
final class RequestWay extends Way {
  private final ResponseSink caller;

  /** Null before it is opened, and once it is over. */
  private @Nullable RequestSink leg;

  /** Bytes of which the caller has not been told that they are gone. */
  private int owed;

  /** Bytes that the leg has and has not said to be taken. */
  private int underWay;

  RequestWay(Exchange exchange, ResponseSink caller) {
    super(exchange);
    this.caller = caller;
  }

  @Override
  boolean isRequest() {
    return true;
  }

  @Nullable RequestSink leg() {
    return leg;
  }

  /** The leg is there, and gets what has waited for it. */
  void leadsTo(RequestSink opened) {
    leg = opened;
    letGo();
  }

  /**
   * A part has come from the caller.
   *
   * @param part handed over
   */
  void came(ByteBuf part, boolean endOfMessage) {
    count(part, endOfMessage);
    data(part, endOfMessage);
  }

  /** The same of the last part. */
  void cameLast(ByteBuf part, boolean endOfMessage) {
    if (leg == null || !isFree()) {
      came(part, endOfMessage);
      end(null);
      return;
    }
    int weight = Weight.of(part, endOfMessage);
    count(part, endOfMessage);
    if (limitsPass(part, endOfMessage)) {
      underWay += weight;
      leg.requestLast(part, endOfMessage);
    } else {
      end(null);
    }
  }

  private void count(ByteBuf part, boolean endOfMessage) {
    exchange().call().addRequestBytes(part.readableBytes());
    owed += Weight.of(part, endOfMessage);
  }

  @Override
  boolean limitsPass(ByteBuf part, boolean endOfMessage) {
    StreamWatch watch = exchange().watch();
    return watch == null || watch.requestPasses(part, endOfMessage);
  }

  @Override
  boolean limitsPassEnd(@Nullable CallEnd end) {
    StreamWatch watch = exchange().watch();
    return watch == null || watch.requestEnd();
  }

  @Override
  void deliver(ByteBuf part, boolean endOfMessage) {
    int weight = Weight.of(part, endOfMessage);
    if (leg != null) {
      underWay += weight;
      leg.requestData(part, endOfMessage);
    } else {
      // The answer is there already, though it may still wait.
      part.release();
      taken(weight);
    }
  }

  @Override
  void deliverEnd(@Nullable CallEnd end) {
    if (leg != null) {
      leg.requestEnd();
    }
  }

  /** The leg has taken so many bytes. */
  void legTook(int bytes) {
    if (leg != null) {
      underWay -= bytes;
      taken(bytes);
    }
  }

  @Override
  void gone(int bytes) {
    if (exchange().isOpen()) {
      owed -= bytes;
      caller.requestTaken(bytes);
    }
  }

  @Override
  boolean senderWaits() {
    return caller.requestWaits();
  }

  @Override
  void senderGoesOn() {
    if (exchange().isOpen()) {
      caller.requestGoesOn();
    }
  }

  /** The leg takes nothing any more. */
  void legIsOver() {
    leg = null;
  }

  /** What a leg that is over has not taken is gone with it. */
  void settle() {
    int left = underWay;
    underWay = 0;
    if (left > 0) {
      taken(left);
    }
  }

  /** Gives the leg up, if there is one. */
  void cancel(Status why) {
    RequestSink open = leg;
    leg = null;
    if (open != null) {
      open.requestCancel(why);
    }
  }

  /** Nobody wants the request any more: its caller is not to wait while filters think. */
  void drop() {
    release();
    int left = owed;
    owed = 0;
    if (left > 0) {
      caller.requestTaken(left);
    }
    caller.requestGoesOn();
  }

  @Override
  void release() {
    super.release();
    StreamWatch watch = exchange().watch();
    if (watch != null) {
      watch.requestOver();
    }
  }
}
