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
import io.sluice.gateway.loop.Flusher;
import io.sluice.gateway.loop.Timers;
import io.sluice.gateway.wire.grpc.GrpcHeaders;
import io.sluice.gateway.wire.grpc.GrpcStatus;
import io.sluice.gateway.wire.http2.Http2Codecs;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An HTTP/2 connection to a downstream, shared by the gRPC calls of one loop. */
final class GrpcConnection extends Http2ChannelDuplexHandler implements SharedConnection {
  /** Kitex's servers may send as much. */
  private static final int MAX_HEADER_LIST = 16 << 20;

  private static final int STREAMS_UNTIL_SETTINGS = 100;

  private final SharedPool<GrpcConnection> pool;
  private final ClusterClient cluster;
  private final Map<Http2FrameStream, GrpcLeg> legs = new IdentityHashMap<>();
  private final Timers.Timer idle = new Idle();
  private ChannelHandlerContext ctx;
  private Flusher.Target flushTarget;
  private long maxStreams = STREAMS_UNTIL_SETTINGS;
  private boolean draining;

  GrpcConnection(SharedPool<GrpcConnection> pool, ClusterClient cluster) {
    this.pool = pool;
    this.cluster = cluster;
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
    watchIdle();
  }

  @Override
  public boolean hasRoom() {
    return !draining && ctx.channel().isActive() && legs.size() < maxStreams;
  }

  @Override
  public void close() {
    ctx.close();
  }

  // What goes to the downstream.

  Http2FrameStream open(GrpcLeg leg) {
    Http2FrameStream stream = newStream();
    legs.put(stream, leg);
    Http2Headers headers = GrpcHeaders.request(leg.call(), cluster.cluster().config().service());
    ctx.write(new DefaultHttp2HeadersFrame(headers, false).stream(stream))
        .addListener(
            (ChannelFutureListener)
                done -> {
                  if (!done.isSuccess() && legs.remove(stream) != null) {
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
      ctx.write(new DefaultHttp2ResetFrame(Http2Error.CANCEL).stream(leg.stream()));
      flush();
      freed();
    }
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
      maxStreams = max == null ? Integer.MAX_VALUE : max;
      pool.roomy(this);
    } else {
      if (msg instanceof Http2GoAwayFrame) {
        drain();
      }
      ReferenceCountUtil.release(msg);
    }
  }

  private void headers(Http2HeadersFrame frame) {
    GrpcLeg leg = legs.get(frame.stream());
    if (leg == null) {
      return;
    }
    if (frame.isEndStream()) {
      finish(frame.stream(), GrpcHeaders.end(frame.headers()));
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
      return;
    }
    int padding = padded - frame.content().readableBytes();
    boolean last = frame.isEndStream();
    giveBack(frame.stream(), padding);
    leg.response().responseData(frame.content(), false);
    if (last) {
      finish(frame.stream(), Status.grpc(13, "the downstream ended without a grpc-status"));
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

  /** The downstream wants no new streams here. */
  private void drain() {
    draining = true;
    pool.lost(this);
    if (legs.isEmpty()) {
      ctx.close();
    }
  }

  private void watchIdle() {
    if (legs.isEmpty() && !idle.isSet()) {
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
        ctx.close();
      }
    }
  }
}
