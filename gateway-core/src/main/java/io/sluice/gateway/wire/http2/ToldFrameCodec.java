package io.sluice.gateway.wire.http2;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Flags;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2FrameListenerDecorator;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import java.nio.channels.ClosedChannelException;
import org.jspecify.annotations.Nullable;

/** A codec that tells what it does about a peer's bad frames; Netty's own does much in silence. */
final class ToldFrameCodec extends Http2FrameCodec {
  private final ResetListener resets;

  /** Others were told that nothing can be written. */
  private boolean unwritable;

  ToldFrameCodec(
      Http2ConnectionEncoder encoder,
      Http2ConnectionDecoder decoder,
      Http2Settings settings,
      ResetListener resets) {
    super(encoder, decoder, settings, false, true);
    this.resets = resets;
    decoder.frameListener(
        new Http2FrameListenerDecorator(decoder.frameListener()) {
          /** To be ignored (RFC 9113, 5.5), also on a stream that is over, which Netty's is not. */
          @Override
          public void onUnknownFrame(
              ChannelHandlerContext ctx,
              byte frameType,
              int streamId,
              Http2Flags flags,
              ByteBuf payload) {}
        });
  }

  /** Every reset that is written comes by here, also those for streams that nobody knows. */
  @Override
  public ChannelFuture resetStream(
      ChannelHandlerContext ctx, int streamId, long errorCode, ChannelPromise promise) {
    Http2Stream stream = connection().stream(streamId);
    boolean open = stream != null && !stream.isResetSent();
    ChannelFuture written =
        stream == null && !connection().isServer()
            // A downstream knows that the stream is over, and counts what it is sent.
            ? promise.setSuccess()
            : super.resetStream(ctx, streamId, errorCode, promise);
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
    if (outbound && cause instanceof OutOfMemoryError) {
      // Nobody else hears of it either. For a goodbye there is no memory.
      ctx.fireExceptionCaught(cause);
      ctx.close();
      return;
    }
    Throwable first = cause;
    while (first != null && first.getCause() != null) {
      first = first.getCause();
    }
    if (outbound
        && !unwritable
        && first != null
        && !(first instanceof Http2Exception)
        && !(first instanceof ClosedChannelException)) {
      // The channel closes for it, and tells nobody but whoever wrote.
      unwritable = true;
      ctx.fireExceptionCaught(first);
    }
    super.onConnectionError(ctx, outbound, cause, error);
  }
}
