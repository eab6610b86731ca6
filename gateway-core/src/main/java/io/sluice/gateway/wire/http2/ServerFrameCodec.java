package io.sluice.gateway.wire.http2;

import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2Settings;
import org.jspecify.annotations.Nullable;

/**
 * A codec that tells what it does about a caller's bad frames; Netty's own does much in silence.
 */
final class ServerFrameCodec extends Http2FrameCodec {
  private final ResetListener resets;

  ServerFrameCodec(
      Http2ConnectionEncoder encoder,
      Http2ConnectionDecoder decoder,
      Http2Settings settings,
      ResetListener resets) {
    super(encoder, decoder, settings, false, true);
    this.resets = resets;
  }

  /** Every reset that is written comes by here, also those for streams that nobody knows. */
  @Override
  public ChannelFuture resetStream(
      ChannelHandlerContext ctx, int streamId, long errorCode, ChannelPromise promise) {
    boolean open = connection().stream(streamId) != null;
    ChannelFuture written = super.resetStream(ctx, streamId, errorCode, promise);
    resets.resets(open, errorCode);
    return written;
  }

  @Override
  protected void onConnectionError(
      ChannelHandlerContext ctx,
      boolean outbound,
      @Nullable Throwable cause,
      @Nullable Http2Exception error) {
    if (outbound && error != null && error.error() == Http2Error.ENHANCE_YOUR_CALM) {
      // Too many answers to control frames wait: that is the peer's doing, of which all others
      // hear.
      ctx.fireExceptionCaught(error);
    }
    super.onConnectionError(ctx, outbound, cause, error);
  }
}
