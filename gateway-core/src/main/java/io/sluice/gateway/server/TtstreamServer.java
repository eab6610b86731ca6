package io.sluice.gateway.server;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.collection.IntObjectHashMap;
import io.netty.util.collection.IntObjectMap;
import io.sluice.api.Codec;
import io.sluice.api.Protocol;
import io.sluice.api.Status;
import io.sluice.gateway.call.Aside;
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
import io.sluice.gateway.wire.thrift.ThriftException;
import io.sluice.gateway.wire.ttheader.RequestKeys;
import io.sluice.gateway.wire.ttstream.Frame;
import io.sluice.gateway.wire.ttstream.FrameReader;
import io.sluice.gateway.wire.ttstream.FrameType;
import io.sluice.gateway.wire.ttstream.FrameWriter;
import io.sluice.gateway.wire.ttstream.StreamCodes;
import io.sluice.gateway.wire.ttstream.Trailers;
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

  private static final Status STOPPING = Status.unavailable("the gateway stops");
  private static final Status SLOW = Status.overLimit("the downstream does not read its stream");

  private final ListenerContext listener;
  private final IntObjectMap<Stream> streams = new IntObjectHashMap<>();
  private ChannelHandlerContext ctx;
  private ConnectionGuard guard;
  private Peer peer;
  private Flusher.Target flushTarget;
  private FrameReader reader;
  private FrameWriter writer;
  private int overWindow;

  /** Streams of whose requests something waits for its time. */
  private int waiting;

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
    reading = true;
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
    reading = false;
    guard.midFrame(mayRead() && reader.buffered() > 0, frames);
    tellHeld();
  }

  /** Once a read is enough. */
  private void tellHeld() {
    if (!reading) {
      guard.holds(reader.held() + underWay);
    }
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
          stream.halfClose(frame);
        }
      }
      case RST -> {
        Stream stream = streams.remove(frame.streamId());
        if (stream != null) {
          stream.call.cancelPath(StreamCodes.path(frame.headers()));
          stream.forget();
          stream.request.requestCancel(StreamCodes.read(frame.payload()));
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
    call.cancelName(listener.cancelName());
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
    if (waiting > 0) {
      limitReading();
    }
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

  /** Says so to the callers of streams, as far as they read at once. */
  @Override
  public void abort() {
    for (Stream stream : new ArrayList<>(streams.values())) {
      stream.end(STOPPING);
    }
    ctx.flush();
    Closing.now(ctx.channel());
  }

  @Override
  public void drain() {
    draining = true;
    if (streams.isEmpty()) {
      guard.close();
    }
  }

  /** One that waits for its time holds up the connection only if nobody else is on it. */
  private boolean mayRead() {
    return overWindow == 0 && (waiting == 0 || streams.size() > 1);
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
      listener.loop().timers().cancel(stream);
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

  /**
   * One stream of the connection. Its timer ends it when its downstream does not read while other
   * streams of the connection have to wait for it; alone on its connection it may wait.
   */
  private final class Stream extends Timers.Timer implements ResponseSink {
    private final RpcCall call;
    private final int id;
    private final int headerBytes;
    private @Nullable RequestSink request;
    private boolean headerSent;
    private boolean halfClosed;

    /** What has come of the request waits for its time. */
    private boolean waits;

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
        watch();
        limitReading();
      }
      request.requestData(payload, true);
    }

    void halfClose(Frame frame) {
      halfClosed = true;
      CallEnd trailer = Trailers.read(frame);
      frame.headers().removeIf(FrameType::isOfEveryFrame);
      if (!trailer.status().isOk()
          || trailer.bizStatus() != null
          || trailer.rawTrailers().count() > 0) {
        call.requestTrailer(trailer);
      }
      request.requestEnd();
    }

    @Override
    public void requestTaken(int bytes) {
      boolean over = window >= WINDOW;
      window -= bytes;
      underWay -= bytes;
      if (over && window < WINDOW) {
        notOver();
      }
      tellHeld();
    }

    @Override
    public boolean requestWaits() {
      if (!waits) {
        waits = true;
        waiting++;
      }
      limitReading();
      return streams.size() == 1;
    }

    @Override
    public void requestGoesOn() {
      if (waits) {
        waits = false;
        waiting--;
        limitReading();
      }
    }

    private void notOver() {
      overWindow--;
      listener.loop().timers().cancel(this);
      limitReading();
    }

    private void watch() {
      listener.loop().timers().set(this, listener.limits().stallTimeout().toNanos());
    }

    @Override
    protected void fire() {
      if (streams.size() == 1) {
        watch();
      } else {
        end(SLOW);
      }
    }

    /** Ends it for both sides. */
    void end(Status why) {
      RequestSink outbound = request;
      responseEnd(CallEnd.of(call, why));
      outbound.requestCancel(why);
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

    @Override
    public void responseAside(Aside aside) {
      unacknowledged += aside.size();
      try {
        write(writer.meta(id, call.method(), aside));
      } catch (WireException e) {
        guard.refuse("what is said beside a stream cannot be written: " + e.getMessage());
      }
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
        if (end.isReset() && !end.status().isOk()) {
          writeReset(end);
        } else {
          writeTrailer(end);
        }
      } catch (WireException e) {
        guard.refuse("a stream's trailer cannot be written: " + e.getMessage());
      }
      if (draining) {
        drain();
      }
    }

    private void writeReset(CallEnd end) {
      int type = ThriftException.type(end.status());
      String path = 
          StreamCodes.pathFromHere(StreamCodes.path(end.rawTrailers()), listener.cancelName());
      write(writer.reset(id, call.method(), type, end.status().text(), path));
    }

    private void writeTrailer(CallEnd end) {
      if (!headerSent) {
        write(writer.header(id, call.method(), new Headers(Headers.Dialect.TTHEADER)));
      }
      write(writer.trailer(id, call.method(), end.status(), end.bizStatus(), end.rawTrailers()));
    }

    /** What is still under way of it holds up nobody any more. */
    void forget() {
      boolean over = window >= WINDOW;
      underWay -= window + headerBytes;
      window = 0;
      if (over) {
        notOver();
      }
      requestGoesOn();
      tellHeld();
    }

    private void write(ByteBuf frame) {
      ctx.write(frame);
      listener.loop().flusher().later(flushTarget);
    }
  }
}
