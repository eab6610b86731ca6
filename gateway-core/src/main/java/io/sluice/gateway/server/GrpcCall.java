package io.sluice.gateway.server;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFutureListener;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2FrameStream;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import io.sluice.api.Status;
import io.sluice.gateway.call.BegunCall;
import io.sluice.gateway.call.CallEnd;
import io.sluice.gateway.call.RequestSink;
import io.sluice.gateway.call.ResponseSink;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.loop.Budget;
import io.sluice.gateway.wire.grpc.GrpcHeaders;
import org.jspecify.annotations.Nullable;

/** One stream of a caller's HTTP/2 connection: a call of gRPC. */
final class GrpcCall implements ResponseSink {
  private static final AsciiString DEFAULT_TYPE = AsciiString.cached("application/grpc");
  private static final AsciiString USER_AGENT = AsciiString.cached("user-agent");
  private static final String KITEX = "kitex/";

  private static final Status STOPPED =
      Status.unavailable("the gateway stops, and the call did not end in time");

  private final GrpcServer server;
  private final Http2FrameStream stream;
  private final RpcCall call;

  /** Bytes of metadata. */
  private final int headerBytes;

  private @Nullable BegunCall request;

  /** Bytes of the request that are on their way to the downstream. */
  private int window;

  /** Bytes of the response that have not left. */
  private int unsent;

  private boolean headSent;
  private boolean halfClosed;
  private boolean ended;

  GrpcCall(GrpcServer server, Http2FrameStream stream, RpcCall call) {
    this.server = server;
    this.stream = stream;
    this.call = call;
    this.headerBytes = call.headers().footprint();
  }

  int id() {
    return stream.id();
  }

  /** Hands the call on; it may have ended when this returns. */
  void begin() {
    server.holds(headerBytes);
    BegunCall begun = server.listener().calls().begin(call, this);
    if (!ended) {
      request = begun;
    }
  }

  /**
   * A part of the request.
   *
   * @param part handed over, not empty
   * @param last whether the request ends with it
   */
  void data(ByteBuf part, boolean last) {
    halfClosed = last;
    int size = part.readableBytes();
    window += size;
    server.holds(size);
    if (last) {
      request.requestLast(part, false);
    } else {
      request.requestData(
          window > size ? Budget.ofProcess().compactUnlessLittle(part) : part, false);
    }
  }

  void halfClose() {
    halfClosed = true;
    if (request != null) {
      request.requestEnd();
    }
  }

  /** The caller has given it up, or has gone; it is no longer among the server's calls. */
  void cancel(Status why) {
    RequestSink given = request;
    request = null;
    ended = true;
    forget();
    if (given != null) {
      given.requestCancel(why);
    }
  }

  @Override
  public void requestTaken(int bytes) {
    if (!ended) {
      window -= bytes;
      server.holds(-bytes);
    }
    if (!halfClosed) {
      server.giveBack(stream, bytes);
    }
  }

  @Override
  public void responseHead() {
    headSent = true;
    server.floods().responds(0);
    server.write(
        new DefaultHttp2HeadersFrame(GrpcHeaders.response(call.responseHeaders()), false)
            .stream(stream));
  }

  @Override
  public void responseData(ByteBuf part, boolean endOfMessage) {
    int size = part.readableBytes();
    unsent += size;
    server.windows().waits(size);
    server.floods().responds(size);
    boolean waits = server.holdsUp(stream, unsent);
    int beside = waits ? Budget.PART : 0;
    server
        .write(new DefaultHttp2DataFrame(waits ? Budget.compact(part) : part, false).stream(stream))
        .addListener((ChannelFutureListener) done -> left(size, beside, done.isSuccess()));
    if (waits) {
      server.holds(beside);
    }
  }

  private void left(int size, int beside, boolean arrived) {
    if (beside > 0) {
      server.holds(-beside);
    }
    unsent -= size;
    server.windows().left(size);
    if (ended) {
      server.holds(-size);
    } else if (arrived && request != null) {
      request.responseTaken(size);
    }
  }

  @Override
  public void responseEnd(CallEnd end) {
    request = null;
    ended = true;
    server.ends(this);
    forget();
    boolean raw = server.listener().tellsRawStatus();
    Http2Headers last =
        headSent
            ? GrpcHeaders.trailers(end, raw)
            : GrpcHeaders.trailersOnly(end, raw, contentType());
    server.floods().responds(0);
    server
        .write(new DefaultHttp2HeadersFrame(last, true).stream(stream))
        .addListener((ChannelFutureListener) done -> told(done.isSuccess()));
  }

  /** The last of it has left, or never will. */
  private void told(boolean arrived) {
    if (arrived) {
      server.floods().answered();
      if (!halfClosed) {
        // The caller may stop: nobody listens any more. Not sooner, as a reset overtakes the rest.
        server.floods().endsEarly();
        server.reset(stream, Http2Error.NO_ERROR.code());
      }
    }
    server.ended();
  }

  /**
   * The gateway stops. Kitex's clients know a code for it; to all others it is a status, and to
   * those that have so much unread that no status arrives, or about whose end filters still think,
   * the loss of the connection.
   */
  void stop() {
    if (isOfKitex()) {
      server.reset(stream, GrpcDrain.GRACEFUL_SHUTDOWN);
      server.forget(this);
      cancel(Status.cancelled(STOPPED.text()));
    } else if (request != null) {
      request.end(STOPPED);
    }
  }

  private boolean isOfKitex() {
    int agent = call.headers().find(USER_AGENT.toString());
    return agent >= 0 && call.headers().value(agent).startsWith(KITEX);
  }

  /** Nothing of the request is under way any more; what is left of the response is the server's. */
  private void forget() {
    server.holds(unsent - window - headerBytes);
    window = 0;
  }

  private CharSequence contentType() {
    int type = call.headers().find("content-type");
    return type < 0 ? DEFAULT_TYPE : call.headers().value(type);
  }
}
