package io.sluice.gateway.server;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;

/**
 * Sees the bytes of an HTTP/2 connection before its codec, and tells the connection which frames
 * come that belong to no call, and whether the caller owes the rest of a preface, a frame or a
 * header list. Reads nothing but the frames' heads.
 *
 * <pre>
 *   ┌────────────┬──────┬───────┬──────────────┬───────────┐
 *   │ length, 3  │ type │ flags │ stream id, 4 │ payload … │
 *   └────────────┴──────┴───────┴──────────────┴───────────┘
 * </pre>
 */
final class Http2FrameWatch extends ChannelInboundHandlerAdapter {
  private static final int PREFACE = 24;
  private static final int HEAD = 9;
  private static final int TYPE_DATA = 0;
  private static final int TYPE_HEADERS = 1;
  private static final int TYPE_SETTINGS = 4;
  private static final int TYPE_CONTINUATION = 9;
  private static final String[] NAMES = {
    "a DATA",
    "a HEADERS",
    "a PRIORITY",
    "an RST_STREAM",
    "a SETTINGS",
    "a PUSH_PROMISE",
    "a PING",
    "a GOAWAY",
    "a WINDOW_UPDATE",
    "a CONTINUATION"
  };
  private static final int FLAG_END_HEADERS = 4;

  private final GrpcServer connection;

  /** Bytes to skip: of the preface, then of a payload. */
  private int skip = PREFACE;

  /** The bytes of a frame's head that are there. */
  private int headBytes;

  private int length;
  private int type;
  private boolean headersOpen;

  /** Bytes of a header list that has begun and is not complete. */
  private int headerBytes;

  private int frames;

  /** Of the frames in what is being read that belong to no call. */
  private int controlCost;

  private int lastControl;

  Http2FrameWatch(GrpcServer connection) {
    this.connection = connection;
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object msg) {
    ByteBuf in = (ByteBuf) msg;
    int at = in.readerIndex();
    int end = in.writerIndex();
    controlCost = 0;
    while (at < end) {
      if (skip > 0) {
        int skipped = Math.min(skip, end - at);
        skip -= skipped;
        at += skipped;
      } else {
        head(in.getUnsignedByte(at++));
      }
    }
    if (!connection.mayRead(controlCost, name(lastControl))) {
      in.release();
      return;
    }
    ctx.fireChannelRead(msg);
    int partOfFrame = skip > 0 && frames > 0 ? length - skip : 0;
    connection.owes(
        skip > 0 || headBytes > 0 || headersOpen, frames, headersOpen ? headerBytes : partOfFrame);
  }

  private void head(int b) {
    switch (headBytes++) {
      case 0 -> length = b;
      case 1, 2 -> length = length << 8 | b;
      case 3 -> type = b;
      case 4 -> {
        if (type == TYPE_HEADERS || type == TYPE_CONTINUATION) {
          headersOpen = (b & FLAG_END_HEADERS) == 0;
        }
        if (type != TYPE_HEADERS && type != TYPE_DATA) {
          // The first of all frames has to be a SETTINGS.
          controlCost += type != TYPE_SETTINGS ? 1 : frames == 0 ? 0 : FloodGuard.SETTINGS_COST;
          lastControl = type;
        }
      }
      case HEAD - 1 -> {
        headBytes = 0;
        skip = length;
        headerBytes = headersOpen ? headerBytes + length : 0;
        // The frames of one header list have the time of one frame.
        frames += type == TYPE_CONTINUATION ? 0 : 1;
      }
      default -> {}
    }
  }

  private static String name(int type) {
    return type < NAMES.length ? NAMES[type] : "one of type " + type;
  }
}
