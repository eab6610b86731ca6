package io.sluice.gateway.wire.http2;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http2.DefaultHttp2FrameWriter;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Flags;
import io.netty.handler.codec.http2.Http2FrameTypes;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersEncoder;

/**
 * Writes the frames that calls are made of straight into the buffer in which they leave. All others
 * go as Netty writes them. If there is no memory for one, its promise fails, for which the codec
 * ends the connection: what the peer knows of it would no longer be what is known here.
 *
 * <pre>
 *   ┌────────────┬──────┬───────┬──────────────┬───────────┐
 *   │ length, 3  │ type │ flags │ stream id, 4 │ payload … │
 *   └────────────┴──────┴───────┴──────────────┴───────────┘
 * </pre>
 */
final class GatheringFrameWriter extends DefaultHttp2FrameWriter {
  private static final int HEAD = Http2CodecUtil.FRAME_HEADER_LENGTH;

  /** Payloads of so many bytes are cheaper to copy than to send by themselves. */
  private static final int COPIED = 2048;

  private final FrameGather gather;
  private final Http2HeadersEncoder headersEncoder;

  GatheringFrameWriter(FrameGather gather) {
    this(gather, new SteadyHeadersEncoder());
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
    head(out, size, Http2FrameTypes.DATA, endStream ? Http2Flags.END_STREAM : 0, streamId);
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
    ByteBuf out;
    try {
      out = gather.room(HEAD);
    } catch (Throwable t) {
      return promise.setFailure(t);
    }
    int at = out.writerIndex();
    out.writeZero(HEAD);
    try {
      headersEncoder.encodeHeaders(streamId, headers, out);
    } catch (Http2Exception e) {
      out.writerIndex(at);
      return promise.setFailure(e);
    }
    int size = out.writerIndex() - at - HEAD;
    int flags = endStream ? Http2Flags.END_STREAM : 0;
    if (size <= maxFrameSize()) {
      out.writerIndex(at);
      head(out, size, Http2FrameTypes.HEADERS, flags | Http2Flags.END_HEADERS, streamId);
      out.writerIndex(at + HEAD + size);
    } else {
      out.writerIndex(at);
      try {
        ByteBuf block = ctx.alloc().buffer(size);
        try {
          writeInPieces(block.writeBytes(out, at + HEAD, size), flags, streamId);
        } finally {
          block.release();
        }
      } catch (Throwable t) {
        return promise.setFailure(t);
      }
    }
    return gather.promised(promise);
  }

  private void writeInPieces(ByteBuf block, int flagsOfFirst, int streamId) {
    int type = Http2FrameTypes.HEADERS;
    int flags = flagsOfFirst;
    while (block.isReadable()) {
      int size = Math.min(block.readableBytes(), maxFrameSize());
      boolean last = size == block.readableBytes();
      ByteBuf out = gather.room(HEAD + size);
      head(out, size, type, last ? flags | Http2Flags.END_HEADERS : flags, streamId);
      out.writeBytes(block, size);
      type = Http2FrameTypes.CONTINUATION;
      flags = 0;
    }
  }

  @Override
  public ChannelFuture writeRstStream(
      ChannelHandlerContext ctx, int streamId, long errorCode, ChannelPromise promise) {
    return writeNumber(Http2FrameTypes.RST_STREAM, streamId, (int) errorCode, promise);
  }

  @Override
  public ChannelFuture writeWindowUpdate(
      ChannelHandlerContext ctx, int streamId, int windowSizeIncrement, ChannelPromise promise) {
    writeNumber(Http2FrameTypes.WINDOW_UPDATE, streamId, windowSizeIncrement, promise);
    Throwable cause = promise.cause();
    if (cause != null) {
      // The codec does not look, and the peer would wait for its window without end.
      ctx.fireExceptionCaught(cause);
    }
    return promise;
  }

  private ChannelFuture writeNumber(int type, int streamId, int number, ChannelPromise promise) {
    ByteBuf out;
    try {
      out = gather.room(HEAD + Integer.BYTES);
    } catch (Throwable t) {
      return promise.setFailure(t);
    }
    head(out, Integer.BYTES, type, 0, streamId);
    out.writeInt(number);
    return gather.promised(promise);
  }

  private static void head(ByteBuf out, int length, int type, int flags, int streamId) {
    out.writeMedium(length).writeByte(type).writeByte(flags).writeInt(streamId);
  }
}
