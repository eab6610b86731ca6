package io.sluice.gateway.wire.http2;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http2.DefaultHttp2FrameWriter;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersEncoder;

/**
 * Writes the frames that calls are made of straight into the buffer in which they leave. All others
 * go as Netty writes them.
 *
 * <pre>
 *   ┌────────────┬──────┬───────┬──────────────┬───────────┐
 *   │ length, 3  │ type │ flags │ stream id, 4 │ payload … │
 *   └────────────┴──────┴───────┴──────────────┴───────────┘
 * </pre>
 */
final class GatheringFrameWriter extends DefaultHttp2FrameWriter {
  private static final int HEAD = 9;
  private static final int TYPE_DATA = 0;
  private static final int TYPE_HEADERS = 1;
  private static final int TYPE_RST_STREAM = 3;
  private static final int TYPE_WINDOW_UPDATE = 8;
  private static final int TYPE_CONTINUATION = 9;
  private static final int END_STREAM = 1;
  private static final int END_HEADERS = 4;

  /** Payloads of so many bytes are cheaper to copy than to send by themselves. */
  private static final int COPIED = 2048;

  private final FrameGather gather;
  private final Http2HeadersEncoder headersEncoder;

  GatheringFrameWriter(FrameGather gather) {
    this(gather, new DefaultHttp2HeadersEncoder());
  }

  private GatheringFrameWriter(FrameGather gather, Http2HeadersEncoder headersEncoder) {
    super(headersEncoder);
    this.gather = gather;
    this.headersEncoder = headersEncoder;
  }

  @Override
  public ChannelFuture writeData(
      ChannelHandlerContext ctx,
      int streamId,
      ByteBuf data,
      int padding,
      boolean endStream,
      ChannelPromise promise) {
    int size = data.readableBytes();
    if (padding > 0 || size > maxFrameSize()) {
      return super.writeData(ctx, streamId, data, padding, endStream, promise);
    }
    boolean copied = size <= COPIED;
    ByteBuf out;
    try {
      out = gather.room(copied ? HEAD + size : HEAD);
    } catch (Throwable t) {
      data.release();
      return promise.setFailure(t);
    }
    head(out, size, TYPE_DATA, endStream ? END_STREAM : 0, streamId);
    if (!copied) {
      return ctx.write(data, promise);
    }
    out.writeBytes(data);
    data.release();
    return gather.promised(promise);
  }

  @Override
  public ChannelFuture writeHeaders(
      ChannelHandlerContext ctx,
      int streamId,
      Http2Headers headers,
      int padding,
      boolean endStream,
      ChannelPromise promise) {
    if (padding > 0) {
      return super.writeHeaders(ctx, streamId, headers, padding, endStream, promise);
    }
    ByteBuf out = gather.room(HEAD);
    int at = out.writerIndex();
    out.writeZero(HEAD);
    try {
      headersEncoder.encodeHeaders(streamId, headers, out);
    } catch (Http2Exception e) {
      out.writerIndex(at);
      return promise.setFailure(e);
    }
    int size = out.writerIndex() - at - HEAD;
    int flags = endStream ? END_STREAM : 0;
    if (size <= maxFrameSize()) {
      out.writerIndex(at);
      head(out, size, TYPE_HEADERS, flags | END_HEADERS, streamId);
      out.writerIndex(at + HEAD + size);
    } else {
      ByteBuf block = ctx.alloc().buffer(size).writeBytes(out, at + HEAD, size);
      out.writerIndex(at);
      writeInPieces(block, flags, streamId);
      block.release();
    }
    return gather.promised(promise);
  }

  private void writeInPieces(ByteBuf block, int flagsOfFirst, int streamId) {
    int type = TYPE_HEADERS;
    int flags = flagsOfFirst;
    while (block.isReadable()) {
      int size = Math.min(block.readableBytes(), maxFrameSize());
      boolean last = size == block.readableBytes();
      ByteBuf out = gather.room(HEAD + size);
      head(out, size, type, last ? flags | END_HEADERS : flags, streamId);
      out.writeBytes(block, size);
      type = TYPE_CONTINUATION;
      flags = 0;
    }
  }

  @Override
  public ChannelFuture writeRstStream(
      ChannelHandlerContext ctx, int streamId, long errorCode, ChannelPromise promise) {
    ByteBuf out = gather.room(HEAD + Integer.BYTES);
    head(out, Integer.BYTES, TYPE_RST_STREAM, 0, streamId);
    out.writeInt((int) errorCode);
    return gather.promised(promise);
  }

  @Override
  public ChannelFuture writeWindowUpdate(
      ChannelHandlerContext ctx, int streamId, int windowSizeIncrement, ChannelPromise promise) {
    ByteBuf out = gather.room(HEAD + Integer.BYTES);
    head(out, Integer.BYTES, TYPE_WINDOW_UPDATE, 0, streamId);
    out.writeInt(windowSizeIncrement);
    return gather.promised(promise);
  }

  private static void head(ByteBuf out, int length, int type, int flags, int streamId) {
    out.writeMedium(length).writeByte(type).writeByte(flags).writeInt(streamId);
  }
}
