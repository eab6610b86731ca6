package io.sluice.gateway.client;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.DefaultHttp2WindowUpdateFrame;
import io.netty.handler.codec.http2.Http2ChannelDuplexHandler;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2FrameStream;
import io.netty.handler.codec.http2.Http2FrameStreamException;
import io.netty.handler.codec.http2.Http2GoAwayFrame;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.handler.codec.http2.Http2SettingsFrame;
import io.netty.util.ReferenceCountUtil;
import io.sluice.api.Status;
import io.sluice.gateway.call.CallEnd;
import io.sluice.gateway.loop.Budget;
import io.sluice.gateway.loop.Flusher;
import io.sluice.gateway.loop.Limit;
import io.sluice.gateway.loop.Timers;
import io.sluice.gateway.wire.grpc.GrpcHeaders;
import io.sluice.gateway.wire.grpc.GrpcStatus;
import io.sluice.gateway.wire.http2.Http2Codecs;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** An HTTP/2 connection to a downstream, shared by the gRPC calls of one loop. */
final class GrpcConnection extends Http2ChannelDuplexHandler
    implements SharedConnection, Budget.Holder {
  /** Kitex's servers may send as much. */
  private static final int MAX_HEADER_LIST = 16 << 20;

  /** How long a downstream may take to say its first word. */
  private static final long SETTINGS_NANOS = TimeUnit.SECONDS.toNanos(10);

  private static final Status SLOW =
      Status.overLimit("memory is short, and the caller does not read its stream");

  private static final Status NO_STATUS =
      Status.grpc(13, "the downstream ended without a grpc-status");

  private final SharedPool<GrpcConnection> pool;
  private final ClusterClient cluster;
  private final Map<Http2FrameStream, GrpcLeg> legs = new IdentityHashMap<>();
  private final Timers.Timer idle = new Idle();
  private final Budget.Share share;

  /** Bytes of all responses that are on their way to the callers. */
  private long underWay;

  private ChannelHandlerContext ctx;
  private Flusher.Target flushTarget;
  private long maxStreams = Integer.MAX_VALUE;
  private boolean settingsSeen;
  private boolean draining;

  GrpcConnection(SharedPool<GrpcConnection> pool, ClusterClient cluster) {
    this.pool = pool;
    this.cluster = cluster;
    this.share = Budget.ofProcess().share(cluster.loop().eventLoop(), this);
  }

  @Override
  public ChannelHandler[] handlers() {
    return new ChannelHandler[] {Http2Codecs.client(MAX_HEADER_LIST), this};
  }

  @Override
  protected void handlerAdded0(ChannelHandlerContext ctx) {
    this.ctx = ctx;
    flushTarget = new Flusher.Target(ctx.channel());
    ctx.write(new DefaultHttp2WindowUpdateFrame(Http2Codecs.CONNECTION_WINDOW));
    flush();
    cluster.loop().timers().set(idle, SETTINGS_NANOS);
  }

  /** Not before the downstream has said how many streams it takes. */
  @Override
  public boolean isReady() {
    return settingsSeen;
  }

  @Override
  public int calls() {
    return legs.size();
  }

  @Override
  public boolean hasRoom() {
    long most = Math.min(maxStreams, cluster.cluster().config().maxStreams());
    return !draining && ctx.channel().isActive() && legs.size() < most;
  }

  @Override
  public void close() {
    ctx.close();
  }

  // What goes to the downstream.

  Http2FrameStream open(GrpcLeg leg) {
    Http2FrameStream stream = newStream();
    legs.put(stream, leg);
    cluster.loop().timers().cancel(idle);
    Http2Headers headers = GrpcHeaders.request(leg.call(), cluster.cluster().config().service());
    ctx.write(new DefaultHttp2HeadersFrame(headers, false).stream(stream))
        .addListener(
            (ChannelFutureListener)
                done -> {
                  if (!done.isSuccess() && legs.remove(stream) != null) {
                    freed();
                    leg.end(
                        CallEnd.of(
                            leg.call(),
                            Status.unavailable(String.valueOf(done.cause().getMessage()))));
                  }
                });
    flush();
    return stream;
  }

  void write(GrpcLeg leg, ByteBuf part) {
    int size = part.readableBytes();
    ctx.write(new DefaultHttp2DataFrame(part, false).stream(leg.stream()))
        .addListener(
            (ChannelFutureListener)
                done -> {
                  if (done.isSuccess() && !leg.isOver()) {
                    leg.response().requestTaken(size);
                  }
                });
    flush();
  }

  void writeEnd(GrpcLeg leg) {
    ctx.write(new DefaultHttp2DataFrame(true).stream(leg.stream()));
    flush();
  }

  void cancel(GrpcLeg leg) {
    if (legs.remove(leg.stream()) != null) {
      leg.delivered(leg.window());
      // What was written before goes first: a reset overtakes whatever is only queued.
      ctx.flush();
      reset(leg.stream(), Http2Error.CANCEL);
      freed();
    }
  }

  private void reset(Http2FrameStream stream, Http2Error error) {
    ctx.write(new DefaultHttp2ResetFrame(error).stream(stream));
    flush();
  }

  /** So many bytes of a response have been passed on, or are nobody's any more. */
  @Override
  public void taken(int bytes) {
    underWay -= bytes;
    share.holds(underWay);
  }

  void giveBack(Http2FrameStream stream, int bytes) {
    if (bytes > 0 && ctx.channel().isActive()) {
      ctx.write(new DefaultHttp2WindowUpdateFrame(bytes).stream(stream));
      flush();
    }
  }

  private void flush() {
    cluster.loop().flusher().later(flushTarget);
  }

  // What comes from it.

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object msg) {
    if (msg instanceof Http2DataFrame data) {
      data(data);
    } else if (msg instanceof Http2HeadersFrame headers) {
      headers(headers);
    } else if (msg instanceof Http2ResetFrame reset) {
      finish(reset.stream(), GrpcStatus.ofReset(reset.errorCode()));
    } else if (msg instanceof Http2SettingsFrame settings) {
      Long max = settings.settings().maxConcurrentStreams();
      if (max != null) {
        maxStreams = max;
      }
      if (settingsSeen) {
        pool.roomy(this);
      } else {
        settingsSeen = true;
        watchIdle();
        pool.ready(this);
      }
    } else {
      if (msg instanceof Http2GoAwayFrame goAway) {
        drain(goAway.lastStreamId());
      }
      ReferenceCountUtil.release(msg);
    }
  }

  private void headers(Http2HeadersFrame frame) {
    GrpcLeg leg = legs.get(frame.stream());
    if (leg == null) {
      return;
    }
    int http = GrpcHeaders.httpStatus(frame.headers());
    if (frame.isEndStream()) {
      finish(frame.stream(), GrpcHeaders.end(frame.headers()));
    } else if (http >= 100 && http < 200) {
      // An interim response; the real one follows.
    } else if (!leg.headSeen() && http != 200) {
      finish(frame.stream(), GrpcStatus.ofHttp(http));
    } else if (!leg.headSeen()) {
      leg.sawHead();
      leg.call().responseHeaders(GrpcHeaders.read(frame.headers()), null);
      leg.response().responseHead();
    }
  }

  private void data(Http2DataFrame frame) {
    GrpcLeg leg = legs.get(frame.stream());
    int padded = frame.initialFlowControlledBytes();
    if (leg == null || !leg.headSeen()) {
      frame.release();
      giveBack(frame.stream(), padded);
      if (leg != null && frame.isEndStream()) {
        finish(frame.stream(), NO_STATUS);
      }
      return;
    }
    int padding = padded - frame.content().readableBytes();
    boolean last = frame.isEndStream();
    giveBack(frame.stream(), padding);
    int size = frame.content().readableBytes();
    leg.received(size);
    underWay += size;
    if (!share.holds(underWay)) {
      cut();
    }
    leg.response().responseData(frame.content(), false);
    if (last) {
      finish(frame.stream(), NO_STATUS);
    }
  }

  /** Ends the stream that holds most. */
  @Override
  public void cut() {
    cluster.loop().limits().met(Limit.MEMORY);
    GrpcLeg largest = null;
    for (GrpcLeg leg : legs.values()) {
      if (largest == null || leg.window() > largest.window()) {
        largest = leg;
      }
    }
    if (largest != null) {
      cancel(largest);
      largest.end(CallEnd.of(largest.call(), SLOW));
    }
  }

  private void finish(Http2FrameStream stream, Status status) {
    GrpcLeg leg = legs.get(stream);
    if (leg != null) {
      finish(stream, CallEnd.of(leg.call(), status));
    }
  }

  private void finish(Http2FrameStream stream, CallEnd end) {
    GrpcLeg leg = legs.remove(stream);
    if (leg != null) {
      leg.delivered(leg.window());
      if (!leg.isHalfClosed()) {
        // Else our half of the stream would stay open for good.
        reset(stream, Http2Error.NO_ERROR);
      }
      freed();
      leg.end(end);
    }
  }

  private void freed() {
    if (draining && legs.isEmpty()) {
      ctx.close();
    } else {
      watchIdle();
      pool.roomy(this);
    }
  }

  /** The downstream wants no new streams here, and has not seen those behind the last. */
  private void drain(int lastStreamId) {
    draining = true;
    pool.lost(this);
    for (GrpcLeg leg : new ArrayList<>(legs.values())) {
      if (leg.stream().id() > lastStreamId) {
        finish(
            leg.stream(),
            CallEnd.of(
                leg.call(),
                Status.unavailable("the downstream closes and has not begun the call")));
      }
    }
    if (legs.isEmpty()) {
      ctx.close();
    }
  }

  private void watchIdle() {
    if (legs.isEmpty()) {
      cluster.loop().timers().set(idle, cluster.cluster().config().idleTimeout().toNanos());
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) throws Exception {
    cluster.loop().timers().cancel(idle);
    draining = true;
    pool.lost(this);
    ArrayList<GrpcLeg> lost = new ArrayList<>(legs.values());
    legs.clear();
    underWay = 0;
    share.release();
    for (GrpcLeg leg : lost) {
      leg.end(
          CallEnd.of(leg.call(), Status.unavailable("connection to " + pool.address() + " lost")));
    }
    super.channelInactive(ctx);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, @Nullable Throwable cause) {
    if (cause instanceof Http2FrameStreamException e) {
      ctx.write(new DefaultHttp2ResetFrame(e.error()).stream(e.stream()));
      flush();
      finish(e.stream(), Status.grpc(13, String.valueOf(e.getMessage())));
    } else {
      ctx.close();
    }
  }

  /** Closes the connection when no call has used it for a while. */
  private final class Idle extends Timers.Timer {
    @Override
    protected void fire() {
      if (legs.isEmpty()) {
        draining = true;
        pool.lost(GrpcConnection.this);
        ctx.close();
      }
    }
  }
}
