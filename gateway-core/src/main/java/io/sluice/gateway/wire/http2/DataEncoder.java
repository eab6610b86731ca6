package io.sluice.gateway.wire.http2;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.CompositeByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http2.DefaultHttp2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2FrameWriter;

/**
 * Queues DATA until there is a window for it. Netty's queue cuts slices off what is first in it,
 * and adds what comes next to the rest if that is a composite; if the composite then puts its
 * components together, on the heap perhaps, it does so under the slices that wait in the channel.
 */
final class DataEncoder extends DefaultHttp2ConnectionEncoder {

  DataEncoder(Http2Connection connection, Http2FrameWriter writer) {
    super(connection, writer);
  }

  @Override
  public ChannelFuture writeData(
      ChannelHandlerContext ctx,
      int streamId,
      ByteBuf data,
      int padding,
      boolean endOfStream,
      ChannelPromise promise) {
    ByteBuf steady = data instanceof CompositeByteBuf ? data.slice() : data;
    return super.writeData(ctx, streamId, steady, padding, endOfStream, promise);
  }
}
