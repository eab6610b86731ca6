package io.sluice.gateway.client;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2GoAwayFrame;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.DefaultHttp2PingFrame;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.DefaultHttp2WindowUpdateFrame;
import io.netty.handler.codec.http2.Http2ChannelDuplexHandler;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameStream;
import io.netty.handler.codec.http2.Http2FrameStreamEvent;
import io.netty.handler.codec.http2.Http2FrameStreamException;
import io.netty.handler.codec.http2.Http2GoAwayFrame;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.handler.codec.http2.Http2SettingsFrame;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.util.ReferenceCountUtil;
import io.sluice.api.Status;
import io.sluice.gateway.call.CallEnd;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.loop.Budget;
import io.sluice.gateway.loop.Closing;
import io.sluice.gateway.loop.Flusher;
import io.sluice.gateway.loop.Limit;
import io.sluice.gateway.loop.Timers;
import io.sluice.gateway.wire.grpc.GrpcHeaders;
import io.sluice.gateway.wire.grpc.GrpcStatus;
import io.sluice.gateway.wire.http2.Http2Codecs;
import io.sluice.gateway.wire.http2.Http2FrameWatch;
import io.sluice.gateway.wire.http2.StreamWindow;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** An HTTP/2 connection to a downstream, shared by the gRPC calls of one loop. */
final class GrpcConnection extends Http2ChannelDuplexHandler
    implements SharedConnection, Budget.Holder, KeepAlive.Connection {
  /** Kitex's servers may send as much. */
  private static final int MAX_HEADER_LIST = 16 << 20;

  /** How long a downstream may take to say its first word. */
  private static final long SETTINGS_NANOS = TimeUnit.SECONDS.toNanos(10);

  private static final Status SLOW =
      Status.overLimit("memory is short, and the stream is not read");

  private static final Status NOT_BEGUN =
      Status.unavailable("the downstream closes and has not begun the call");

  private static final Status NO_STATUS =
      Status.grpc(13, "the downstream ended without a grpc-status");

  private final SharedPool<GrpcConnection> pool;
  private final ClusterClient cluster;
  private final GrpcLegs legs = new GrpcLegs();
  private final Timers.Timer idle = new Idle();
  private final KeepAlive keepAlive;
  private final FrameGuard guard;
  private final Http2Codecs.Handlers http2;

  /** Of responses, their metadata, and of requests in case they have to be sent again. */
  private final Holding holding;

  private ChannelHandlerContext ctx;
  private Flusher.Target flushTarget;

  /** Bytes of requests that were written and have not left. */
  private long unsent;

  private boolean settingsSeen;
  private boolean draining;

  /** The stream that was refused last; null once another of those that were open is over. */
  private @Nullable Http2FrameStream refused;

  /** Why all calls are lost when the connection closes; null if the downstream closes it. */
  private @Nullable String dead;

  /** The downstream did what it may not do: nothing more is taken from it. */
  private boolean givenUp;

  GrpcConnection(SharedPool<GrpcConnection> pool, ClusterClient cluster) {
    this.pool = pool;
    this.cluster = cluster;
    this.holding = new Holding(Budget.ofProcess().share(cluster.loop().eventLoop(), this));
    this.guard = new FrameGuard(this, cluster.cluster().config(), pool.endpoint());
    this.http2 = Http2Codecs.client(MAX_HEADER_LIST, guard);
    this.keepAlive =
        new KeepAlive(
            cluster.loop().timers(), cluster.cluster().config().keepAlive().toNanos(), this);
  }

  @Override
  public ChannelHandler[] handlers() {
    return new ChannelHandler[] {
      http2.gather(), Http2FrameWatch.ofDownstream(guard), http2.codec(), this
    };
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
    return !draining
        && refused == null
        && legs.size() < cluster.cluster().config().maxStreams()
        && guard.hasRoom(legs.size())
        && ctx.channel().isActive()
        && !SharedConnection.isCongested(ctx.channel())
        && http2.codec().connection().local().canOpenStream();
  }

  @Override
  public void close() {
    ctx.close();
  }

  // What goes to the downstream.

  Http2FrameStream open(GrpcLeg leg) {
    Http2FrameStream stream = newStream();
    legs.add(stream, leg);
    cluster.loop().timers().cancel(idle);
    Http2Headers headers = GrpcHeaders.request(leg.call(), cluster.cluster().config().service());
    ctx.write(new DefaultHttp2HeadersFrame(headers, false).stream(stream))
        .addListener(
            (ChannelFutureListener)
                done -> {
                  if (!done.isSuccess()) {
                    // Not at once, as the leg may not even know its stream.
                    ctx.executor().execute(() -> notOpened(stream, done.cause()));
                  }
                });
    keepAlive.used();
    guard.says(0);
    flush();
    return stream;
  }

  private void notOpened(Http2FrameStream stream, Throwable cause) {
    Http2Stream unopened = http2.codec().connection().stream(stream.id());
    if (unopened != null) {
      // The downstream has not heard of it, but the codec keeps it open.
      unopened.close();
    }
    if (cause instanceof Http2Exception.HeaderListSizeException) {
      gone(stream, Status.overLimit("the downstream takes no metadata as long as this"));
    } else if (cause instanceof Http2Exception) {
      // More streams than it takes, or no numbers left for them.
      unprocessed(stream, Status.unavailable(String.valueOf(cause.getMessage())));
    } else {
      gone(stream, Status.unavailable(String.valueOf(cause.getMessage())));
    }
  }

  /** The stream, if the downstream will have heard of it when something more is written on it. */
  private @Nullable Http2Stream opened(Http2FrameStream stream) {
    Http2Stream open = http2.codec().connection().stream(stream.id());
    return open != null && open.isHeadersSent() ? open : null;
  }

  void write(GrpcLeg leg, ByteBuf part, boolean last) {
    int size = part.readableBytes();
    Http2FrameStream stream = leg.stream();
    Http2Stream opened = opened(stream);
    if (opened == null) {
      part.release();
      return;
    }
    guard.says(size);
    unsent += size;
    boolean waits = StreamWindow.holdsUp(http2.codec(), opened, leg.writes(size), unsent);
    ctx.write(new DefaultHttp2DataFrame(waits ? Budget.compact(part) : part, last).stream(stream))
        .addListener(
            (ChannelFutureListener)
                done -> {
                  unsent -= size;
                  if (waits) {
                    leg.waits(-Budget.PART);
                    taken(Budget.PART);
                  }
                  if (done.isSuccess()) {
                    leg.sent(stream, size);
                  }
                });
    flush();
    if (waits) {
      leg.waits(Budget.PART);
      keeps(Budget.PART);
    }
  }

  /** Keeps a part that is about to be written, if there is memory for it. */
  void keep(Replay replay, ByteBuf part) {
    if (!holding.add(replay.keep(ctx.alloc(), part))) {
      taken(replay.letGo());
    }
  }

  void writeEnd(GrpcLeg leg) {
    if (opened(leg.stream()) != null) {
      ctx.write(new DefaultHttp2DataFrame(true).stream(leg.stream()));
      flush();
    }
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
    holding.remove(bytes);
  }

  /** So many bytes are held beside those of the responses that are under way. */
  void keeps(int bytes) {
    if (!holding.add(bytes)) {
      cut();
    }
  }

  /** So many bytes are held of a frame or header list that is not complete. */
  void unread(int bytes) {
    if (bytes != holding.unread() && ctx.channel().isActive() && !holding.unread(bytes)) {
      cut();
    }
  }

  void giveBack(Http2FrameStream stream, int bytes) {
    if (StreamWindow.giveBack(http2.codec(), stream, bytes)) {
      flush();
    }
  }

  private void flush() {
    cluster.loop().flusher().later(flushTarget);
  }

  // What comes from it.

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object msg) {
    keepAlive.heard();
    if (msg instanceof Http2DataFrame data) {
      data(data);
    } else if (msg instanceof Http2HeadersFrame headers) {
      headers(headers);
    } else if (msg instanceof Http2ResetFrame reset) {
      reset(reset);
    } else if (msg instanceof Http2SettingsFrame) {
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

  private void reset(Http2ResetFrame frame) {
    Status status = GrpcStatus.ofReset(frame.errorCode());
    if (frame.errorCode() == Http2Error.REFUSED_STREAM.code()) {
      // It would refuse the next as well, unless it has none at all.
      refused = legs.size() > 1 ? frame.stream() : null;
      unprocessed(frame.stream(), status);
    } else if (frame.errorCode() == Http2Error.CANCEL.code()) {
      cancelled(frame.stream(), status);
    } else {
      gone(frame.stream(), status);
    }
  }

  /**
   * grpc-go's server resets so what its deadline ends, and its client reads it so ({@code
   * http2_server.go:operateHeaders}, {@code http2_client.go:handleRSTStream}).
   */
  private void cancelled(Http2FrameStream stream, Status status) {
    GrpcLeg leg = legs.get(stream);
    if (leg != null) {
      RpcCall call = leg.call();
      gone(stream, call.isOverdue() ? call.overdue() : status);
    }
  }

  private void headers(Http2HeadersFrame frame) {
    GrpcLeg leg = legs.get(frame.stream());
    if (leg != null) {
      leg.headers(frame.headers(), frame.isEndStream());
    }
  }

  private void data(Http2DataFrame frame) {
    GrpcLeg leg = legs.get(frame.stream());
    ByteBuf content = frame.content();
    int padded = frame.initialFlowControlledBytes();
    if (!content.isReadable() && !frame.isEndStream() && !guard.control("an empty DATA")) {
      frame.release();
      return;
    }
    int size = content.readableBytes();
    if (leg == null || !leg.headSeen()) {
      frame.release();
      giveBack(frame.stream(), padded);
      if (leg != null && size > 0) {
        spoiled(frame.stream(), Http2Error.PROTOCOL_ERROR, "data came before the response's head");
      }
    } else {
      giveBack(frame.stream(), padded - size);
      boolean waits = leg.window() > 0;
      leg.received(size);
      keeps(size);
      if (leg.isOver()) {
        content.release();
      } else {
        leg.response()
            .responseData(waits ? Budget.ofProcess().compactUnlessLittle(content) : content, false);
      }
    }
    if (leg != null && frame.isEndStream()) {
      finish(frame.stream(), NO_STATUS);
    }
  }

  /** The downstream broke the rules on this stream. */
  private void spoiled(Http2FrameStream stream, Http2Error error, String why) {
    reset(stream, error);
    gone(stream, Status.grpc(13, why));
  }

  /**
   * Lets go of what only might be needed; if there is no such thing, ends the largest stream, or
   * all of them, if most is none's yet.
   */
  @Override
  public void cut() {
    if (legs.letGo()) {
      return;
    }
    GrpcLeg largest = legs.largest();
    int unread = holding.unread();
    if (largest == null || largest.held() < unread) {
      giveUp(
          Limit.MEMORY,
          Http2Error.ENHANCE_YOUR_CALM,
          "memory is short, and it holds " + unread + " bytes that are not complete");
    } else {
      cluster.loop().limits().met(Limit.MEMORY);
      cancel(largest);
      largest.end(CallEnd.of(largest.call(), SLOW));
    }
  }

  /** The downstream has not looked at this stream: nobody needs to notice, if it can be helped. */
  private void unprocessed(Http2FrameStream stream, Status otherwise) {
    GrpcLeg leg = legs.get(stream);
    if (leg == null || !leg.mayBeginAgain()) {
      gone(stream, otherwise);
      return;
    }
    legs.remove(stream);
    freed();
    leg.beginAgain();
  }

  /** The call on this stream is over, if it is not already. */
  void finish(Http2FrameStream stream, Status status) {
    GrpcLeg leg = legs.get(stream);
    if (leg != null) {
      finish(stream, CallEnd.of(leg.call(), status));
    }
  }

  void finish(Http2FrameStream stream, CallEnd end) {
    GrpcLeg leg = legs.get(stream);
    if (leg != null && stream.state().localSideOpen()) {
      // Else our half of the stream would stay open for good, or as long as its data waits.
      reset(stream, Http2Error.NO_ERROR);
    }
    ended(stream, end);
  }

  /** The stream itself is no more, and with it the call. */
  private void gone(Http2FrameStream stream, Status status) {
    GrpcLeg leg = legs.get(stream);
    if (leg != null) {
      ended(stream, CallEnd.of(leg.call(), status));
    }
  }

  private void ended(Http2FrameStream stream, CallEnd end) {
    GrpcLeg leg = legs.remove(stream);
    if (leg != null) {
      leg.delivered(leg.window());
      freed();
      leg.end(end);
    }
  }

  private void freed() {
    if (draining && legs.isEmpty()) {
      ctx.close();
      return;
    }
    watchIdle();
    if (refused != null && legs.isEmpty()) {
      // The last of the others may have had no stream yet, whose end would be told.
      refused = null;
      pool.roomy(this);
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) throws Exception {
    if (ctx.channel().isWritable()) {
      pool.roomy(this);
    }
    super.channelWritabilityChanged(ctx);
  }

  /** Only when the codec has closed a stream there is room for another. */
  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) throws Exception {
    if (event instanceof Http2FrameStreamEvent changed) {
      Http2FrameStream stream = changed.stream();
      if (stream.state() == Http2Stream.State.CLOSED && stream != refused) {
        refused = null;
        pool.roomy(this);
      }
    } else {
      super.userEventTriggered(ctx, event);
    }
  }

  /** The downstream wants no new streams here, and has not seen those behind the last. */
  private void drain(int lastStreamId) {
    draining = true;
    pool.retired(this);
    for (Http2FrameStream stream : legs.above(lastStreamId)) {
      unprocessed(stream, NOT_BEGUN);
    }
    if (legs.isEmpty()) {
      ctx.close();
    }
  }

  /** It is to be used no more, as the downstream might take offence; what is open may end. */
  void wornOut() {
    // Not at once, as a frame is being written.
    ctx.executor().execute(() -> drain(Integer.MAX_VALUE));
  }

  // Whether it is still there.

  @Override
  public boolean isUsed() {
    return !legs.isEmpty();
  }

  @Override
  public void ping() {
    ctx.write(new DefaultHttp2PingFrame(0));
    flush();
  }

  @Override
  public void isDead() {
    dead = pool.address() + " does not answer any more";
    Closing.now(ctx.channel());
  }

  /** A header list came that says nothing new. */
  void idleWord() {
    guard.control("a HEADERS");
  }

  boolean isGivenUp() {
    return givenUp;
  }

  /** The downstream did what it may not do: tells it so, and closes. */
  void giveUp(Limit limit, Http2Error error, String why) {
    if (giveUp(limit, why)) {
      ctx.write(new DefaultHttp2GoAwayFrame(error));
      ctx.flush();
      Closing.now(ctx.channel());
    }
  }

  private boolean giveUp(Limit limit, String why) {
    if (givenUp || !ctx.channel().isActive()) {
      return false;
    }
    givenUp = true;
    dead = "gave up the connection to " + pool.address() + ": " + why;
    DownstreamLog.gaveUp(cluster, pool.address(), limit, why);
    return true;
  }

  private void watchIdle() {
    if (legs.isEmpty()) {
      cluster.loop().timers().set(idle, cluster.cluster().config().idleTimeout().toNanos());
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) throws Exception {
    cluster.loop().timers().cancel(idle);
    keepAlive.stop();
    draining = true;
    pool.lost(this);
    String why = dead == null ? "connection to " + pool.address() + " lost" : dead;
    for (GrpcLeg leg : legs.takeAll()) {
      leg.end(CallEnd.of(leg.call(), Status.unavailable(why)));
    }
    holding.release();
    super.channelInactive(ctx);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, @Nullable Throwable cause) {
    if (cause instanceof Http2FrameStreamException e) {
      spoiled(e.stream(), e.error(), String.valueOf(e.getMessage()));
    } else if (cause instanceof Http2Exception e) {
      // The codec is about to tell the downstream, and closes then.
      draining = true;
      pool.retired(this);
      boolean flood = e.error() == Http2Error.ENHANCE_YOUR_CALM;
      giveUp(
          flood ? Limit.CONTROL_RATE : Limit.PROTOCOL,
          "it breaks the rules of HTTP/2: " + e.getMessage());
      ctx.executor().execute(() -> Closing.afterWrites(ctx.channel()));
    } else {
      if (cause instanceof OutOfMemoryError) {
        giveUp(Limit.MEMORY, "memory is short: " + cause.getMessage());
      } else if (cause instanceof IOException) {
        if (!legs.isEmpty()) {
          DownstreamLog.lost(cluster, pool.address(), legs.size(), cause);
        }
      } else {
        DownstreamLog.thrown(cluster, pool.address(), cause);
      }
      ctx.close();
    }
  }

  /** Closes the connection when no call has used it for a while. */
  private final class Idle extends Timers.Timer {
    @Override
    protected void fire() {
      if (legs.isEmpty()) {
        draining = true;
        pool.retired(GrpcConnection.this);
        ctx.close();
      }
    }
  }
}
