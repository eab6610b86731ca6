package io.sluice.gateway.client;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.CompositeByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.sluice.api.Status;
import io.sluice.gateway.call.CallEnd;
import io.sluice.gateway.call.MessageHead;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.call.Weight;
import io.sluice.gateway.loop.Budget;
import io.sluice.gateway.loop.Closing;
import io.sluice.gateway.loop.Flusher;
import io.sluice.gateway.loop.Limit;
import io.sluice.gateway.loop.Loop;
import io.sluice.gateway.wire.WireException;
import org.jspecify.annotations.Nullable;

/**
 * A connection to a downstream that carries one ping-pong call at a time. Whatever goes wrong on it
 * closes it, so that nothing late or foreign ever meets the next call.
 */
final class PingPongConnection extends ChannelInboundHandlerAdapter implements Budget.Holder {
  /** Bytes of a response that may be on their way to the caller. */
  private static final int WINDOW = 256 * 1024;

  private final PingPongPool pool;
  private final Loop loop;
  private final Budget.Share share;

  private @Nullable ChannelHandlerContext ctx;
  private Flusher.Target flushTarget;
  private ReplyReader replies;
  private RequestWriter writer;
  private int lastSweep;
  private int seqIds;

  /** The open call; null while idle. */
  private @Nullable PingPongLeg leg;

  private int seqId;
  private boolean requestBegun;

  /** What there is of a request that has to be whole; null if nothing. */
  private @Nullable CompositeByteBuf whole;

  private long requestRemaining;
  private int unacknowledged;
  private int window;

  /** Whether what comes is for the caller; else it is gathered as an exception. */
  private boolean isData;

  PingPongConnection(PingPongPool pool, Loop loop) {
    this.pool = pool;
    this.loop = loop;
    this.share = Budget.ofProcess().share(loop.eventLoop(), this);
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    this.ctx = ctx;
    flushTarget = new Flusher.Target(ctx.channel());
    replies = new ReplyReader(ctx.alloc(), pool.config());
    writer = new RequestWriter(ctx, pool.config(), 0);
  }

  boolean isOpen() {
    return ctx != null && ctx.channel().isActive();
  }

  int lastSweep() {
    return lastSweep;
  }

  /** Notes the sweep in which it was used last. */
  void lastSweep(int sweep) {
    lastSweep = sweep;
  }

  void close() {
    if (ctx != null) {
      ctx.close();
    }
  }

  // The request.

  /** Takes on a call. */
  void begin(PingPongLeg next) {
    leg = next;
    requestBegun = false;
    unacknowledged = 0;
    window = 0;
  }

  /** Writes a part of the open call's request. */
  void write(ByteBuf part) {
    int size = part.readableBytes();
    if (requestBegun) {
      requestRemaining -= size;
      ctx.write(part);
    } else {
      ByteBuf first = writer.wantsWhole(leg.call()) ? gather(part) : part;
      if (first == null) {
        return;
      }
      requestBegun = true;
      try {
        writeFirst(first, first.readableBytes());
      } catch (WireException e) {
        // Nothing of it was written.
        PingPongLeg failed = leg;
        leg = null;
        pool.release(this);
        failed.end(CallEnd.of(failed.call(), Status.untranslatable(e.getMessage())));
        return;
      }
    }
    loop.flusher().later(flushTarget);
    if (requestRemaining <= 0 && leg.call().isOneway()) {
      endOneway();
      return;
    }
    int weight = requestRemaining <= 0 ? size + Weight.MESSAGE : size;
    if (ctx.channel().isWritable()) {
      leg.response().requestTaken(weight);
    } else {
      unacknowledged += weight;
    }
  }

  /**
   * Keeps the parts of a request until it is whole.
   *
   * @return handed over; null if more is to come, or the call has been ended
   */
  private @Nullable ByteBuf gather(ByteBuf part) {
    MessageHead head = leg.call().request();
    int size = part.readableBytes();
    if (whole == null) {
      if (size >= head.bodyLength) {
        return part;
      }
      whole = ctx.alloc().compositeBuffer(1024);
      int ahead = head.headAhead + (head.lengthAhead ? 4 : 0);
      whole.addComponent(true, part.readerIndex(part.readerIndex() - ahead));
      whole.readerIndex(ahead);
    } else {
      whole.addComponent(true, part);
    }
    if (whole.readableBytes() >= head.bodyLength) {
      CompositeByteBuf gathered = whole;
      whole = null;
      share.holds(0);
      return gathered;
    }
    if (share.holds(whole.readableBytes())) {
      leg.response().requestTaken(size);
    } else {
      leg.giveUp(Status.overLimit("memory is short, and the request is large"));
    }
    return null;
  }

  private void writeFirst(ByteBuf part, int size) {
    RpcCall call = leg.call();
    requestRemaining = call.request().bodyLength - size;
    // With equal framing the bytes can stay as they are, checksums of them included.
    seqId = writer.keepsFraming(call) ? call.request().seqId : ++seqIds;
    writer.begin(call, seqId, part);
  }

  /**
   * Nothing will be answered. The connection is closed, since a service that does not know the
   * method as oneway answers all the same.
   */
  private void endOneway() {
    PingPongLeg ended = leg;
    leg = null;
    Closing.afterWrites(ctx.channel());
    ended.end(CallEnd.of(ended.call(), Status.OK));
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    if (ctx.channel().isWritable() && unacknowledged > 0 && leg != null) {
      int bytes = unacknowledged;
      unacknowledged = 0;
      leg.response().requestTaken(bytes);
    }
    ctx.fireChannelWritabilityChanged();
  }

  /** The open call is given up; what may still come of it must meet nobody. */
  void abandon() {
    leg = null;
    dropWhole();
    if (!requestBegun) {
      pool.release(this);
    } else {
      ctx.close();
    }
  }

  // The reply.

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object msg) {
    if (leg == null || !requestBegun) {
      ((ByteBuf) msg).release();
      fail("the downstream sent what nobody had asked for");
      return;
    }
    leg.firstByteCame();
    replies.append((ByteBuf) msg);
    try {
      readReply();
    } catch (WireException e) {
      fail("default codec read failed: " + e.getMessage());
    }
    if (!share.holds(replies.held() + window)) {
      cut();
    }
  }

  @Override
  public void cut() {
    loop.limits().met(Limit.MEMORY);
    fail("memory is short, and the reply has not been read by the caller");
  }

  private void readReply() {
    if (!replies.isOpen()) {
      if (replies.readHead() == null) {
        return;
      }
      isData = replies.begin(leg.call(), seqId);
      if (isData) {
        leg.response().responseHead();
      }
    }
    while (leg != null && replies.isPartDue()) {
      ByteBuf part = replies.readPart();
      if (part == null) {
        break;
      }
      if (isData) {
        boolean last = !replies.isPartDue();
        window += Weight.of(part, last);
        leg.response().responseData(part, last);
      } else {
        replies.gather(part);
      }
    }
    if (leg == null) {
      return;
    }
    if (replies.isPartDue()) {
      limitReading();
    } else {
      endReply();
    }
  }

  private void endReply() {
    PingPongLeg ended = leg;
    CallEnd end = replies.end(ended.call());
    boolean reusable =
        pool.keepsConnections()
            && requestRemaining <= 0
            && replies.buffered() == 0
            && !replies.connectionEnds();
    leg = null;
    resumeReading();
    // First the connection, then the end: the next call of the same caller can have it.
    if (reusable) {
      pool.release(this);
    } else {
      ctx.close();
    }
    ended.end(end);
  }

  /** So many bytes of the response have been passed on. */
  void taken(int bytes) {
    window -= bytes;
    share.holds(replies.held() + window);
    limitReading();
  }

  private void limitReading() {
    boolean read = window < WINDOW;
    Channel channel = ctx.channel();
    if (channel.config().isAutoRead() != read) {
      channel.config().setAutoRead(read);
    }
  }

  private void resumeReading() {
    window = 0;
    limitReading();
  }

  // The connection.

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    pool.lost(this);
    fail("connection to " + pool.address() + " lost");
    ctx.fireChannelInactive();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    fail(String.valueOf(cause.getMessage()));
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) {
    release();
  }

  private void fail(String why) {
    PingPongLeg failed = leg;
    leg = null;
    release();
    ctx.close();
    if (failed != null) {
      failed.end(CallEnd.of(failed.call(), Status.unavailable(why)));
    }
  }

  private void release() {
    replies.release();
    dropWhole();
    share.release();
  }

  private void dropWhole() {
    if (whole != null) {
      whole.release();
      whole = null;
      share.holds(0);
    }
  }
}
