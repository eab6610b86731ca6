package io.sluice.gateway.server;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2GoAwayFrame;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.DefaultHttp2WindowUpdateFrame;
import io.netty.handler.codec.http2.Http2ChannelDuplexHandler;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameStream;
import io.netty.handler.codec.http2.Http2FrameStreamException;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.util.AsciiString;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.collection.IntObjectHashMap;
import io.netty.util.collection.IntObjectMap;
import io.sluice.api.Protocol;
import io.sluice.api.Status;
import io.sluice.gateway.call.CallEnd;
import io.sluice.gateway.call.Peer;
import io.sluice.gateway.call.RequestSink;
import io.sluice.gateway.call.ResponseSink;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.loop.Closing;
import io.sluice.gateway.loop.Flusher;
import io.sluice.gateway.wire.grpc.GrpcHeaders;
import io.sluice.gateway.wire.grpc.GrpcPath;
import io.sluice.gateway.wire.grpc.GrpcTimeout;
import io.sluice.gateway.wire.http2.Http2Codecs;
import java.util.ArrayList;
import org.jspecify.annotations.Nullable;

/** The inbound leg of gRPC: the frames of one HTTP/2 connection, each stream a call. */
final class GrpcServer extends Http2ChannelDuplexHandler implements Connection {
  private static final AsciiString DEFAULT_TYPE = AsciiString.cached("application/grpc");

  private final ListenerContext listener;
  private final IntObjectMap<Stream> streams = new IntObjectHashMap<>();
  private ChannelHandlerContext ctx;
  private ConnectionGuard guard;
  private Peer peer;
  private Flusher.Target flushTarget;

  /** Bytes of requests that are on their way to the downstreams, and of the streams' headers. */
  private long underWay;

  private boolean draining;

  /** Streams whose end is written but has not left. */
  private int ending;

  private GrpcServer(ListenerContext listener) {
    this.listener = listener;
  }

  /** Puts the codec and this handler behind the one that detected HTTP/2. */
  static void install(ChannelHandlerContext detector, ListenerContext listener) {
    GrpcServer grpc = new GrpcServer(listener);
    detector
        .pipeline()
        .addAfter(
            detector.name(),
            "http2",
            Http2Codecs.server(listener.wireLimits().maxHeader(), listener.limits().maxStreams()))
        .addAfter("http2", "grpc", grpc)
        .addAfter(detector.name(), "http2-watch", new Http2FrameWatch(grpc));
  }

  @Override
  protected void handlerAdded0(ChannelHandlerContext ctx) {
    this.ctx = ctx;
    peer = new Peer(ctx.channel().remoteAddress());
    flushTarget = new Flusher.Target(ctx.channel());
    ctx.executor()
        .execute(
            () -> {
              ctx.write(new DefaultHttp2WindowUpdateFrame(Http2Codecs.CONNECTION_WINDOW));
              flush();
            });
    guard = new ConnectionGuard(listener, ctx.channel(), this);
    guard.start();
  }

  @Override
  public boolean isBusy() {
    return !streams.isEmpty() || ending > 0;
  }

  @Override
  public int openCalls() {
    return streams.size() + ending;
  }

  @Override
  public void abort() {
    Closing.now(ctx.channel());
  }

  /** Opens no more streams, and closes with the last one. */
  @Override
  public void drain() {
    if (!draining) {
      draining = true;
      ctx.write(new DefaultHttp2GoAwayFrame(Http2Error.NO_ERROR));
    }
    ctx.flush();
    if (!isBusy()) {
      guard.close();
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object msg) {
    guard.read();
    if (msg instanceof Http2DataFrame data) {
      data(data);
    } else if (msg instanceof Http2HeadersFrame headers) {
      headers(headers);
    } else if (msg instanceof Http2ResetFrame reset) {
      Stream stream = streams.remove(reset.stream().id());
      if (stream != null && stream.request != null) {
        stream.forget();
        stream.request.requestCancel(Status.cancelled("cancelled by the caller"));
      }
    } else {
      // Settings, pings and the like: the codec has seen to them.
      ReferenceCountUtil.release(msg);
    }
  }

  private void headers(Http2HeadersFrame frame) {
    Stream open = streams.get(frame.stream().id());
    if (open != null) {
      // Trailers of a request, which gRPC does not have.
      if (frame.isEndStream()) {
        open.halfClose();
      }
      return;
    }
    Http2Headers headers = frame.headers();
    if (!GrpcHeaders.isGrpc(headers)) {
      refuse(frame.stream(), new DefaultHttp2Headers(false).status("415"));
      return;
    }
    CharSequence path = headers.path();
    GrpcPath parsed = path == null ? null : GrpcPath.parse(path.toString());
    if (parsed == null) {
      refuse(
          frame.stream(),
          new DefaultHttp2Headers(false)
              .status("200")
              .add(GrpcHeaders.CONTENT_TYPE, headers.get(GrpcHeaders.CONTENT_TYPE))
              .add("grpc-status", "13")
              .add("grpc-message", "malformed method name"));
      return;
    }
    CharSequence timeoutText = headers.get(GrpcHeaders.GRPC_TIMEOUT);
    long timeout = timeoutText == null ? 0 : GrpcTimeout.parse(timeoutText.toString());
    if (timeout < 0) {
      reset(frame.stream(), Http2Error.INTERNAL_ERROR);
      return;
    }
    RpcCall call =
        new RpcCall(
            Protocol.GRPC,
            GrpcHeaders.codec(headers),
            listener.name(),
            peer,
            parsed.packageName(),
            parsed.service(),
            parsed.method(),
            GrpcHeaders.read(headers));
    call.caller(
        GrpcHeaders.text(headers, "source-service"), GrpcHeaders.text(headers, "source-method"));
    call.destination(headers.authority() == null ? "" : headers.authority().toString());
    call.maxMessage(listener.wireLimits().maxFrame());
    if (timeout > 0) {
      call.timeout(timeout, true);
    }
    Stream stream = new Stream(frame.stream(), call);
    streams.put(frame.stream().id(), stream);
    underWay += stream.headerBytes;
    guard.holds(underWay);
    RequestSink sink = listener.calls().begin(call, stream);
    if (stream.ended) {
      return;
    }
    stream.request = sink;
    if (frame.isEndStream()) {
      stream.halfClose();
    }
  }

  /** Told after each read whether a frame has begun that is not complete. */
  void owes(boolean now, int frames) {
    guard.midFrame(now, frames);
  }

  private void data(Http2DataFrame frame) {
    Stream stream = streams.get(frame.stream().id());
    int padded = frame.initialFlowControlledBytes();
    if (stream == null || stream.request == null) {
      frame.release();
      giveBack(frame.stream(), padded);
      return;
    }
    int padding = padded - frame.content().readableBytes();
    if (padding > 0) {
      giveBack(frame.stream(), padding);
    }
    boolean last = frame.isEndStream();
    int size = frame.content().readableBytes();
    stream.window += size;
    underWay += size;
    guard.holds(underWay);
    stream.request.requestData(frame.content(), false);
    if (last) {
      stream.halfClose();
    }
  }

  private void giveBack(Http2FrameStream stream, int bytes) {
    if (bytes > 0) {
      ctx.write(new DefaultHttp2WindowUpdateFrame(bytes).stream(stream));
      flush();
    }
  }

  private void refuse(Http2FrameStream stream, Http2Headers headers) {
    ctx.write(new DefaultHttp2HeadersFrame(headers, true).stream(stream));
    flush();
  }

  private void reset(Http2FrameStream stream, Http2Error error) {
    ctx.write(new DefaultHttp2ResetFrame(error).stream(stream));
    flush();
  }

  private void flush() {
    listener.loop().flusher().later(flushTarget);
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) throws Exception {
    ArrayList<Stream> open = new ArrayList<>(streams.values());
    streams.clear();
    for (Stream stream : open) {
      if (stream.request != null) {
        stream.request.requestCancel(Status.cancelled("the caller's connection was lost"));
      }
    }
    super.channelInactive(ctx);
  }

  @Override
  protected void handlerRemoved0(ChannelHandlerContext ctx) {
    guard.stop();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (cause instanceof Http2FrameStreamException e) {
      Stream stream = streams.remove(e.stream().id());
      reset(e.stream(), e.error());
      if (stream != null && stream.request != null) {
        stream.forget();
        stream.request.requestCancel(Status.cancelled("bad frames from the caller"));
      }
    } else if (cause instanceof Http2Exception e) {
      PeerLog.refused(listener, ctx.channel(), String.valueOf(e.getMessage()));
      ctx.close();
    } else {
      PeerLog.thrown(listener, ctx.channel(), cause);
      ctx.close();
    }
  }

  /** One stream of the connection. */
  private final class Stream implements ResponseSink {
    private final Http2FrameStream stream;
    private final RpcCall call;
    private final int headerBytes;
    private @Nullable RequestSink request;
    private int window;
    private boolean headSent;
    private boolean halfClosed;
    private boolean ended;

    Stream(Http2FrameStream stream, RpcCall call) {
      this.stream = stream;
      this.call = call;
      this.headerBytes = call.headers().footprint();
    }

    void halfClose() {
      halfClosed = true;
      if (request != null) {
        request.requestEnd();
      }
    }

    @Override
    public void requestTaken(int bytes) {
      window -= bytes;
      underWay -= bytes;
      guard.holds(underWay);
      giveBack(stream, bytes);
    }

    @Override
    public void responseHead() {
      headSent = true;
      ctx.write(
          new DefaultHttp2HeadersFrame(GrpcHeaders.response(call.responseHeaders()), false)
              .stream(stream));
      flush();
    }

    @Override
    public void responseData(ByteBuf part, boolean endOfMessage) {
      int size = part.readableBytes();
      ChannelFuture written = ctx.write(new DefaultHttp2DataFrame(part, false).stream(stream));
      flush();
      written.addListener(
          (ChannelFutureListener)
              done -> {
                if (done.isSuccess() && request != null) {
                  request.responseTaken(size);
                }
              });
    }

    @Override
    public void responseEnd(CallEnd end) {
      ended = true;
      request = null;
      streams.remove(stream.id());
      forget();
      ending++;
      Http2Headers last =
          headSent ? GrpcHeaders.trailers(end) : GrpcHeaders.trailersOnly(end, contentType());
      ctx.write(new DefaultHttp2HeadersFrame(last, true).stream(stream))
          .addListener((ChannelFutureListener) done -> told(done.isSuccess()));
      flush();
    }

    /** The last of it has left, or never will. */
    private void told(boolean arrived) {
      ending--;
      if (arrived && !halfClosed) {
        // The caller may stop: nobody listens any more. Not sooner, as a reset overtakes the rest.
        reset(stream, Http2Error.NO_ERROR);
      }
      if (draining) {
        drain();
      }
    }

    /** Nothing of it is under way any more. */
    void forget() {
      underWay -= window + headerBytes;
      guard.holds(underWay);
      window = 0;
    }

    private CharSequence contentType() {
      int type = call.headers().find("content-type");
      return type < 0 ? DEFAULT_TYPE : call.headers().value(type);
    }
  }
}
