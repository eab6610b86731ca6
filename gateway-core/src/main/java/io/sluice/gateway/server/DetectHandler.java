package io.sluice.gateway.server;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.sluice.gateway.loop.Closing;
import io.sluice.gateway.loop.Limit;
import io.sluice.gateway.loop.Timers;
import io.sluice.gateway.wire.Cumulation;
import io.sluice.gateway.wire.Detector;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Waits for the first 8 bytes of a connection, then puts the protocol's own handlers in its place
 * and gives them these bytes.
 */
final class DetectHandler extends ChannelInboundHandlerAdapter implements Connection {
  /** How long a connection must have been silent to be closed when its listener goes. */
  static final long QUIET_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final ListenerContext listener;
  private ChannelHandlerContext ctx;
  private @Nullable ByteBuf first;
  private final Timers.Timer timer = new Patience();
  private boolean draining;

  DetectHandler(ListenerContext listener) {
    this.listener = listener;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    this.ctx = ctx;
    listener.loop().timers().set(timer, listener.limits().firstBytesTimeout().toNanos());
    listener.opened(this);
  }

  @Override
  public boolean isBusy() {
    return false;
  }

  @Override
  public int openCalls() {
    return 0;
  }

  /** A first call that is just arriving is still served. */
  @Override
  public void drain() {
    draining = true;
    listener.loop().timers().set(timer, QUIET_NANOS);
  }

  @Override
  public void abort() {
    Closing.now(ctx.channel());
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object msg) {
    ByteBuf more = (ByteBuf) msg;
    first = Cumulation.add(ctx.alloc(), first, more);
    if (first.readableBytes() < Detector.BYTES) {
      return;
    }
    ByteBuf bytes = first;
    first = null;
    switch (Detector.detect(bytes)) {
      case HTTP2 -> GrpcServer.install(ctx, listener);
      case TTSTREAM ->
          ctx.pipeline().addAfter(ctx.name(), "ttstream", new TtstreamServer(listener));
      case PING_PONG ->
          ctx.pipeline().addAfter(ctx.name(), "ping-pong", new PingPongServer(listener));
    }
    ctx.fireChannelRead(bytes);
    ctx.pipeline().remove(this);
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) {
    listener.closed(this);
    listener.loop().timers().cancel(timer);
    if (first != null) {
      first.release();
      first = null;
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    PeerLog.thrown(listener, ctx.channel(), cause);
    Closing.now(ctx.channel());
  }

  /** Ends when the bytes do not come. */
  private final class Patience extends Timers.Timer {
    @Override
    protected void fire() {
      if (!draining) {
        PeerLog.refused(
            listener,
            ctx.channel(),
            Limit.FIRST_BYTES_TIMEOUT,
            "no "
                + Detector.BYTES
                + " bytes within "
                + listener.limits().firstBytesTimeout().toMillis()
                + " ms");
      }
      ctx.close();
    }
  }
}
