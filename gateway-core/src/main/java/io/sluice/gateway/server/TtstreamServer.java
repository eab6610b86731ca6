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
import io.sluice.gateway.call.RequestSink;
import io.sluice.gateway.call.ResponseSink;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.loop.Closing;
import io.sluice.gateway.loop.Flusher;
import io.sluice.gateway.loop.Timers;
import io.sluice.gateway.wire.WireException;
import io.sluice.gateway.wire.ttheader.RequestKeys;
import io.sluice.gateway.wire.ttstream.Frame;
import io.sluice.gateway.wire.ttstream.FrameReader;
import io.sluice.gateway.wire.ttstream.FrameWriter;
import io.sluice.gateway.wire.ttstream.StreamCodes;
import java.util.ArrayList;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The inbound leg of ttstream: one connection with many streams, each a call. */
final class TtstreamServer extends ChannelInboundHandlerAdapter implements Connection {
  /**
   * Bytes of a stream's requests that may be on their way to the downstream. The wire has no flow
   * control, so all streams of the connection wait for one that is beyond it.
   */
  private static final int WINDOW = 1 << 20;

  private static final long STALL_NANOS = TimeUnit.SECONDS.toNanos(5);

  private final ListenerContext listener;
  private final IntObjectMap<Stream> streams = new IntObjectHashMap<>();
  private ChannelHandlerContext ctx;
  private ConnectionGuard guard;
  private Peer peer;
  private Flusher.Target flushTarget;
  private FrameReader reader;
  private FrameWriter writer;
  private int overWindow;
  private int frames;

  /** Bytes of requests that are on their way to the downstream, and of the streams' headers. */
  private long underWay;

  private boolean draining;

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
    try {
      for (Frame frame = reader.read(); frame != null; frame = reader.read()) {
        frames++;
        try {
          read(frame);
        } finally {
          frame.payload().release();
        }
      }
    } catch (WireException e) {
      guard.refuse(e.getMessage());
    }
    guard.midFrame(overWindow == 0 && reader.buffered() > 0, frames);
    guard.holds(reader.held() + underWay);
  }

  private void read(Frame frame) {
    switch (frame.type()) {
      case HEADER -> open(frame);
      case DATA -> {
        Stream stream = streams.get(frame.streamId());
        if (stream != null && !stream.halfClosed) {
          stream.data(frame.payload().retain());
        }
      }
      case TRAILER -> {
        Stream stream = streams.get(frame.streamId());
        if (stream != null && !stream.halfClosed) {
          stream.halfClosed = true;
          stream.request.requestEnd();
        }
      }
      case RST -> {
        Status why = StreamCodes.read(frame.payload());
        Stream stream = streams.remove(frame.streamId());
        if (stream != null) {
          RpcCall call = stream.call;
          int path = frame.headers().find("ttscp");
          call.cancelPath(path < 0 ? "" : frame.headers().value(path));
          stream.forget();
          stream.request.requestCancel(why);
        }
      }
      // Frames of a proxy, or of a Kitex to come: nothing here waits for them.
      case META, UNKNOWN ->
          PeerLog.gone(listener, ctx.channel(), "frame of type " + frame.type() + " dropped");
    }
  }

  private void open(Frame frame) {
    if (streams.containsKey(frame.streamId())) {
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
    call.request().seqId = frame.streamId();
    if (keys.timeoutMillis() > 0) {
      call.timeout(TimeUnit.MILLISECONDS.toNanos(keys.timeoutMillis()), true);
    }
    Stream stream = new Stream(call);
    if (streams.size() >= listener.limits().maxStreams()) {
      stream.responseEnd(CallEnd.of(call, Status.overLimit("too many streams on this connection")));
      return;
    }
    streams.put(frame.streamId(), stream);
    RequestSink sink = listener.calls().begin(call, stream);
    stream.request = sink;
  }

  @Override
  public boolean isBusy() {
    return !streams.isEmpty();
  }

  @Override
  public int openCalls() {
    return streams.size();
  }

  @Override
  public void abort() {
    Closing.now(ctx.channel());
  }

  @Override
  public void drain() {
    draining = true;
    if (streams.isEmpty()) {
      guard.close();
    }
  }

  private void limitReading() {
    boolean read = overWindow == 0;
    if (ctx.channel().config().isAutoRead() != read) {
      ctx.channel().config().setAutoRead(read);
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    if (ctx.channel().isWritable()) {
      for (Stream stream : new ArrayList<>(streams.values())) {
        stream.acknowledge();
      }
    }
    ctx.fireChannelWritabilityChanged();
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    ArrayList<Stream> open = new ArrayList<>(streams.values());
    streams.clear();
    reader.release();
    Status lost =
        Status.exception(StreamCodes.CONNECTION_CLOSED, "the caller's connection was lost");
    for (Stream stream : open) {
      stream.stall.cancel();
      if (stream.request != null) {
        stream.request.requestCancel(lost);
      }
    }
    ctx.fireChannelInactive();
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) {
    guard.stop();
    reader.release();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    PeerLog.thrown(listener, ctx.channel(), cause);
    ctx.close();
  }

  /** One stream of the connection. */
  private final class Stream implements ResponseSink {
    private final RpcCall call;
    private final int id;
    private final int headerBytes;
    private @Nullable RequestSink request;
    private final Stall stall = new Stall(this);
    private boolean headerSent;
    private boolean halfClosed;
    private int window;
    private int unacknowledged;

    Stream(RpcCall call) {
      this.call = call;
      this.id = call.request().seqId;
      this.headerBytes = call.headers().footprint();
      underWay += headerBytes;
    }

    void data(ByteBuf payload) {
      boolean within = window < WINDOW;
      window += payload.readableBytes();
      underWay += payload.readableBytes();
      if (within && window >= WINDOW) {
        overWindow++;
        stall.set();
        limitReading();
      }
      request.requestData(payload, true);
    }

    @Override
    public void requestTaken(int bytes) {
      boolean over = window >= WINDOW;
      window -= bytes;
      underWay -= bytes;
      if (over && window < WINDOW) {
        overWindow--;
        stall.cancel();
        limitReading();
      }
    }

    @Override
    public void responseHead() {
      headerSent = true;
      try {
        write(writer.header(id, call.method(), call.responseHeaders()));
      } catch (WireException e) {
        guard.refuse("a stream's header cannot be written: " + e.getMessage());
      }
    }

    @Override
    public void responseData(ByteBuf part, boolean endOfMessage) {
      unacknowledged += part.readableBytes();
      write(writer.data(id, call.method(), part));
      if (ctx.channel().isWritable()) {
        acknowledge();
      }
    }

    void acknowledge() {
      int bytes = unacknowledged;
      unacknowledged = 0;
      if (bytes > 0 && request != null) {
        request.responseTaken(bytes);
      }
    }

    @Override
    public void responseEnd(CallEnd end) {
      streams.remove(id);
      forget();
      try {
        if (!headerSent) {
          write(writer.header(id, call.method(), new Headers(Headers.Dialect.TTHEADER)));
        }
        write(writer.trailer(id, call.method(), end.status(), end.bizStatus(), end.rawTrailers()));
      } catch (WireException e) {
        guard.refuse("a stream's trailer cannot be written: " + e.getMessage());
      }
      if (draining) {
        drain();
      }
    }

    /** What is still under way of it holds up nobody any more. */
    void forget() {
      boolean over = window >= WINDOW;
      underWay -= window + headerBytes;
      window = 0;
      if (over) {
        overWindow--;
        stall.cancel();
        limitReading();
      }
    }

    private void write(ByteBuf frame) {
      ctx.write(frame);
      listener.loop().flusher().later(flushTarget);
    }
  }

  /**
   * Ends a stream whose downstream does not read while other streams of the connection have to wait
   * for it; alone on its connection a stream may wait.
   */
  private final class Stall extends Timers.Timer {
    private final Stream stream;

    Stall(Stream stream) {
      this.stream = stream;
    }

    void set() {
      listener.loop().timers().set(this, STALL_NANOS);
    }

    void cancel() {
      listener.loop().timers().cancel(this);
    }

    @Override
    protected void fire() {
      if (streams.size() == 1) {
        set();
        return;
      }
      Status slow = Status.overLimit("the downstream does not read its stream");
      RequestSink request = stream.request;
      stream.responseEnd(CallEnd.of(stream.call, slow));
      request.requestCancel(slow);
    }
  }
}
