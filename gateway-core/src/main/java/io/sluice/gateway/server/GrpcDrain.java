package io.sluice.gateway.server;

import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.DefaultHttp2GoAwayFrame;
import io.netty.handler.codec.http2.DefaultHttp2PingFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.sluice.gateway.loop.Timers;
import java.util.concurrent.TimeUnit;

/**
 * Tells a caller to go, as Kitex's servers do and in two steps, so that no stream is lost that was
 * opened before the caller knew:
 *
 * <pre>
 *   gateway  GOAWAY(2^31-1) PING ────────────▶ caller
 *            ◀──────── new streams, served ───
 *            ◀─────────────────── PING ACK ───
 *            GOAWAY(last stream) ────────────▶
 * </pre>
 */
final class GrpcDrain extends Timers.Timer {
  /** The code with which Kitex resets streams that outlast its grace. */
  static final long GRACEFUL_SHUTDOWN = 1000;

  private static final long PING = 0x0106010800030309L;

  /** A caller who does not answer the ping in this time gets the last word all the same. */
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(2);

  private final ListenerContext listener;
  private final ChannelHandlerContext ctx;
  private final Runnable toldLast;
  private boolean begun;
  private boolean complete;

  /**
   * @param toldLast run when the caller opens no more streams
   */
  GrpcDrain(ListenerContext listener, ChannelHandlerContext ctx, Runnable toldLast) {
    this.listener = listener;
    this.ctx = ctx;
    this.toldLast = toldLast;
  }

  void begin() {
    if (begun) {
      return;
    }
    begun = true;
    DefaultHttp2GoAwayFrame soon =
        new DefaultHttp2GoAwayFrame(
            Http2Error.NO_ERROR, ByteBufUtil.writeAscii(ctx.alloc(), "graceful shutdown"));
    soon.setExtraStreamIds(Integer.MAX_VALUE);
    ctx.write(soon);
    ctx.write(new DefaultHttp2PingFrame(PING));
    ctx.flush();
    listener.loop().timers().set(this, PATIENCE_NANOS);
  }

  /** The caller has answered a ping. */
  void acknowledged(long content) {
    if (begun && content == PING) {
      fire();
    }
  }

  /** Whether the caller has been told the last stream that is served. */
  boolean isComplete() {
    return complete;
  }

  void stop() {
    listener.loop().timers().cancel(this);
  }

  @Override
  protected void fire() {
    if (!complete) {
      complete = true;
      stop();
      ctx.write(new DefaultHttp2GoAwayFrame(Http2Error.NO_ERROR));
      ctx.flush();
      toldLast.run();
    }
  }
}
