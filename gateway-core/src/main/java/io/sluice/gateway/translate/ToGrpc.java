package io.sluice.gateway.translate;

import io.netty.buffer.ByteBuf;
import io.sluice.api.Codec;
import io.sluice.api.Status;
import io.sluice.gateway.call.CallEnd;
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

  /** How the downstream has ended the call; null before. */
  private @Nullable CallEnd end;

  /** Whether the reply to a unary call is there; it stays with what is gathered. */
  private boolean answered;

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
    endToLeg();
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
    came(part);
  }

  @Override
  void unsound(String why) {
    fail(Status.grpc(Ends.INTERNAL, why));
  }

  @Override
  boolean read() {
    if (!reader().isPartDue()) {
      if (!readPrefix()) {
        return false;
      }
      Status refused = refusal();
      if (refused != null) {
        fail(refused);
        return false;
      }
    }
    ByteBuf part = readPart();
    if (part == null) {
      return false;
    }
    gather(part);
    if (isOver()) {
      return false;
    }
    if (!reader().isPartDue()) {
      if (unary) {
        answered = true;
        account();
      } else {
        toCaller(message(), true);
      }
    }
    return true;
  }

  /** Why the message that begins is not taken, or null. */
  private @Nullable Status refusal() {
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
  public void responseEnd(CallEnd how) {
    if (!isOver()) {
      end = how;
      saidAll();
    }
  }

  @Override
  void allIsRead() {
    CallEnd told = Ends.fromGrpc(end, untold);
    ByteBuf message = null;
    try {
      if (told.status().isOk()) {
        message = told.bizStatus() == null ? whole() : emptyReply();
      }
    } catch (WireException e) {
      told = instead(told, String.valueOf(e.getMessage()));
    }
    finish();
    if (message == null) {
      caller().responseEnd(told);
    } else {
      tell(message, told);
    }
  }

  /** The reply to a unary call, handed over; null for a stream, which has had its messages. */
  private @Nullable ByteBuf whole() {
    if (!reader().isBetweenMessages()) {
      throw new WireException("the downstream ended within a message");
    }
    if (!unary) {
      return null;
    }
    if (!answered) {
      throw new WireException("the downstream ended without a message");
    }
    return message();
  }

  private static CallEnd instead(CallEnd end, String why) {
    return new CallEnd(Status.grpc(Ends.INTERNAL, why), null, end.rawTrailers());
  }

  /** What Kitex answers beside a business status. */
  private @Nullable ByteBuf emptyReply() {
    if (!unary) {
      return null;
    }
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
