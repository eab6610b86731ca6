package io.sluice.gateway.server;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.call.Peer;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.loop.Closing;
import io.sluice.gateway.loop.Flusher;
import io.sluice.gateway.loop.Timers;
import io.sluice.gateway.wire.WireException;
import io.sluice.gateway.wire.pingpong.MessageReader;
import io.sluice.gateway.wire.pingpong.MessageWriter;
import io.sluice.gateway.wire.pingpong.PingPongMessage;
import io.sluice.gateway.wire.thrift.ThriftHead;
import io.sluice.gateway.wire.ttheader.RequestKeys;
import io.sluice.gateway.wire.ttheader.TTHeader;
import java.util.ArrayList;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A caller's connection that carries ping-pong calls. Pipelined requests are answered one after
 * another, as a Kitex server does; what is read beyond the current one waits, and beyond a bound is
 * not read. Requests whose TTHeader says that replies may come in any order are multiplexed: each
 * begins at once, and is answered when its answer is there. One without that flag waits until it is
 * alone, and holds up those behind it.
 */
final class PingPongServer extends ChannelInboundHandlerAdapter implements Connection {
  /** Bytes of requests that may be on their way to the downstream. */
  private static final int WINDOW = 256 * 1024;

  /** Bytes of later requests that are read while none of them can begin. */
  private static final int READ_AHEAD = MessageReader.GATHER;

  private final ListenerContext listener;

  private ChannelHandlerContext ctx;
  private ConnectionGuard guard;
  private Peer peer;
  private Flusher.Target flushTarget;
  private MessageReader reader;
  private MessageWriter writer;

  /** Calls stay until their requests have been read and their answers are written. */
  private final ArrayList<PingPongCall> open = new ArrayList<>(1);

  /** For calls that come one after another. */
  private final PingPongCall serial = new PingPongCall(this);

  /** The call whose request is being read, or was read last. */
  private PingPongCall current = serial;

  /** A request that may not begin yet. */
  private @Nullable PingPongMessage waiting;

  private int frames;
  private boolean driving;
  private long headerBytes;
  private long underWay;
  private long gathered;

  /** Whether the answer to the caller's last request can say what is to come. */
  private boolean canBeTold;

  /** Set when the listener goes. */
  private @Nullable Drain drain;

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
    if (drain != null) {
      drain.heard = true;
    }
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
      while (ctx.channel().isActive() && (isMidRequest() ? nextPart() : nextCall())) {}
    } catch (WireException e) {
      guard.refuse(e.getMessage());
    } finally {
      driving = false;
    }
    account();
  }

  /** Whether the request of a call that has begun is still to be read on. */
  private boolean isMidRequest() {
    return waiting == null && reader.isPartDue();
  }

  private boolean nextPart() {
    ByteBuf part = reader.readPart();
    if (part == null) {
      return false;
    }
    current.requestPart(part, !reader.isPartDue());
    closeIfOver(current);
    return true;
  }

  private boolean nextCall() {
    if (!canTakeCall()) {
      return false;
    }
    PingPongMessage message = waiting == null ? reader.readHead() : waiting;
    if (message == null) {
      return false;
    }
    if (message.type() != ThriftHead.CALL && message.type() != ThriftHead.ONEWAY) {
      throw new WireException("message type " + message.type() + " from a caller");
    }
    boolean multiplexed = (message.flags() & TTHeader.FLAG_OUT_OF_ORDER) != 0;
    if (!multiplexed && !open.isEmpty()) {
      waiting = message;
      return false;
    }
    waiting = null;
    frames++;
    canBeTold = message.framing().carriesMetadata();
    CheckedPayload checksum = listener.verifiesChecksums() ? CheckedPayload.of(message) : null;
    RpcCall call = describe(message);
    current = multiplexed ? new PingPongCall(this) : serial;
    current.place(open.size());
    open.add(current);
    headerBytes += call.headers().footprint();
    current.begin(call, multiplexed, checksum, listener.calls());
    return true;
  }

  /**
   * Not beside a call that wants to be answered first, nor while the caller does not read the
   * answers that it has.
   */
  private boolean canTakeCall() {
    boolean others =
        open.isEmpty()
            || open.get(0).isMultiplexed()
                && waiting == null
                && open.size() < listener.limits().maxStreams();
    return others && ctx.channel().isWritable();
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
    described.maxMessage(listener.wireLimits().maxFrame());
    return described;
  }

  // What the connection occupies, and how far it is read.

  /** So many more bytes of requests are on their way. */
  void underWay(int bytes) {
    underWay += bytes;
  }

  /** So many more bytes of replies wait to be whole. */
  void gathered(int bytes) {
    gathered += bytes;
    if (bytes > 0) {
      accountLater();
    }
  }

  /** Looks at the bounds, unless that is about to be done anyway. */
  void accountLater() {
    if (!driving) {
      account();
    }
  }

  private void account() {
    if (!ctx.channel().isActive()) {
      return;
    }
    boolean owed = isMidRequest() || canTakeCall() && reader.buffered() > 0;
    guard.midFrame(owed && underWay < WINDOW, frames);
    guard.holds(reader.held() + waitingBytes() + headerBytes + underWay + gathered + unwritten());
    limitReading();
  }

  private long waitingBytes() {
    return waiting == null || waiting.headers() == null ? 0 : waiting.headers().footprint();
  }

  /** Bytes of answers that the caller does not read. */
  private long unwritten() {
    Channel channel = ctx.channel();
    return channel.isWritable() ? 0 : channel.bytesBeforeWritable();
  }

  /** Stops reading while more than enough is under way, and begins again when it is not. */
  private void limitReading() {
    Channel channel = ctx.channel();
    boolean more = drain == null || !drain.readsNoMore();
    boolean read =
        underWay < WINDOW
            && (isMidRequest() || more && (canTakeCall() || reader.buffered() < READ_AHEAD));
    if (channel.config().isAutoRead() != read) {
      channel.config().setAutoRead(read);
    }
  }

  // What the caller is answered.

  ByteBufAllocator allocator() {
    return ctx.alloc();
  }

  MessageWriter writer() {
    return writer;
  }

  boolean isWritable() {
    return ctx.channel().isWritable();
  }

  /**
   * Writes, and flushes later.
   *
   * @param bytes handed over
   */
  void write(ByteBuf bytes) {
    ctx.write(bytes);
    listener.loop().flusher().later(flushTarget);
  }

  /** The connection cannot go on. */
  void refuse(String why) {
    guard.refuse(why);
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    if (ctx.channel().isWritable()) {
      // Acknowledging may end calls, which then leave the list.
      for (PingPongCall call : open.toArray(PingPongCall[]::new)) {
        call.writable();
      }
    }
    drive();
    ctx.fireChannelWritabilityChanged();
  }

  /** The call has been answered. */
  void ended(PingPongCall call) {
    closeIfOver(call);
    if (!driving) {
      drive();
    }
  }

  /** A call is over when it has ended and all of its request has been read. */
  private void closeIfOver(PingPongCall call) {
    if (call.hasEnded() && !isReading(call) && call.place() >= 0) {
      PingPongCall last = open.remove(open.size() - 1);
      if (last != call) {
        open.set(call.place(), last);
        last.place(call.place());
      }
      call.place(-1);
      headerBytes -= call.headerBytes();
    }
  }

  private boolean isReading(PingPongCall call) {
    return call == current && isMidRequest();
  }

  @Override
  public boolean isBusy() {
    return !open.isEmpty();
  }

  @Override
  public int openCalls() {
    return open.size();
  }

  @Override
  public void abort() {
    Closing.now(ctx.channel());
  }

  @Override
  public void drain() {
    drain = new Drain();
    drain.set();
  }

  /** Whether the answer that is written now is to say that the connection will close. */
  boolean tellsEnd() {
    if (drain == null) {
      return false;
    }
    drain.told = true;
    return true;
  }

  /**
   * Ends the connection without losing what is on its way: closes once nothing has come for a
   * moment, and reads no more of a caller that goes on for long, so as to close after the last
   * answer. A caller that can be told of the end gets more time for a call whose answer tells it:
   * else it could send one just when the connection closes.
   */
  private final class Drain extends Timers.Timer {
    private static final int MAX_TURNS = 20;
    private static final int UNTOLD_TURNS = 10;

    private int turns;
    private int quietTurns;
    private boolean heard;
    private boolean told;

    void set() {
      heard = false;
      listener.loop().timers().set(this, DetectHandler.QUIET_NANOS);
    }

    boolean readsNoMore() {
      return turns > MAX_TURNS;
    }

    @Override
    protected void fire() {
      turns++;
      quietTurns = heard || reader.buffered() > 0 ? 0 : quietTurns + 1;
      boolean quiet = quietTurns >= (canBeTold && !told ? UNTOLD_TURNS : 1);
      if (open.isEmpty() && (quiet || readsNoMore())) {
        guard.close();
        return;
      }
      limitReading();
      set();
    }
  }

  // The connection.

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    PingPongCall unheard = isMidRequest() ? current : null;
    reader.release();
    waiting = null;
    underWay = 0;
    PingPongCall[] lost = open.toArray(PingPongCall[]::new);
    open.clear();
    for (PingPongCall call : lost) {
      call.place(-1);
      call.lost(call != unheard);
    }
    ctx.fireChannelInactive();
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) {
    guard.stop();
    if (drain != null) {
      listener.loop().timers().cancel(drain);
    }
    reader.release();
    open.forEach(PingPongCall::drop);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    PeerLog.thrown(listener, ctx.channel(), cause);
    Closing.now(ctx.channel());
  }
}
