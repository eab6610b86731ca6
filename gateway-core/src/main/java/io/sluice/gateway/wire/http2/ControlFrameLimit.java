package io.sluice.gateway.wire.http2;

import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http2.DecoratingHttp2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2LifecycleManager;

/** Bounds the answers to control frames that wait for a peer who does not read them. */
final class ControlFrameLimit extends DecoratingHttp2ConnectionEncoder {
  private static final int MOST = 10_000;

  private final ChannelFutureListener left = done -> this.waiting--;
  private Http2LifecycleManager lifecycle;
  private int waiting;
  private boolean met;

  ControlFrameLimit(Http2ConnectionEncoder encoder) {
    super(encoder);
  }

  @Override
  public void lifecycleManager(Http2LifecycleManager lifecycleManager) {
    lifecycle = lifecycleManager;
    super.lifecycleManager(lifecycleManager);
  }

  @Override
  public ChannelFuture writeSettingsAck(ChannelHandlerContext ctx, ChannelPromise promise) {
    return mayWait(ctx)
        ? super.writeSettingsAck(ctx, waits(promise))
        : promise.setFailure(tooMany());
  }

  @Override
  public ChannelFuture writePing(
      ChannelHandlerContext ctx, boolean ack, long data, ChannelPromise promise) {
    if (!ack) {
      return super.writePing(ctx, false, data, promise);
    }
    return mayWait(ctx)
        ? super.writePing(ctx, true, data, waits(promise))
        : promise.setFailure(tooMany());
  }

  @Override
  public ChannelFuture writeRstStream(
      ChannelHandlerContext ctx, int streamId, long errorCode, ChannelPromise promise) {
    return mayWait(ctx)
        ? super.writeRstStream(ctx, streamId, errorCode, waits(promise))
        : promise.setFailure(tooMany());
  }

  private ChannelPromise waits(ChannelPromise promise) {
    waiting++;
    return promise.unvoid().addListener(left);
  }

  private boolean mayWait(ChannelHandlerContext ctx) {
    if (!met && waiting == MOST) {
      ctx.flush();
    }
    if (!met && waiting == MOST) {
      met = true;
      lifecycle.onError(ctx, true, tooMany());
      ctx.close();
    }
    return !met;
  }

  private static Http2Exception tooMany() {
    return Http2Exception.connectionError(
        Http2Error.ENHANCE_YOUR_CALM,
        "%d answers to control frames wait, and the peer reads none",
        MOST);
  }
}
