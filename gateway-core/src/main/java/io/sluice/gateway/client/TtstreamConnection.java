package io.sluice.gateway.client;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.collection.IntObjectHashMap;
import io.netty.util.collection.IntObjectMap;
import io.sluice.api.Status;
import io.sluice.gateway.call.CallEnd;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.loop.Budget;
import io.sluice.gateway.loop.Flusher;
import io.sluice.gateway.loop.Timers;
import io.sluice.gateway.wire.WireException;
import io.sluice.gateway.wire.WireLimits;
import io.sluice.gateway.wire.ttheader.ReplyKeys;
import io.sluice.gateway.wire.ttheader.TTHeaderKeys;
import io.sluice.gateway.wire.ttstream.Frame;
import io.sluice.gateway.wire.ttstream.FrameReader;
import io.sluice.gateway.wire.ttstream.FrameWriter;
import io.sluice.gateway.wire.ttstream.StreamCodes;
import java.util.ArrayList;

/** A ttstream connection to a downstream, shared by the streams of one loop. */
final class TtstreamConnection extends ChannelInboundHandlerAdapter implements SharedConnection {
  private static final WireLimits LIMITS = new WireLimits(1 << 30, 65_535 * 4, 65_535);
  private static final int MAX_STREAMS = 1000;

  /** Bytes of one stream's response that may be on their way while others share the connection. */
  private static final int STREAM_BOUND = 8 << 20;

  /** Beyond this nothing more is read, if the connection carries one stream only. */
  private static final int WINDOW = 256 * 1024;

  private static final int MAX_PATH = 8192;

  /** The name that the gateway adds to the path of a cancel. */
  private static final String OWN_NAME = "sluice";

  private final SharedPool<TtstreamConnection> pool;
  private final ClusterClient cluster;
  private final IntObjectMap<TtstreamLeg> legs = new IntObjectHashMap<>();
  private final Timers.Timer idle = new Idle();
  private final Budget.Share share = Budget.ofProcess().share();

  /** Bytes of all responses that are on their way to the callers. */
  private long underWay;

  private ChannelHandlerContext ctx;
  private Flusher.Target flushTarget;
  private FrameReader reader;
  private FrameWriter writer;
  private int lastId;

  TtstreamConnection(SharedPool<TtstreamConnection> pool, ClusterClient cluster) {
    this.pool = pool;
    this.cluster = cluster;
  }

  @Override
  public ChannelHandler[] handlers() {
    return new ChannelHandler[] {this};
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    this.ctx = ctx;
    flushTarget = new Flusher.Target(ctx.channel());
    reader = new FrameReader(ctx.alloc(), LIMITS);
    writer = new FrameWriter(ctx.alloc());
    watchIdle();
  }

  @Override
  public boolean isReady() {
    return true;
  }

  @Override
  public int calls() {
    return legs.size();
  }

  @Override
  public boolean hasRoom() {
    return ctx.channel().isActive() && legs.size() < MAX_STREAMS;
  }

  @Override
  public void close() {
    ctx.close();
  }

  // What goes to the downstream.

  int open(TtstreamLeg leg) {
    do {
      lastId++;
    } while (lastId == 0 || legs.containsKey(lastId));
    RpcCall call = leg.call();
    String named = cluster.cluster().config().service();
    String service = call.service().isEmpty() && named != null ? named : call.service();
    ByteBuf header = writer.open(lastId, service, call.method(), call.headers());
    legs.put(lastId, leg);
    cluster.loop().timers().cancel(idle);
    write(header);
    limitReading();
    return lastId;
  }

  void write(TtstreamLeg leg, ByteBuf part) {
    write(writer.data(leg.streamId(), leg.call().method(), part));
    if (ctx.channel().isWritable()) {
      leg.acknowledge();
    }
  }

  void writeEnd(TtstreamLeg leg) {
    write(writer.halfClose(leg.streamId(), leg.call().method()));
  }

  void cancel(TtstreamLeg leg, Status why) {
    if (legs.remove(leg.streamId()) == null) {
      return;
    }
    leg.delivered(leg.window());
    RpcCall call = leg.call();
    String path = call.cancelPath().isEmpty() ? OWN_NAME : call.cancelPath() + ',' + OWN_NAME;
    if (path.length() > MAX_PATH) {
      path = OWN_NAME;
    }
    write(writer.reset(leg.streamId(), call.method(), StreamCodes.of(why), why.text(), path));
    if (!leg.isHalfClosed()) {
      write(writer.halfClose(leg.streamId(), call.method()));
    }
    freed();
  }

  private void write(ByteBuf frame) {
    ctx.write(frame);
    cluster.loop().flusher().later(flushTarget);
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    if (ctx.channel().isWritable()) {
      for (TtstreamLeg leg : new ArrayList<>(legs.values())) {
        leg.acknowledge();
      }
    }
    ctx.fireChannelWritabilityChanged();
  }

  // What comes from it.

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object msg) {
    reader.append((ByteBuf) msg);
    try {
      for (Frame frame = reader.read(); frame != null; frame = reader.read()) {
        try {
          read(frame);
        } finally {
          frame.payload().release();
        }
      }
    } catch (WireException e) {
      fail("bad frame: " + e.getMessage());
    }
  }

  private void read(Frame frame) {
    TtstreamLeg leg = legs.get(frame.streamId());
    if (leg == null) {
      // Of a stream that is over, or for nobody.
      return;
    }
    switch (frame.type()) {
      case HEADER -> {
        if (leg.headSeen()) {
          throw new WireException("a second HEADER");
        }
        head(leg, frame.headers());
      }
      case DATA -> {
        if (!leg.headSeen()) {
          head(leg, new Headers(Headers.Dialect.TTHEADER));
        }
        data(leg, frame.payload().retain());
      }
      case TRAILER -> {
        ReplyKeys keys = ReplyKeys.take(frame.headers());
        Status status =
            frame.payload().isReadable() ? StreamCodes.read(frame.payload()) : Status.OK;
        if (!leg.isHalfClosed()) {
          // Kitex's clients do so for the sake of old servers.
          write(writer.halfClose(leg.streamId(), leg.call().method()));
        }
        finish(leg, new CallEnd(status, status.isOk() ? keys.bizStatus() : null, frame.headers()));
      }
      case RST -> finish(leg, CallEnd.of(leg.call(), StreamCodes.read(frame.payload())));
      case META, UNKNOWN -> {}
    }
  }

  private void head(TtstreamLeg leg, Headers headers) {
    leg.sawHead();
    ReplyKeys.take(headers);
    for (int i = headers.count() - 1; i >= 0; i--) {
      if (headers.isIntKey(i) && headers.intKey(i) == TTHeaderKeys.TO_METHOD) {
        headers.removeAt(i);
      }
    }
    leg.call().responseHeaders(headers, null);
    leg.response().responseHead();
  }

  private void data(TtstreamLeg leg, ByteBuf payload) {
    int size = payload.readableBytes();
    leg.received(size);
    underWay += size;
    leg.response().responseData(payload, true);
    boolean granted = share.holds(reader.held() + underWay);
    if (!leg.isOver() && (!granted || leg.window() > STREAM_BOUND && legs.size() > 1)) {
      Status slow = Status.overLimit("the caller does not read its stream");
      cancel(leg, slow);
      leg.end(CallEnd.of(leg.call(), slow));
    }
    limitReading();
  }

  /** So many bytes of a response have been passed on, or are nobody's any more. */
  @Override
  public void taken(int bytes) {
    underWay -= bytes;
    share.holds(reader.held() + underWay);
    limitReading();
  }

  /** A connection with one stream waits for its caller; a shared one goes on. */
  void limitReading() {
    boolean read = true;
    if (legs.size() == 1) {
      for (TtstreamLeg only : legs.values()) {
        read = only.window() < WINDOW;
      }
    }
    if (ctx.channel().config().isAutoRead() != read) {
      ctx.channel().config().setAutoRead(read);
    }
  }

  private void finish(TtstreamLeg leg, CallEnd end) {
    legs.remove(leg.streamId());
    leg.delivered(leg.window());
    freed();
    leg.end(end);
  }

  private void freed() {
    limitReading();
    watchIdle();
    pool.roomy(this);
  }

  private void watchIdle() {
    if (legs.isEmpty()) {
      cluster.loop().timers().set(idle, cluster.cluster().config().idleTimeout().toNanos());
    }
  }

  private void fail(String why) {
    ArrayList<TtstreamLeg> lost = new ArrayList<>(legs.values());
    legs.clear();
    underWay = 0;
    share.release();
    ctx.close();
    for (TtstreamLeg leg : lost) {
      leg.end(CallEnd.of(leg.call(), Status.unavailable(why)));
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    cluster.loop().timers().cancel(idle);
    pool.lost(this);
    fail("connection to " + pool.address() + " lost");
    ctx.fireChannelInactive();
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) {
    reader.release();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    fail(String.valueOf(cause.getMessage()));
  }

  /** Closes the connection when no stream has used it for a while. */
  private final class Idle extends Timers.Timer {
    @Override
    protected void fire() {
      if (legs.isEmpty()) {
        pool.lost(TtstreamConnection.this);
        ctx.close();
      }
    }
  }
}
