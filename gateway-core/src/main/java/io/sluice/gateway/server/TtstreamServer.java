package io.sluice.gateway.server;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.collection.IntObjectHashMap;
import io.netty.util.collection.IntObjectMap;
import io.sluice.api.Codec;
import io.sluice.api.Protocol;
import io.sluice.api.Status;
import io.sluice.gateway.call.CallEnd;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.call.Peer;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.loop.Closing;
import io.sluice.gateway.loop.Flusher;
import io.sluice.gateway.wire.WireException;
import io.sluice.gateway.wire.ttheader.RequestKeys;
import io.sluice.gateway.wire.ttstream.Frame;
import io.sluice.gateway.wire.ttstream.FrameReader;
import io.sluice.gateway.wire.ttstream.FrameType;
import io.sluice.gateway.wire.ttstream.FrameWriter;
import io.sluice.gateway.wire.ttstream.StreamCodes;
import java.util.ArrayList;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The inbound leg of ttstream: one connection with many streams, each a call. */
final class TtstreamServer extends ChannelInboundHandlerAdapter implements Connection {
  /**
   * Bytes of requests up to which a stream that waits for its time, and is alone, is read on: the
   * beginning of another one may stand behind them. Less than what ends it if it is not alone.
   */
  private static final int PACED_AHEAD = 128 * 1024;

  /** What a connection may hold so that a stream that stands still, and is alone, is read on. */
  private static final int LOOK_AHEAD = 2 << 20;

  private static final Status STOPPING = Status.unavailable("the gateway stops");

  private final ListenerContext listener;
  private final IntObjectMap<TtstreamCall> calls = new IntObjectHashMap<>();
  private ChannelHandlerContext ctx;
  private ConnectionGuard guard;
  private Peer peer;
  private Flusher.Target flushTarget;
  private FrameReader reader;
  private FrameWriter writer;

  /** Streams that have more under way than they may. */
  private int overWindow;

  /** Streams of whose requests something waits for its time. */
  private int waiting;

  /** The HEADER of a stream that may not begin yet. */
  private @Nullable Frame postponed;

  private int frames;
  private boolean reading;

  /** Bytes of requests that are on their way to the downstream, and of the streams' headers. */
  private long underWay;

  private boolean draining;
  private boolean droppedBefore;

  TtstreamServer(ListenerContext listener) {
    this.listener = listener;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    this.ctx = ctx;
    peer = new Peer(ctx.channel().remoteAddress());
    flushTarget = new Flusher.Target(ctx.channel());
    reader = new FrameReader(ctx.alloc(), listener.wireLimits());
    writer = new FrameWriter(ctx.alloc());
    guard = new ConnectionGuard(listener, ctx.channel(), this);
    guard.start();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object msg) {
    guard.read();
    reader.append((ByteBuf) msg);
    drive();
  }

  /** Goes on as far as the frames that are there allow. */
  private void drive() {
    reading = true;
    try {
      while (postponed == null || isWritable()) {
        Frame frame = postponed == null ? reader.read() : postponed;
        postponed = null;
        if (frame == null) {
          break;
        }
        take(frame);
      }
    } catch (WireException e) {
      guard.refuse(e.getMessage());
    }
    reading = false;
    limitReading();
    guard.midFrame(mayRead() && reader.buffered() > 0, frames);
    tellHeld();
  }

  /** A stream begins only when its caller reads the answers that it has. */
  private void take(Frame frame) {
    if (frame.type() == FrameType.HEADER && !isWritable()) {
      postponed = frame;
      return;
    }
    frames++;
    try {
      read(frame);
    } finally {
      frame.payload().release();
    }
  }

  private void dropPostponed() {
    if (postponed != null) {
      postponed.payload().release();
      postponed = null;
    }
  }

  /** Once a read is enough. */
  private void tellHeld() {
    if (!reading && ctx.channel().isActive()) {
      long header = postponed == null ? 0 : postponed.headers().footprint();
      guard.holds(reader.held() + header + underWay + unwritten());
    }
  }

  /** Bytes of answers that the caller does not read. */
  private long unwritten() {
    return isWritable() ? 0 : ctx.channel().bytesBeforeWritable();
  }

  private void read(Frame frame) {
    switch (frame.type()) {
      case HEADER -> open(frame);
      case DATA -> {
        TtstreamCall call = calls.get(frame.streamId());
        if (call != null && !call.isHalfClosed()) {
          call.data(frame.payload().retain());
        }
      }
      case TRAILER -> {
        TtstreamCall call = calls.get(frame.streamId());
        if (call != null && !call.isHalfClosed()) {
          call.halfClose(frame);
        }
      }
      case RST -> {
        TtstreamCall call = calls.remove(frame.streamId());
        if (call != null) {
          call.reset(frame);
          ended();
        }
      }
      // Says nothing to a server.
      case META -> {}
      // Perhaps of a Kitex to come.
      case UNKNOWN -> {
        if (!droppedBefore) {
          droppedBefore = true;
          PeerLog.dropped(listener, ctx.channel(), "a frame of a type that is none");
        }
      }
    }
  }

  private void open(Frame frame) {
    if (calls.containsKey(frame.streamId())) {
      throw new WireException("stream " + frame.streamId() + " opened twice");
    }
    Headers headers = frame.headers();
    RequestKeys keys = RequestKeys.take(headers);
    if (keys.method().isEmpty()) {
      throw new WireException("a stream without a method");
    }
    RpcCall call =
        new RpcCall(
            Protocol.TTSTREAM,
            Codec.THRIFT,
            listener.name(),
            peer,
            "",
            keys.service(),
            keys.method(),
            headers);
    call.caller(keys.caller(), keys.callerMethod());
    call.destination(keys.destination());
    call.cancelName(listener.cancelName());
    call.request().seqId = frame.streamId();
    if (keys.timeoutMillis() > 0) {
      call.timeout(TimeUnit.MILLISECONDS.toNanos(keys.timeoutMillis()), true);
    }
    TtstreamCall stream = new TtstreamCall(this, call);
    if (calls.size() >= listener.limits().maxStreams()) {
      stream.responseEnd(CallEnd.of(call, Status.overLimit("too many streams on this connection")));
      return;
    }
    calls.put(frame.streamId(), stream);
    if (waiting > 0) {
      limitReading();
    }
    stream.begin();
  }

  @Override
  public boolean isBusy() {
    return !calls.isEmpty();
  }

  @Override
  public int openCalls() {
    return calls.size();
  }

  /** Says so to the callers of streams, as far as they read at once. */
  @Override
  public void abort() {
    for (TtstreamCall call : new ArrayList<>(calls.values())) {
      call.end(STOPPING);
    }
    ctx.flush();
    Closing.now(ctx.channel());
  }

  @Override
  public void drain() {
    draining = true;
    if (calls.isEmpty()) {
      guard.close();
    }
  }

  /** One that waits for its time holds up the connection only if nobody else is on it. */
  private boolean mayRead() {
    return postponed == null
        && overWindow == 0
        && (waiting == 0 || calls.size() > 1 || underWay < PACED_AHEAD);
  }

  private void limitReading() {
    boolean read = mayRead();
    if (ctx.channel().config().isAutoRead() != read) {
      ctx.channel().config().setAutoRead(read);
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    if (ctx.channel().isWritable()) {
      for (TtstreamCall call : new ArrayList<>(calls.values())) {
        call.acknowledge();
      }
      if (!reading) {
        drive();
      }
    }
    ctx.fireChannelWritabilityChanged();
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    ArrayList<TtstreamCall> open = new ArrayList<>(calls.values());
    calls.clear();
    dropPostponed();
    reader.release();
    Status lost =
        Status.exception(StreamCodes.CONNECTION_CLOSED, "the caller's connection was lost");
    for (TtstreamCall call : open) {
      call.lost(lost);
    }
    ctx.fireChannelInactive();
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) {
    guard.stop();
    dropPostponed();
    reader.release();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    PeerLog.thrown(listener, ctx.channel(), cause);
    Closing.now(ctx.channel());
  }

  // What the calls of the connection need.

  ListenerContext listener() {
    return listener;
  }

  FrameWriter writer() {
    return writer;
  }

  /** Writes a frame, handed over, which leaves at the end of this turn of the loop. */
  void write(ByteBuf frame) {
    ctx.write(frame);
    listener.loop().flusher().later(flushTarget);
    if (!isWritable()) {
      tellHeld();
    }
  }

  boolean isWritable() {
    return ctx.channel().isWritable();
  }

  /** The connection holds so many bytes more. */
  void holds(int more) {
    underWay += more;
    if (waiting > 0) {
      limitReading();
    }
    tellHeld();
  }

  /** Whether there is one stream only, so that the connection may wait for it. */
  boolean hasOneCall() {
    return calls.size() == 1;
  }

  /** Reads once behind a stream that stands still, as another one may begin there. */
  void lookAhead() {
    long most = Math.min(LOOK_AHEAD, listener.maxBuffered() / 4);
    if (postponed == null && reader.held() + underWay < most) {
      ctx.read();
    }
  }

  /** So many streams more, or less, have more under way than they may. */
  void overWindow(int more) {
    overWindow += more;
    limitReading();
  }

  /** So many streams more, or less, have something of their requests wait for its time. */
  void waiting(int more) {
    waiting += more;
    limitReading();
  }

  /** The end of the call is about to be written. */
  void ends(TtstreamCall call) {
    calls.remove(call.id());
  }

  /** It is written, or nobody wants it. */
  void ended() {
    if (draining) {
      drain();
    }
  }
}
