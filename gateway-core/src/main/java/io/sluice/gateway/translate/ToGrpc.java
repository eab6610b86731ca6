package io.sluice.gateway.translate;

import io.netty.buffer.ByteBuf;
import io.sluice.api.Codec;
import io.sluice.api.Status;
import io.sluice.gateway.call.CallEnd;
import io.sluice.gateway.call.HalfMessage;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.call.ResponseSink;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.loop.Loop;
import io.sluice.gateway.translate.Translations.Opener;
import io.sluice.gateway.wire.WireException;
import org.jspecify.annotations.Nullable;

/**
 * A ping-pong or ttstream caller's call that goes out by gRPC.
 *
 * <p>The reply to a ping-pong call is held until the trailers are there: only they say whether it
 * is a reply at all. Messages of a stream go on whole, each as it is there.
 */
final class ToGrpc extends Translation {
  /** A downstream is trusted more than a caller, but not without bound. */
  private static final int MAX_MESSAGE = 1 << 30;

  private final boolean unary;

  /** Whether a message of the request is to begin with the next part. */
  private boolean atStart = true;

  /** What came in front of the messages, as it came; null before. */
  private @Nullable Headers head;

  /** The same for the caller, who is told of it only with the reply; null if there is none. */
  private @Nullable Headers untold;

  /** Whether the reply to a unary call is there; it stays with what is gathered. */
  private boolean answered;

  /** What follows that reply, when all is well with it; else null. */
  private @Nullable CallEnd reply;

  /** What ended the response behind what has not been read yet; else null. */
  private @Nullable CallEnd endDue;

  ToGrpc(RpcCall call, Loop loop, ResponseSink caller, Opener opener) {
    super(call, loop, caller, opener, false);
    this.unary = call.protocol().isPingPong();
  }

  @Override
  void begin() {
    openLeg();
  }

  // The request.

  @Override
  public void requestData(ByteBuf part, boolean endOfMessage) {
    if (isOver()) {
      part.release();
      return;
    }
    int size = part.readableBytes();
    requestCame(part, endOfMessage);
    if (atStart) {
      long length = endOfMessage ? size : call().request().bodyLength;
      toLeg(prefixed(length, part, call().request().headAhead), false);
    } else {
      toLeg(part, false);
    }
    atStart = endOfMessage;
    settleRequest();
  }

  @Override
  public void requestEnd() {
    CallEnd trailer = call().requestTrailer();
    if (trailer == null || trailer.status().isOk()) {
      endToLeg();
    } else if (!isOver()) {
      // That the caller has failed can only be told by a cancel.
      requestCancel(trailer.status());
      caller().responseEnd(CallEnd.byCancel(call(), trailer.status()));
    }
  }

  // The response.

  @Override
  public void responseHead() {
    if (isOver()) {
      return;
    }
    head = call().responseHeaders();
    Headers headers;
    try {
      headers = Dialects.toTtheader(head);
    } catch (WireException e) {
      fail(Status.untranslatable(e.getMessage()));
      return;
    }
    if (unary) {
      untold = headers;
    } else {
      call().responseHeaders(headers, null);
      caller().responseHead();
    }
  }

  @Override
  public void responseData(ByteBuf part, boolean endOfMessage) {
    if (isOver()) {
      part.release();
      return;
    }
    read(part);
    settleResponse();
  }

  @Override
  void part(ByteBuf part, boolean last) {
    gather(part);
    if (isOver() || !last) {
      return;
    }
    if (unary) {
      answered = true;
      account();
    } else {
      complete();
    }
  }

  @Override
  @Nullable Status refusal() {
    if (answered) {
      return Status.grpc(Ends.INTERNAL, "more than one message in answer to a unary call");
    }
    if (reader().length() > MAX_MESSAGE) {
      return Status.overLimit(
          "a message of " + reader().length() + " bytes, the limit is " + MAX_MESSAGE);
    }
    return unreadable(head);
  }

  @Override
  void message(ByteBuf message) {
    CallEnd end = reply;
    if (end == null) {
      toCaller(message, true);
    } else {
      finish();
      tell(message, end);
    }
  }

  @Override
  void malformed(String why) {
    CallEnd end = reply;
    if (end == null) {
      fail(Status.grpc(Ends.INTERNAL, why));
    } else {
      finish();
      caller().responseEnd(instead(end, why));
    }
  }

  @Override
  void wentOn() {
    settleResponse();
    CallEnd end = endDue;
    if (end != null) {
      endDue = null;
      responseEnd(end);
    }
  }

  @Override
  public void responseEnd(CallEnd end) {
    if (isOver()) {
      return;
    }
    if (isBehind()) {
      endDue = end;
      return;
    }
    CallEnd told = Ends.fromGrpc(end, untold);
    if (told.status().isOk()) {
      if (unary && told.bizStatus() != null) {
        finish();
        tell(emptyReply(), told);
        return;
      }
      if (told.bizStatus() == null && !reader().isBetweenMessages()) {
        told = instead(told, HalfMessage.OF_DOWNSTREAM.text());
      } else if (unary) {
        replyIs(told);
        return;
      }
    }
    finish();
    caller().responseEnd(told);
  }

  /** All of the reply to a unary call is there, with what follows it. */
  private void replyIs(CallEnd end) {
    reply = end;
    try {
      if (!answered) {
        throw new WireException("the downstream ended without a message");
      }
      complete();
    } catch (WireException e) {
      malformed(String.valueOf(e.getMessage()));
    }
  }

  private static CallEnd instead(CallEnd end, String why) {
    return new CallEnd(Status.grpc(Ends.INTERNAL, why), null, end.rawTrailers());
  }

  /** What Kitex answers beside a business status. */
  private ByteBuf emptyReply() {
    return call().codec() == Codec.THRIFT
        ? allocator().ioBuffer(1).writeByte(0)
        : allocator().ioBuffer(0);
  }

  /** All of a ping-pong reply, whose header has what came before and after the message. */
  private void tell(ByteBuf message, CallEnd end) {
    call().response().replacedBy(message.readableBytes());
    call().responseHeaders(end.rawTrailers(), end.bizStatus());
    caller().responseHead();
    caller().responseData(message, true);
    caller()
        .responseEnd(
            new CallEnd(Status.OK, end.bizStatus(), new Headers(Headers.Dialect.TTHEADER)));
  }
}
