package io.sluice.gateway.client;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.sluice.api.Status;
import io.sluice.gateway.call.CallEnd;
import io.sluice.gateway.wire.WireException;
import io.sluice.gateway.wire.pingpong.PingPongMessage;
import io.sluice.gateway.wire.ttheader.TTHeader;
import org.jspecify.annotations.Nullable;

/**
 * A TTHeader connection to a downstream that carries many ping-pong calls at once ({@code
 * netpollmux/client_handler.go}). Requests are written whole; replies come in any order, and are
 * matched by their sequence ids. A reply that is not right fails its own call only, one that nobody
 * waits for is counted and skipped, and the connection is closed when the bytes are no messages any
 * more.
 */
final class MuxConnection extends NumberedConnection<MuxConnection, MuxLeg> {
  /** A reply of which so much waits is given up, so that the others go on. */
  private static final int CALL_BOUND = 8 << 20;

  private RequestWriter writer;
  private ReplyReader replies;

  /** The call whose reply is being read; null if it is nobody's, or if none is. */
  private @Nullable MuxLeg current;

  /** Whether what comes is for the caller; else it is gathered as an exception. */
  private boolean isData;

  MuxConnection(SharedPool<MuxConnection> pool, ClusterClient cluster) {
    super(pool, cluster);
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    writer = new RequestWriter(ctx, config(), TTHeader.FLAG_OUT_OF_ORDER);
    replies = new ReplyReader(ctx.alloc(), config());
    super.handlerAdded(ctx);
  }

  @Override
  MuxConnection self() {
    return this;
  }

  @Override
  int maxCalls() {
    return config().transport().maxInFlight();
  }

  @Override
  int callBound() {
    return CALL_BOUND;
  }

  /** The others are short calls, which had better not wait. */
  @Override
  long stallNanos() {
    return 0;
  }

  /** Not while the downstream does not take what has been written. */
  @Override
  public boolean hasRoom() {
    return super.hasRoom() && isWritable();
  }

  @Override
  long held() {
    return replies.held();
  }

  @Override
  void release() {
    replies.release();
    current = null;
  }

  // What goes to the downstream.

  void open(MuxLeg leg) {
    leg.id(nextId());
    add(leg);
  }

  /** Writes a request, of which the part is the whole. */
  void write(MuxLeg leg, ByteBuf part) {
    try {
      writer.begin(leg.call(), leg.id(), part);
    } catch (WireException e) {
      finish(leg, CallEnd.of(leg.call(), Status.untranslatable(e.getMessage())));
      return;
    }
    flush();
    if (leg.call().isOneway()) {
      // Should it be answered all the same, nobody is there with this number.
      finish(leg, CallEnd.of(leg.call(), Status.OK));
    } else if (isWritable()) {
      leg.acknowledge();
    }
  }

  /** The number is forgotten; the downstream cannot be told. */
  @Override
  void writeCancel(MuxLeg leg, Status why) {
    if (leg == current) {
      skip();
    }
  }

  // What comes from it.

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object msg) {
    replies.append((ByteBuf) msg);
    try {
      while (read()) {}
    } catch (WireException e) {
      fail("default codec read failed: " + e.getMessage());
    }
    readOver();
  }

  /** Reads a head or a part; whether there was one. */
  private boolean read() {
    if (!replies.isOpen()) {
      PingPongMessage head = replies.readHead();
      if (head == null) {
        return false;
      }
      begin(head);
    }
    ByteBuf part;
    try {
      part = replies.readPart();
    } catch (WireException e) {
      unsound(e);
      return true;
    }
    if (part == null) {
      return false;
    }
    boolean last = !replies.isPartDue();
    if (current == null) {
      part.release();
    } else if (isData) {
      pass(current, part, last);
      if (current != null && current.isOver()) {
        skip();
      }
    } else {
      gather(part);
    }
    if (last && replies.isOpen()) {
      end();
    }
    return true;
  }

  private void begin(PingPongMessage head) {
    MuxLeg leg = leg(head.callId());
    if (leg == null || !leg.isAsked()) {
      unasked();
      return;
    }
    current = leg;
    leg.firstByteCame();
    try {
      isData = replies.begin(leg.call(), leg.id());
      if (!head.framing().carriesMetadata()) {
        throw new WireException("a reply without a TTHeader");
      }
    } catch (WireException e) {
      wrong(e);
      return;
    }
    if (isData) {
      leg.response().responseHead();
    }
  }

  private void gather(ByteBuf part) {
    try {
      replies.gather(part);
    } catch (WireException e) {
      wrong(e);
    }
  }

  /** The reply being read is not one to its call; the bytes are messages all the same. */
  private void wrong(WireException why) {
    MuxLeg leg = current;
    skip();
    finish(
        leg,
        CallEnd.of(
            leg.call(), Status.unavailable("default codec read failed: " + why.getMessage())));
  }

  /** A whole reply whose checksum is wrong; who knows what the connection does to the next. */
  private void unsound(WireException why) {
    drain();
    replies.forget();
    if (current != null) {
      wrong(why);
    }
  }

  /** What follows of the reply is nobody's. */
  private void skip() {
    current = null;
    replies.dropException();
  }

  private void end() {
    MuxLeg leg = current;
    current = null;
    CallEnd end = leg == null ? null : replies.end(leg.call());
    replies.forget();
    if (replies.connectionEnds()) {
      drain();
    }
    if (leg != null) {
      finish(leg, end);
    }
  }
}
