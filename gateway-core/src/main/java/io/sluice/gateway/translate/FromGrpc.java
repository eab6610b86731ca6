package io.sluice.gateway.translate;

import io.netty.buffer.ByteBuf;
import io.sluice.api.Status;
import io.sluice.gateway.call.CallEnd;
import io.sluice.gateway.call.HalfMessage;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.call.ResponseSink;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.loop.Loop;
import io.sluice.gateway.translate.Translations.Opener;
import io.sluice.gateway.wire.pingpong.MessageReader;
import org.jspecify.annotations.Nullable;

/**
 * A gRPC caller's call that goes out by ping-pong, if it is unary, or by ttstream.
 *
 * <p>A unary request goes on when it, or the first {@value MessageReader#GATHER} bytes of it, are
 * there: only then is its length known and a downstream occupied. Messages of a stream go on whole.
 */
final class FromGrpc extends Translation {
  private static final String TYPE = "content-type";

  /** What a cancel that began outside of ttstream has in place of names ({@code parseCtxErr}). */
  private static final String OTHER_PATH = "non-ttstream path";

  private final boolean unary;

  /** Whether a message of the request has begun. */
  private boolean begun;

  /** Whether the request has ended behind a message that is still being unpacked. */
  private boolean endDue;

  /** Whether the rest of the message goes on as it comes. */
  private boolean passing;

  /** Metadata of a head that the caller is told only with the end, as it came; else null. */
  private @Nullable Headers untold;

  /** Whether a message of the response is to begin with the next part. */
  private boolean atStart = true;

  FromGrpc(RpcCall call, boolean unary, Loop loop, ResponseSink caller, Opener opener) {
    super(call, loop, caller, opener, true);
    this.unary = unary;
  }

  @Override
  void begin() {
    if (!unary) {
      call().cancelPath(OTHER_PATH);
      openLeg();
    }
  }

  // The request.

  @Override
  public void requestData(ByteBuf part, boolean endOfMessage) {
    if (isOver()) {
      part.release();
      return;
    }
    read(part);
    settleRequest();
  }

  @Override
  void part(ByteBuf part, boolean last) {
    begun = true;
    if (passing) {
      toLeg(part, last);
      return;
    }
    gather(part);
    if (isOver()) {
      return;
    }
    if (last) {
      complete();
    } else if (unary && !reader().isCompressed() && gathered().size() >= MessageReader.GATHER) {
      passing = true;
      describe(reader().length());
      toLeg(gathered().take(), false);
    }
  }

  @Override
  @Nullable Status refusal() {
    if (unary && begun) {
      return Status.internal("more than one message of a unary call");
    }
    long length = reader().length();
    if (length > call().maxMessage()) {
      return Status.overLimit(
          "a message of " + length + " bytes, the limit is " + call().maxMessage());
    }
    return unreadable(call().headers());
  }

  @Override
  void message(ByteBuf message) {
    if (unary) {
      describe(message.readableBytes());
    }
    toLeg(message, true);
  }

  private void describe(long length) {
    call().request().replacedBy((int) length);
    openLeg();
  }

  @Override
  void malformed(String why) {
    fail(Status.internal(why));
  }

  @Override
  void wentOn() {
    settleRequest();
    if (endDue) {
      requestEnd();
    }
  }

  @Override
  public void requestEnd() {
    if (isOver()) {
      return;
    }
    endDue = isBehind();
    if (endDue) {
      return;
    }
    if (!reader().isBetweenMessages()) {
      fail(HalfMessage.OF_CALLER);
    } else if (unary && !begun) {
      fail(Status.internal("half-closed without a message"));
    } else {
      endToLeg();
    }
  }

  // The response.

  @Override
  public void responseHead() {
    if (isOver()) {
      return;
    }
    if (call().responseBizStatus() != null) {
      // It is told without a message, so there is nothing but the end.
      untold = call().responseHeaders();
      return;
    }
    Headers headers = Dialects.toHttp2(call().responseHeaders());
    int type = call().headers().find(TYPE);
    headers.add(TYPE, type < 0 ? "application/grpc" : call().headers().value(type));
    call().responseHeaders(headers, null);
    caller().responseHead();
  }

  @Override
  public void responseData(ByteBuf part, boolean endOfMessage) {
    if (isOver()) {
      part.release();
      return;
    }
    int size = part.readableBytes();
    responseCame(part, endOfMessage);
    if (untold != null) {
      part.release();
    } else if (atStart) {
      long length = endOfMessage ? size : call().response().bodyLength;
      toCaller(prefixed(length, part, call().response().headAhead), false);
    } else {
      toCaller(part, false);
    }
    atStart = endOfMessage;
    settleResponse();
  }

  @Override
  public void responseEnd(CallEnd end) {
    if (isOver()) {
      return;
    }
    finish();
    caller().responseEnd(Ends.toGrpc(end, untold));
  }
}
