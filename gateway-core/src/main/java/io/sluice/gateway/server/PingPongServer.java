package io.sluice.gateway.server;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.sluice.api.BizStatus;
import io.sluice.api.Protocol;
import io.sluice.api.Status;
import io.sluice.gateway.call.CallEnd;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.call.MessageHead;
import io.sluice.gateway.call.Peer;
import io.sluice.gateway.call.RequestSink;
import io.sluice.gateway.call.ResponseSink;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.loop.Flusher;
import io.sluice.gateway.wire.WireException;
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
 * The inbound leg of ping-pong calls: one connection, one call at a time. Pipelined requests are
 * answered one after another, as a Kitex server does; what is read beyond the current one waits,
 * and beyond a bound is not read.
 */
final class PingPongServer extends ChannelInboundHandlerAdapter
    implements ResponseSink, Connection {
  /** Bytes of a request that may be on their way to the downstream. */
  private static final int WINDOW = 256 * 1024;

  /** Bytes of later requests that are read while a call is open. */
  private static final int READ_AHEAD = MessageReader.GATHER;

  private static final Headers NO_HEADERS = new Headers(Headers.Dialect.TTHEADER);

  private final ListenerContext listener;

  private ChannelHandlerContext ctx;
  private ConnectionGuard guard;
  private Peer peer;
  private Flusher.Target flushTarget;
  private MessageReader reader;
  private MessageWriter writer;

  /** The open call; stays until its request has been read and its answer is written. */
  private @Nullable RpcCall call;

  /** Where the open call's request goes; null once the call has ended. */
  private @Nullable RequestSink request;

  private boolean ended;

  /** The whole reply, held back until the end is certain; most are in one part. */
  private @Nullable ByteBuf wholeReply;

  private int frames;
  private boolean driving;
  private int window;
  private int unacknowledged;

  /** Of the reply to the open call. */
  private boolean replyBegun;

  private long replyRemaining;
  private boolean draining;

  PingPongServer(ListenerContext listener) {
    this.listener = listener;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    this.ctx = ctx;
    peer = new Peer(ctx.channel().remoteAddress());
    flushTarget = new Flusher.Target(ctx.channel());
    reader = new MessageReader(ctx.alloc(), listener.wireLimits());
    writer = new MessageWriter(ctx.alloc());
    guard = new ConnectionGuard(listener, ctx.channel(), this);
    guard.start();
  }

  // What the caller sends.

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object msg) {
    guard.read();
    reader.append((ByteBuf) msg);
    drive();
  }

  /** Goes on as far as the bytes that are there allow. */
  private void drive() {
    if (driving) {
      return;
    }
    driving = true;
    try {
      while (ctx.channel().isActive() && (reader.isPartDue() ? nextPart() : nextCall())) {}
    } catch (WireException e) {
      guard.refuse(e.getMessage());
    } finally {
      driving = false;
    }
    account();
  }

  private void account() {
    boolean owed = reader.isPartDue() || nextCanBegin() && reader.buffered() > 0;
    guard.midFrame(owed && window < WINDOW, frames);
    long header = call == null ? 0 : call.headers().footprint();
    guard.holds(reader.held() + header + window + unwritten());
    limitReading();
  }

  /** Bytes of answers that the caller does not read. */
  private long unwritten() {
    Channel channel = ctx.channel();
    return channel.isWritable() ? 0 : channel.bytesBeforeWritable();
  }

  private boolean nextPart() {
    ByteBuf part = reader.readPart();
    if (part == null) {
      return false;
    }
    boolean last = !reader.isPartDue();
    if (request == null) {
      part.release();
      closeCall();
      return true;
    }
    window += part.readableBytes();
    request.requestData(part, last);
    if (last && request != null) {
      request.requestEnd();
    }
    return true;
  }

  /** Not while a call is open, nor while the caller does not read the answers that it has. */
  private boolean nextCanBegin() {
    return call == null && ctx.channel().isWritable();
  }

  private boolean nextCall() {
    if (!nextCanBegin()) {
      return false;
    }
    PingPongMessage message = reader.readHead();
    if (message == null) {
      return false;
    }
    if (message.type() != ThriftHead.CALL && message.type() != ThriftHead.ONEWAY) {
      throw new WireException("message type " + message.type() + " from a caller");
    }
    frames++;
    RpcCall next = describe(message);
    call = next;
    ended = false;
    replyBegun = false;
    window = 0;
    unacknowledged = 0;
    RequestSink sink = listener.calls().begin(next, this);
    if (!ended) {
      request = sink;
    }
    return true;
  }

  private RpcCall describe(PingPongMessage message) {
    Headers headers = message.headers();
    RpcCall described;
    if (headers == null) {
      described =
          new RpcCall(
              message.framing(),
              message.codec(),
              listener.name(),
              peer,
              "",
              "",
              message.method(),
              new Headers(Headers.Dialect.TTHEADER));
    } else {
      RequestKeys keys = RequestKeys.take(headers);
      described =
          new RpcCall(
              message.framing(),
              message.codec(),
              listener.name(),
              peer,
              "",
              keys.service(),
              message.method(),
              headers);
      described.caller(keys.caller(), keys.callerMethod());
      described.destination(keys.destination());
      if (keys.timeoutMillis() > 0) {
        described.timeout(TimeUnit.MILLISECONDS.toNanos(keys.timeoutMillis()), true);
      }
    }
    message.describe(described.request());
    described.oneway(message.type() == ThriftHead.ONEWAY);
    return described;
  }

  @Override
  public void requestTaken(int bytes) {
    window -= bytes;
    if (!driving) {
      account();
    }
  }

  /** Stops reading while more than enough is under way, and begins again when it is not. */
  private void limitReading() {
    Channel channel = ctx.channel();
    boolean read =
        window < WINDOW && (nextCanBegin() || reader.isPartDue() || reader.buffered() < READ_AHEAD);
    if (channel.config().isAutoRead() != read) {
      channel.config().setAutoRead(read);
    }
  }

  // What the caller is answered.

  @Override
  public void responseHead() {
    // Written with the first part, when the length is certain.
  }

  @Override
  public void responseData(ByteBuf part, boolean endOfMessage) {
    int size = part.readableBytes();
    RpcCall answered = call;
    if (answered.isOneway() || isToldAsException(answered)) {
      part.release();
      acknowledge(size);
      return;
    }
    if (replyBegun) {
      replyRemaining -= size;
      ctx.write(part);
    } else if (endOfMessage && wholeReply == null) {
      wholeReply = part;
      return;
    } else {
      beginReply(answered, part);
    }
    flush();
    if (ctx.channel().isWritable()) {
      acknowledge(size);
    } else {
      unacknowledged += size;
    }
  }

  private void beginReply(RpcCall answered, ByteBuf part) {
    replyBegun = true;
    replyRemaining = answered.response().bodyLength - part.readableBytes();
    try {
      ByteBuf out =
          writer.begin(
              answered.protocol(),
              answered.response(),
              ThriftHead.REPLY,
              answered.method(),
              answered.request().seqId,
              part,
              PingPongServer::replyKeys,
              answered);
      ctx.write(out);
      ByteBuf rest = writer.takeRest();
      if (rest != null) {
        ctx.write(rest);
      }
    } catch (WireException e) {
      guard.refuse("its reply cannot be written: " + e.getMessage());
    }
  }

  /** Framed Thrift has no place for a business status, and hiding it would turn it into success. */
  private static boolean isToldAsException(RpcCall call) {
    return call.protocol() == Protocol.FRAMED
        && call.responseBizStatus() != null
        && !call.hidesBizStatus();
  }

  private void acknowledge(int bytes) {
    if (request != null) {
      request.responseTaken(bytes);
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    if (ctx.channel().isWritable() && unacknowledged > 0) {
      int bytes = unacknowledged;
      unacknowledged = 0;
      acknowledge(bytes);
    }
    drive();
    ctx.fireChannelWritabilityChanged();
  }

  @Override
  public void responseEnd(CallEnd end) {
    request = null;
    ended = true;
    window = 0;
    RpcCall answered = call;
    ByteBuf whole = wholeReply;
    wholeReply = null;
    if (whole != null && end.status().isOk()) {
      beginReply(answered, whole);
      flush();
    } else if (whole != null) {
      // A filter has changed its mind about the reply.
      whole.release();
    }
    if (answered.isOneway()) {
      // Nothing is answered, whatever became of it.
    } else if (replyBegun) {
      if (replyRemaining > 0) {
        guard.refuse("a reply broke off: " + end.status().text());
        return;
      }
    } else if (isToldAsException(answered) && end.status().isOk()) {
      BizStatus biz = answered.responseBizStatus();
      writeException(
          answered,
          Status.exception(6, "biz error: code=" + biz.code() + ", msg=" + biz.message()),
          NO_HEADERS);
    } else if (end.status().isOk()) {
      writeException(answered, Status.internal("the downstream ended without a reply"), NO_HEADERS);
    } else {
      writeException(answered, end.status(), end.rawTrailers());
    }
    closeCall();
    if (!driving) {
      drive();
    }
  }

  private void writeException(RpcCall answered, Status status, Headers trailers) {
    ByteBuf body = ctx.alloc().ioBuffer(64 + status.text().length());
    ThriftException.write(body, status);
    MessageHead head = new MessageHead();
    head.replacedBy(body.readableBytes());
    try {
      ByteBuf out =
          writer.begin(
              answered.protocol(),
              head,
              ThriftHead.EXCEPTION,
              answered.method(),
              answered.request().seqId,
              body,
              PingPongServer::exceptionKeys,
              trailers);
      ctx.write(out);
      ByteBuf rest = writer.takeRest();
      if (rest != null) {
        ctx.write(rest);
      }
      flush();
    } catch (WireException e) {
      guard.refuse("its error cannot be written: " + e.getMessage());
    }
  }

  private static void replyKeys(TTHeaderWriter out, RpcCall call) {
    Headers headers = call.responseHeaders();
    MessageHead head = call.response();
    boolean unchanged =
        head.headAhead > 0
            && head.lengthAhead == (call.protocol() != Protocol.TTHEADER)
            && head.seqId == call.request().seqId;
    ReplyKeys.write(out, call.responseBizStatus());
    RequestKeys.writeRest(out, headers, unchanged, TTHeaderKeys.MESSAGE_TYPE);
    out.integer(TTHeaderKeys.MESSAGE_TYPE, "2");
  }

  private static void exceptionKeys(TTHeaderWriter out, Headers trailers) {
    RequestKeys.writeRest(out, trailers, false, TTHeaderKeys.MESSAGE_TYPE);
    out.integer(TTHeaderKeys.MESSAGE_TYPE, "3");
  }

  private void flush() {
    listener.loop().flusher().later(flushTarget);
  }

  /** The call is over when it has ended and all of its request has been read. */
  private void closeCall() {
    if (ended && !reader.isPartDue()) {
      call = null;
      if (draining) {
        drain();
      }
    }
  }

  @Override
  public boolean isBusy() {
    return call != null;
  }

  /** Answers what it has read of, then closes. */
  @Override
  public void drain() {
    draining = true;
    if (call == null && reader.buffered() == 0) {
      guard.close();
    }
  }

  // The connection.

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    RequestSink open = request;
    request = null;
    ended = true;
    window = 0;
    boolean whole = !reader.isPartDue();
    reader.release();
    releaseReply();
    if (open != null && !(whole && call.isOneway())) {
      // A oneway that was heard to its end goes on: its caller may well hang up at once.
      open.requestCancel(Status.cancelled("the caller's connection was lost"));
    }
    ctx.fireChannelInactive();
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) {
    guard.stop();
    reader.release();
    releaseReply();
  }

  private void releaseReply() {
    if (wholeReply != null) {
      wholeReply.release();
      wholeReply = null;
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    PeerLog.thrown(listener, ctx.channel(), cause);
    ctx.close();
  }
}
