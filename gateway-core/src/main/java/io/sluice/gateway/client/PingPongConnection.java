package io.sluice.gateway.client;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.CompositeByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.sluice.api.Protocol;
import io.sluice.api.Status;
import io.sluice.gateway.call.CallEnd;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.call.MessageHead;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.loop.Budget;
import io.sluice.gateway.loop.Closing;
import io.sluice.gateway.loop.Flusher;
import io.sluice.gateway.loop.Loop;
import io.sluice.gateway.wire.WireException;
import io.sluice.gateway.wire.WireLimits;
import io.sluice.gateway.wire.pingpong.MessageReader;
import io.sluice.gateway.wire.pingpong.MessageWriter;
import io.sluice.gateway.wire.pingpong.PingPongMessage;
import io.sluice.gateway.wire.thrift.ThriftException;
import io.sluice.gateway.wire.thrift.ThriftHead;
import io.sluice.gateway.wire.ttheader.ReplyKeys;
import io.sluice.gateway.wire.ttheader.RequestKeys;
import io.sluice.gateway.wire.ttheader.TTHeaderKeys;
import io.sluice.gateway.wire.ttheader.TTHeaderWriter;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A connection to a downstream that carries one ping-pong call at a time. Whatever goes wrong on it
 * closes it, so that nothing late or foreign ever meets the next call.
 */
final class PingPongConnection extends ChannelInboundHandlerAdapter {
  /** Bytes of a response that may be on their way to the caller. */
  private static final int WINDOW = 256 * 1024;

  /** A downstream is trusted more than a caller, but not without bound. */
  private static final WireLimits LIMITS = new WireLimits(1 << 30, 65_535 * 4, 65_535);

  private final PingPongPool pool;
  private final Loop loop;
  private final Budget.Share share = Budget.ofProcess().share();

  private @Nullable ChannelHandlerContext ctx;
  private Flusher.Target flushTarget;
  private MessageReader reader;
  private MessageWriter writer;
  private int lastSweep;
  private int seqIds;

  /** The open call; null while idle. */
  private @Nullable PingPongLeg leg;

  private int seqId;
  private boolean requestBegun;
  private long requestRemaining;
  private int unacknowledged;
  private int window;
  private @Nullable PingPongMessage reply;
  private @Nullable ReplyKeys replyKeys;
  private @Nullable CompositeByteBuf exception;

  PingPongConnection(PingPongPool pool, Loop loop) {
    this.pool = pool;
    this.loop = loop;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    this.ctx = ctx;
    flushTarget = new Flusher.Target(ctx.channel());
    reader = new MessageReader(ctx.alloc(), LIMITS);
    writer = new MessageWriter(ctx.alloc());
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
    reply = null;
    replyKeys = null;
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
      requestBegun = true;
      try {
        writeFirst(part, size);
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
    if (ctx.channel().isWritable()) {
      leg.response().requestTaken(size);
    } else {
      unacknowledged += size;
    }
  }

  private void writeFirst(ByteBuf part, int size) {
    RpcCall call = leg.call();
    MessageHead head = call.request();
    Protocol framing = leg.cluster().cluster().config().transport().unary().protocol();
    requestRemaining = head.bodyLength - size;
    // With equal framing the bytes can stay as they are, checksums of them included.
    seqId = framing == call.protocol() ? head.seqId : ++seqIds;
    ByteBuf out =
        writer.begin(
            framing,
            head,
            call.isOneway() ? ThriftHead.ONEWAY : ThriftHead.CALL,
            call.method(),
            seqId,
            part,
            this::requestKeys,
            call);
    ctx.write(out);
    ByteBuf rest = writer.takeRest();
    if (rest != null) {
      ctx.write(rest);
    }
  }

  private void requestKeys(TTHeaderWriter out, RpcCall call) {
    Headers headers = call.headers();
    Protocol framing = leg.cluster().cluster().config().transport().unary().protocol();
    String named = leg.cluster().cluster().config().service();
    String service = !call.service().isEmpty() ? call.service() : named == null ? "" : named;
    if (!service.isEmpty()) {
      out.string(TTHeaderKeys.SERVICE, service);
    }
    out.string(TTHeaderKeys.REAL_ADDRESS, call.peerText());
    boolean unchanged = framing == call.protocol() && call.request().headAhead > 0;
    RequestKeys.writeRest(out, headers, unchanged, named == null ? -1 : TTHeaderKeys.TO_SERVICE);
    if (named != null) {
      out.integer(TTHeaderKeys.TO_SERVICE, named);
    }
    if (call.protocol() == Protocol.FRAMED) {
      out.integer(TTHeaderKeys.TO_METHOD, call.method());
    }
    out.integer(TTHeaderKeys.TRANSPORT_TYPE, framing == Protocol.TTHEADER ? "unframed" : "framed");
    out.integer(TTHeaderKeys.MESSAGE_TYPE, call.isOneway() ? "4" : "1");
    if (call.explicitTimeout()) {
      long millis = Math.max(1, TimeUnit.NANOSECONDS.toMillis(call.nanosLeft()));
      out.integer(TTHeaderKeys.RPC_TIMEOUT, Long.toString(millis));
    }
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
    reader.append((ByteBuf) msg);
    try {
      readReply();
    } catch (WireException e) {
      fail("default codec read failed: " + e.getMessage());
    }
    if (!share.holds((long) reader.held() + window)) {
      fail("memory is short, and the reply has not been read by the caller");
    }
  }

  private void readReply() {
    if (reply == null) {
      reply = reader.readHead();
      if (reply == null) {
        return;
      }
      beginReply(reply);
    }
    while (leg != null && reader.isPartDue()) {
      ByteBuf part = reader.readPart();
      if (part == null) {
        break;
      }
      if (reply.type() == ThriftHead.EXCEPTION) {
        gatherException(part);
      } else {
        window += part.readableBytes();
        leg.response().responseData(part, !reader.isPartDue());
      }
    }
    if (leg == null) {
      return;
    }
    if (reader.isPartDue()) {
      limitReading();
    } else {
      endReply();
    }
  }

  private void beginReply(PingPongMessage message) {
    RpcCall call = leg.call();
    Headers headers = message.headers();
    if (headers == null) {
      headers = new Headers(Headers.Dialect.TTHEADER);
    } else {
      replyKeys = ReplyKeys.take(headers);
    }
    if (message.type() == ThriftHead.EXCEPTION) {
      call.responseHeaders(headers, null);
      return;
    }
    if (message.type() != ThriftHead.REPLY) {
      throw new WireException("message type " + message.type() + " in place of a reply");
    }
    if (message.seqId() != seqId) {
      throw new WireException(
          "out of order sequence response, " + message.seqId() + " in place of " + seqId);
    }
    if (!message.method().equals(call.method())) {
      throw new WireException(
          "wrong method name " + message.method() + " in place of " + call.method());
    }
    message.describe(call.response());
    call.responseHeaders(headers, replyKeys == null ? null : replyKeys.bizStatus());
    leg.response().responseHead();
  }

  private void gatherException(ByteBuf part) {
    if (exception == null) {
      exception = ctx.alloc().compositeBuffer(64);
    }
    exception.addComponent(true, part);
    if (exception.readableBytes() > ThriftException.MAX_BYTES) {
      throw new WireException("an exception of more than " + ThriftException.MAX_BYTES + " bytes");
    }
  }

  private void endReply() {
    PingPongLeg ended = leg;
    CallEnd end;
    boolean reusable =
        pool.keepsConnections()
            && requestRemaining <= 0
            && reader.buffered() == 0
            && (replyKeys == null || !replyKeys.connectionEnds());
    if (reply.type() == ThriftHead.EXCEPTION) {
      Status status = ThriftException.read(exception);
      exception.release();
      exception = null;
      end = new CallEnd(status, null, ended.call().responseHeaders());
      reusable &= !closesAfter(status.number());
    } else {
      end = new CallEnd(Status.OK, ended.call().responseBizStatus(), noTrailers());
    }
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

  private static Headers noTrailers() {
    return new Headers(Headers.Dialect.TTHEADER);
  }

  /**
   * After these a Kitex server closes, which Framed cannot announce (default_server_handler.go).
   */
  private static boolean closesAfter(int exceptionType) {
    return exceptionType == 1 || exceptionType == 7 || exceptionType == 20;
  }

  /** So many bytes of the response have been passed on. */
  void taken(int bytes) {
    window -= bytes;
    share.holds((long) reader.held() + window);
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
    reader.release();
    share.release();
    if (exception != null) {
      exception.release();
      exception = null;
    }
  }
}
