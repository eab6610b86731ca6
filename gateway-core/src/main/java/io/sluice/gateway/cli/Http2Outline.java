package io.sluice.gateway.cli;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Flags;
import io.netty.handler.codec.http2.Http2FrameTypes;
import io.netty.handler.codec.http2.Http2Headers;
import io.sluice.gateway.wire.WireException;

/** Shows the frames of an HTTP/2 connection from its preface on. */
final class Http2Outline {
  private static final String[] TYPES = {
    "DATA",
    "HEADERS",
    "PRIORITY",
    "RST_STREAM",
    "SETTINGS",
    "PUSH_PROMISE",
    "PING",
    "GOAWAY",
    "WINDOW_UPDATE",
    "CONTINUATION",
  };
  private static final int FRAME_HEAD = 9;

  private final ByteBuf in;
  private final Outline out;
  private final DefaultHttp2HeadersDecoder headers = new DefaultHttp2HeadersDecoder(false);
  private final GrpcOutline messages;

  private Http2Outline(ByteBuf in, Outline out) {
    this.in = in;
    this.out = out;
    this.messages = new GrpcOutline(out);
  }

  /**
   * Shows them.
   *
   * @param in begins with the first 8 bytes of the preface; read to its end, not released
   */
  static void print(ByteBuf in, Outline out) {
    ByteBuf preface = Http2CodecUtil.connectionPrefaceBuf();
    try {
      int there = Math.min(in.readableBytes(), preface.readableBytes());
      if (!in.slice(in.readerIndex(), there).equals(preface.slice(0, there))) {
        throw new WireException("the rest of the HTTP/2 preface is wrong");
      }
      if (there < preface.readableBytes()) {
        out.line(preface.readableBytes() - there + " bytes of the preface are missing");
        return;
      }
      in.skipBytes(there);
      new Http2Outline(in, out).frames();
    } finally {
      preface.release();
    }
  }

  private void frames() {
    while (in.isReadable() && !out.isFull()) {
      int missing = FRAME_HEAD - in.readableBytes();
      if (missing > 0) {
        out.line(missing + " bytes of a frame's head are missing");
        return;
      }
      int length = in.readUnsignedMedium();
      int type = in.readUnsignedByte();
      Http2Flags flags = new Http2Flags(in.readUnsignedByte());
      int stream = in.readInt() & Integer.MAX_VALUE;
      out.line(
          (type < TYPES.length ? TYPES[type] : "type " + type)
              + (stream == 0 ? "" : " of stream " + stream)
              + ", "
              + length
              + " bytes"
              + (endsStream(type, flags) ? ", ends the stream" : ""));
      if (in.readableBytes() < length) {
        out.line(length - in.readableBytes() + " bytes of it are missing");
        return;
      }
      out.indent();
      payload(type, flags, stream, in.readSlice(length));
      out.outdent();
    }
  }

  private static boolean endsStream(int type, Http2Flags flags) {
    return (type == Http2FrameTypes.DATA || type == Http2FrameTypes.HEADERS) && flags.endOfStream();
  }

  private void payload(int type, Http2Flags flags, int stream, ByteBuf payload) {
    ByteBuf content = payload;
    if ((type == Http2FrameTypes.DATA || type == Http2FrameTypes.HEADERS)
        && flags.paddingPresent()) {
      int padding = payload.isReadable() ? payload.readUnsignedByte() : 0;
      if (padding > payload.readableBytes()) {
        throw new WireException("an HTTP/2 frame with more padding than bytes");
      }
      content = payload.readSlice(payload.readableBytes() - padding);
    }
    switch (type) {
      case Http2FrameTypes.HEADERS -> {
        if (flags.priorityPresent()) {
          content.skipBytes(Math.min(5, content.readableBytes()));
        }
        if (flags.endOfHeaders()) {
          headers(stream, content);
        } else {
          out.line("(goes on in CONTINUATION, which is not shown)");
        }
      }
      case Http2FrameTypes.DATA -> {
        if (content.isReadable()) {
          messages.data(stream, content);
        }
      }
      case Http2FrameTypes.RST_STREAM -> {
        if (content.readableBytes() == 4) {
          out.line("error " + content.readUnsignedInt());
        }
      }
      default -> {}
    }
  }

  private void headers(int stream, ByteBuf block) {
    Http2Headers decoded;
    try {
      decoded = headers.decodeHeaders(stream, block);
    } catch (Http2Exception e) {
      throw new WireException("HTTP/2 headers: " + e.getMessage());
    }
    messages.headers(stream, decoded);
    decoded.forEach(
        header -> out.line(header.getKey() + " = " + Outline.quote(header.getValue().toString())));
  }
}
