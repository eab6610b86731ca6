package io.sluice.gateway.server;

import io.netty.buffer.ByteBuf;
import io.sluice.api.Status;
import io.sluice.gateway.call.Aside;
import io.sluice.gateway.call.BegunCall;
import io.sluice.gateway.call.CallEnd;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.call.ResponseSink;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.call.Weight;
import io.sluice.gateway.loop.Timers;
import io.sluice.gateway.wire.WireException;
import io.sluice.gateway.wire.thrift.ThriftException;
import io.sluice.gateway.wire.ttstream.Frame;
import io.sluice.gateway.wire.ttstream.FrameType;
import io.sluice.gateway.wire.ttstream.StreamCodes;
import io.sluice.gateway.wire.ttstream.Trailers;
import org.jspecify.annotations.Nullable;

/**
 * One stream of a caller's ttstream connection: a call. Its timer ends it when its downstream does
 * not read while other streams of the connection have to wait for it; alone on its connection it
 * may wait.
 */
final class TtstreamCall extends Timers.Timer implements ResponseSink {
  /**
   * Bytes of a stream's requests that may be on their way to the downstream. The wire has no flow
   * control, so all streams of the connection wait for one that is beyond it.
   */
  private static final int WINDOW = 1 << 20;

  private static final Status SLOW = Status.overLimit("the downstream does not read its stream");

  private final TtstreamServer server;
  private final RpcCall call;
  private final int id;
  private final int headerBytes;
  private @Nullable BegunCall request;
  private boolean headerSent;
  private boolean halfClosed;

  /** Why it is to end as soon as it has begun; else null. */
  private @Nullable Status endedFor;

  /** What has come of the request waits for its time. */
  private boolean waits;

  private int window;
  private int unacknowledged;

  TtstreamCall(TtstreamServer server, RpcCall call) {
    this.server = server;
    this.call = call;
    this.id = call.request().seqId;
    this.headerBytes = call.headers().footprint();
    call.maxMessage(server.listener().wireLimits().maxFrame());
    server.holds(headerBytes);
  }

  int id() {
    return id;
  }

  boolean isHalfClosed() {
    return halfClosed;
  }

  /** Hands the call on; it may have ended when this returns. */
  void begin() {
    request = server.listener().calls().begin(call, this);
    if (endedFor != null) {
      request.end(endedFor);
    }
  }

  /**
   * A message of the request.
   *
   * @param payload handed over
   */
  void data(ByteBuf payload) {
    int weight = Weight.of(payload, true);
    boolean within = window < WINDOW;
    window += weight;
    server.holds(weight);
    if (within && window >= WINDOW) {
      watch();
      server.overWindow(1);
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

  /** The caller has given it up; it is no longer among the server's calls. */
  void reset(Frame frame) {
    call.cancelPath(StreamCodes.path(frame.headers()));
    forget();
    request.requestCancel(StreamCodes.read(frame.payload()));
  }

  /** The caller has gone, and with it the connection. */
  void lost(Status why) {
    server.listener().loop().timers().cancel(this);
    if (request != null) {
      request.requestCancel(why);
    }
  }

  @Override
  public void requestTaken(int bytes) {
    boolean over = window >= WINDOW;
    window -= bytes;
    server.holds(-bytes);
    if (over && window < WINDOW) {
      notOver();
    }
  }

  @Override
  public boolean requestWaits() {
    server.waiting(waits ? 0 : 1);
    waits = true;
    return server.hasOneCall();
  }

  @Override
  public void requestGoesOn() {
    if (waits) {
      waits = false;
      server.waiting(-1);
    }
  }

  private void notOver() {
    server.listener().loop().timers().cancel(this);
    server.overWindow(-1);
  }

  private void watch() {
    long nanos = server.listener().limits().stallTimeout().toNanos();
    server.listener().loop().timers().set(this, nanos);
  }

  @Override
  protected void fire() {
    if (server.hasOneCall()) {
      server.lookAhead();
      watch();
    } else {
      end(SLOW);
    }
  }

  /** Ends it for both sides. */
  void end(Status why) {
    if (request == null) {
      endedFor = why;
    } else {
      request.end(why);
    }
  }

  @Override
  public void responseHead() {
    if (endedFor != null) {
      return;
    }
    try {
      server.write(server.writer().header(id, call.method(), call.responseHeaders()));
      headerSent = true;
    } catch (WireException e) {
      end(Status.untranslatable(e.getMessage()));
    }
  }

  @Override
  public void responseData(ByteBuf part, boolean endOfMessage) {
    if (endedFor != null) {
      part.release();
      return;
    }
    unacknowledged += Weight.of(part, endOfMessage);
    server.write(server.writer().data(id, call.method(), part));
    if (server.isWritable()) {
      acknowledge();
    }
  }

  @Override
  public void responseAside(Aside aside) {
    if (endedFor != null) {
      aside.payload().release();
      return;
    }
    unacknowledged += aside.size();
    try {
      server.write(server.writer().meta(id, call.method(), aside));
    } catch (WireException e) {
      end(Status.untranslatable(e.getMessage()));
      return;
    }
    if (server.isWritable()) {
      acknowledge();
    }
  }

  /** What was written has left, or may be taken as if. */
  void acknowledge() {
    int bytes = unacknowledged;
    unacknowledged = 0;
    if (bytes > 0 && request != null) {
      request.responseTaken(bytes);
    }
  }

  @Override
  public void responseEnd(CallEnd end) {
    server.ends(this);
    forget();
    try {
      if (end.isReset() && !end.status().isOk()) {
        writeReset(end);
      } else {
        writeTrailer(end);
      }
    } catch (WireException e) {
      Status status = end.status();
      writeTrailer(
          CallEnd.of(call, status.isOk() ? Status.untranslatable(e.getMessage()) : status));
    }
    server.ended();
  }

  private void writeReset(CallEnd end) {
    int type = ThriftException.type(end.status());
    String path =
        StreamCodes.pathFromHere(
            StreamCodes.path(end.rawTrailers()), server.listener().cancelName());
    server.write(server.writer().reset(id, call.method(), type, end.status().text(), path));
  }

  private void writeTrailer(CallEnd end) {
    if (!headerSent) {
      server.write(
          server.writer().header(id, call.method(), new Headers(Headers.Dialect.TTHEADER)));
      headerSent = true;
    }
    server.write(
        server
            .writer()
            .trailer(id, call.method(), end.status(), end.bizStatus(), end.rawTrailers()));
  }

  /** What is still under way of it holds up nobody any more. */
  private void forget() {
    boolean over = window >= WINDOW;
    int held = window + headerBytes;
    window = 0;
    if (over) {
      notOver();
    }
    requestGoesOn();
    server.holds(-held);
  }
}
