package io.sluice.gateway.server;

import io.netty.buffer.Unpooled;
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
import io.netty.handler.codec.http2.Http2Frame;
import io.netty.handler.codec.http2.Http2FrameStream;
import io.netty.handler.codec.http2.Http2FrameStreamEvent;
import io.netty.handler.codec.http2.Http2FrameStreamException;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2PingFrame;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.util.AsciiString;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.collection.IntObjectHashMap;
import io.netty.util.collection.IntObjectMap;
import io.sluice.api.Protocol;
import io.sluice.api.Status;
import io.sluice.gateway.call.Peer;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.loop.Closing;
import io.sluice.gateway.loop.Flusher;
import io.sluice.gateway.loop.Limit;
import io.sluice.gateway.wire.grpc.GrpcHeaders;
import io.sluice.gateway.wire.grpc.GrpcPath;
import io.sluice.gateway.wire.grpc.GrpcTimeout;
import io.sluice.gateway.wire.http2.Http2Codecs;
import io.sluice.gateway.wire.http2.Http2FrameWatch;
import io.sluice.gateway.wire.http2.StreamWindow;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The inbound leg of gRPC: the frames of one HTTP/2 connection, each stream a call. */
final class GrpcServer extends Http2ChannelDuplexHandler
    implements Connection, Http2FrameWatch.Connection {
  private static final AsciiString PLAIN_TEXT = AsciiString.cached("text/plain");
  private static final byte[] NOT_GRPC =
      "this port takes gRPC: a content-type that begins with application/grpc\n"
          .getBytes(StandardCharsets.US_ASCII);

  /** A longer one is not worth to be remembered. */
  private static final int LONG_PATH = 256;

  private final ListenerContext listener;
  private final IntObjectMap<GrpcCall> calls = new IntObjectHashMap<>();
  private final FloodGuard floods;
  private final WindowWatch windows;
  private final Http2Codecs.Handlers http2;
  private ChannelHandlerContext ctx;
  private ConnectionGuard guard;
  private GrpcDrain drain;
  private Peer peer;
  private Flusher.Target flushTarget;

  /** The path that was read last: calls come in crowds. */
  private @Nullable CharSequence recentPathText;

  private @Nullable GrpcPath recentPath;

  /** The latest stream that the caller has opened. */
  private int lastStream;

  /**
   * Bytes of requests that are on their way to the downstreams, of open calls' metadata, and of
   * responses that have ended for the gateway and not left.
   */
  private long underWay;

  /** Bytes of a frame or header list that is not complete. */
  private int unread;

  /** Calls whose end is written but has not left. */
  private int ending;

  /** The caller did what it may not do: nothing more is taken from it. */
  private boolean refused;

  private GrpcServer(ListenerContext listener) {
    this.listener = listener;
    this.floods = new FloodGuard(listener.limits(), this::refuse);
    this.windows = new WindowWatch(listener, this::stalled);
    this.http2 =
        Http2Codecs.server(
            listener.wireLimits().maxHeader(), listener.limits().maxStreams(), floods::resets);
  }

  /** Puts the codec and this handler behind the one that detected HTTP/2. */
  static void install(ChannelHandlerContext detector, ListenerContext listener) {
    GrpcServer grpc = new GrpcServer(listener);
    detector
        .pipeline()
        .addAfter(detector.name(), "http2-gather", grpc.http2.gather())
        .addAfter("http2-gather", "http2", grpc.http2.codec())
        .addAfter("http2", "grpc", grpc)
        .addAfter(detector.name(), "http2-watch", Http2FrameWatch.ofCaller(grpc));
  }

  @Override
  protected void handlerAdded0(ChannelHandlerContext ctx) {
    this.ctx = ctx;
    peer = new Peer(ctx.channel().remoteAddress());
    flushTarget = new Flusher.Target(ctx.channel());
    drain = new GrpcDrain(listener, ctx, this::closeIfIdle);
    ctx.executor()
        .execute(() -> write(new DefaultHttp2WindowUpdateFrame(Http2Codecs.CONNECTION_WINDOW)));
    guard = new ConnectionGuard(listener, ctx.channel(), this);
    guard.start();
  }

  @Override
  public boolean isBusy() {
    return !calls.isEmpty() || ending > 0;
  }

  @Override
  public int openCalls() {
    return calls.size() + ending;
  }

  /** Tells the callers of the calls that are open, so far as they listen. */
  @Override
  public void abort() {
    new ArrayList<>(calls.values()).forEach(GrpcCall::stop);
    ctx.flush();
    Closing.now(ctx.channel());
  }

  /** Has the caller open no more streams, and closes with the last one. */
  @Override
  public void drain() {
    drain.begin();
  }

  private void closeIfIdle() {
    if (drain.isComplete() && !isBusy()) {
      guard.close();
    }
  }

  // What comes from the caller.

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object msg) {
    if (refused) {
      ReferenceCountUtil.release(msg);
      return;
    }
    guard.read();
    if (msg instanceof Http2DataFrame data) {
      data(data);
    } else if (msg instanceof Http2HeadersFrame headers) {
      headers(headers);
    } else if (msg instanceof Http2ResetFrame reset) {
      GrpcCall call = calls.remove(reset.stream().id());
      if (call != null) {
        call.cancel(Status.cancelled("cancelled by the caller"));
        floods.cancelled();
      }
    } else if (msg instanceof Http2PingFrame ping) {
      if (ping.ack()) {
        drain.acknowledged(ping.content());
      }
    } else {
      // Settings and the like: the codec has seen to them.
      ReferenceCountUtil.release(msg);
    }
  }

  /** What becomes of streams concerns nobody behind this handler. */
  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) throws Exception {
    if (!(event instanceof Http2FrameStreamEvent)) {
      super.userEventTriggered(ctx, event);
    }
  }

  private void headers(Http2HeadersFrame frame) {
    int id = frame.stream().id();
    if (id <= lastStream) {
      // Trailers of a request, which gRPC does not have; the call may be over.
      GrpcCall open = calls.get(id);
      if (open != null && frame.isEndStream()) {
        open.halfClose();
      }
      return;
    }
    lastStream = id;
    Http2Headers headers = frame.headers();
    if (!GrpcHeaders.isGrpc(headers)) {
      notGrpc(frame);
      return;
    }
    GrpcPath path = path(headers.path());
    if (path == null) {
      answer(frame, GrpcHeaders.refusal(headers, 13, "malformed method name"));
      return;
    }
    int keys = listener.wireLimits().maxKeys();
    if (headers.size() > keys) {
      answer(frame, GrpcHeaders.refusal(headers, 8, "more than " + keys + " entries of metadata"));
      return;
    }
    CharSequence timeoutText = headers.get(GrpcHeaders.GRPC_TIMEOUT);
    long timeout = timeoutText == null ? 0 : GrpcTimeout.parse(timeoutText.toString());
    if (timeout < 0) {
      reset(frame.stream(), Http2Error.INTERNAL_ERROR.code());
      return;
    }
    RpcCall call =
        new RpcCall(
            Protocol.GRPC,
            GrpcHeaders.codec(headers),
            listener.name(),
            peer,
            path.packageName(),
            path.service(),
            path.method(),
            GrpcHeaders.read(headers));
    call.caller(
        GrpcHeaders.text(headers, GrpcHeaders.SOURCE_SERVICE),
        GrpcHeaders.text(headers, GrpcHeaders.SOURCE_METHOD));
    call.destination(headers.authority() == null ? "" : headers.authority().toString());
    call.cancelName(listener.cancelName());
    call.maxMessage(listener.wireLimits().maxFrame());
    if (timeout > 0) {
      call.timeout(timeout, true);
    }
    GrpcCall stream = new GrpcCall(this, frame.stream(), call);
    calls.put(id, stream);
    stream.begin();
    if (frame.isEndStream()) {
      stream.halfClose();
    }
  }

  /** Reads a path; null if it is none of a call. */
  private @Nullable GrpcPath path(@Nullable CharSequence text) {
    if (text == null || text.length() > LONG_PATH) {
      return GrpcPath.parse(String.valueOf(text));
    }
    if (!text.equals(recentPathText)) {
      recentPath = GrpcPath.parse(text.toString());
      recentPathText = text;
    }
    return recentPath;
  }

  private void notGrpc(Http2HeadersFrame request) {
    Http2FrameStream stream = request.stream();
    Http2Headers headers =
        new DefaultHttp2Headers(false).status("415").add(GrpcHeaders.CONTENT_TYPE, PLAIN_TEXT);
    write(new DefaultHttp2HeadersFrame(headers, false).stream(stream));
    write(new DefaultHttp2DataFrame(Unpooled.wrappedBuffer(NOT_GRPC), true).stream(stream))
        .addListener(
            (ChannelFutureListener)
                done -> {
                  // Not sooner, as a reset overtakes what waits for the caller's window.
                  if (done.isSuccess() && !request.isEndStream()) {
                    reset(stream, Http2Error.NO_ERROR.code());
                  }
                });
  }

  /** Answers a request that becomes no call. */
  private void answer(Http2HeadersFrame request, Http2Headers headers) {
    write(new DefaultHttp2HeadersFrame(headers, true).stream(request.stream()));
    if (!request.isEndStream()) {
      reset(request.stream(), Http2Error.NO_ERROR.code());
    }
  }

  private void data(Http2DataFrame frame) {
    GrpcCall call = calls.get(frame.stream().id());
    int padded = frame.initialFlowControlledBytes();
    int size = frame.content().readableBytes();
    if (size > 0) {
      floods.requested();
    } else if (!frame.isEndStream() && !floods.control(1, "an empty DATA")) {
      frame.release();
      return;
    }
    if (call == null || size == 0) {
      frame.release();
      giveBack(frame.stream(), padded);
      if (call != null && frame.isEndStream()) {
        call.halfClose();
      }
    } else {
      giveBack(frame.stream(), padded - size);
      call.data(frame.content(), frame.isEndStream());
    }
  }

  // What its bytes tell before they are read.

  @Override
  public boolean mayRead(int controlCost, String last) {
    return !refused && (controlCost == 0 || floods.control(controlCost, last));
  }

  @Override
  public void owes(boolean now, int frames, int held) {
    if (refused) {
      return;
    }
    guard.midFrame(now, frames);
    if (held != unread) {
      unread = held;
      holds(0);
    }
  }

  // What the calls of the connection need.

  ListenerContext listener() {
    return listener;
  }

  FloodGuard floods() {
    return floods;
  }

  WindowWatch windows() {
    return windows;
  }

  /** The connection holds so many bytes more. */
  void holds(int more) {
    underWay += more;
    guard.holds(underWay + unread);
  }

  /** Writes a frame, which leaves at the end of this turn of the loop. */
  ChannelFuture write(Http2Frame frame) {
    ChannelFuture written = ctx.write(frame);
    listener.loop().flusher().later(flushTarget);
    return written;
  }

  /** Whether what has not left of a stream, so many bytes, has to wait for the caller. */
  boolean holdsUp(Http2FrameStream stream, int unsent) {
    Http2Stream open = http2.codec().connection().stream(stream.id());
    return open != null && StreamWindow.holdsUp(http2.codec(), open, unsent, windows.waiting());
  }

  void reset(Http2FrameStream stream, long errorCode) {
    write(new DefaultHttp2ResetFrame(errorCode).stream(stream));
  }

  /** Lets the caller send so many bytes more on the stream, if it is still open. */
  void giveBack(Http2FrameStream stream, int bytes) {
    if (StreamWindow.giveBack(http2.codec(), stream, bytes)) {
      listener.loop().flusher().later(flushTarget);
    }
  }

  /** The call is over for the caller, who has been told. */
  void forget(GrpcCall call) {
    calls.remove(call.id());
  }

  /** The end of the call is about to be written. */
  void ends(GrpcCall call) {
    calls.remove(call.id());
    ending++;
  }

  /** It has left, or never will. */
  void ended() {
    ending--;
    closeIfIdle();
  }

  // How the connection ends.

  /** The caller did what it may not do: tells it so, and closes. */
  private void refuse(Limit limit, String why) {
    if (refused || !ctx.channel().isActive()) {
      return;
    }
    refused = true;
    ctx.write(new DefaultHttp2GoAwayFrame(Http2Error.ENHANCE_YOUR_CALM));
    guard.refuse(limit, why);
  }

  private void stalled() {
    refuse(
        Limit.WINDOW_TIMEOUT,
        "it granted no flow-control credit for its answers for "
            + listener.limits().windowTimeout().toMillis()
            + " ms");
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) throws Exception {
    List<GrpcCall> open = new ArrayList<>(calls.values());
    calls.clear();
    for (GrpcCall call : open) {
      call.cancel(Status.cancelled("the caller's connection was lost"));
    }
    super.channelInactive(ctx);
  }

  @Override
  protected void handlerRemoved0(ChannelHandlerContext ctx) {
    drain.stop();
    windows.stop();
    guard.stop();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (cause instanceof Http2FrameStreamException e) {
      GrpcCall call = calls.remove(e.stream().id());
      reset(e.stream(), e.error().code());
      if (call != null) {
        call.cancel(Status.cancelled("bad frames from the caller"));
      }
    } else if (cause instanceof Http2Exception e) {
      // The codec tells the caller, and closes.
      if (!refused && ctx.channel().isActive()) {
        refused = true;
        Limit limit =
            e.error() == Http2Error.ENHANCE_YOUR_CALM ? Limit.CONTROL_RATE : Limit.PROTOCOL;
        PeerLog.refused(listener, ctx.channel(), limit, String.valueOf(e.getMessage()));
      }
    } else {
      PeerLog.thrown(listener, ctx.channel(), cause);
      // Not by the codec, whose farewell would want memory again.
      Closing.now(ctx.channel());
    }
  }
}
