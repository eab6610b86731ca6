package io.sluice.gateway.wire.http2;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2Flags;
import io.netty.handler.codec.http2.Http2FrameTypes;

/**
 * Sees the bytes of an HTTP/2 connection before its codec, and tells the connection which frames
 * come that belong to no call, and whether the peer owes the rest of a preface, a frame or a header
 * list. Reads nothing but the frames' heads.
 *
 * <pre>
 *   ┌────────────┬──────┬───────┬──────────────┬───────────┐
 *   │ length, 3  │ type │ flags │ stream id, 4 │ payload … │
 *   └────────────┴──────┴───────┴──────────────┴───────────┘
 * </pre>
 */
public final class Http2FrameWatch extends ChannelInboundHandlerAdapter {

  /** The connection whose frames are watched. */
  public interface Connection {

    /**
     * Told before frames are read what they would cost.
     *
     * @param controlCost how many belong to no call, those that make more work being more
     * @param last the last of them, in words
     * @return false if none of them is to be read
     */
    boolean mayRead(int controlCost, String last);

    /**
     * Told after each read whether a frame has begun that is not complete.
     *
     * @param frames of how many the head has come so far; those of one header list are one
     * @param held bytes of it, and those that the header list takes that it belongs to
     */
    void owes(boolean now, int frames, int held);
  }

  /**
   * How often its own bytes an open header list takes: the codec copies it whenever a piece comes,
   * and what it leaves behind lies between what others hold.
   */
  public static final int HEADER_LIST_COPIES = 2;

  /** A change of settings may touch every stream of the connection. */
  private static final int SETTINGS_COST = 20;

  private static final int PREFACE = 24;
  private static final int HEAD = Http2CodecUtil.FRAME_HEADER_LENGTH;
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

  private final Connection connection;

  /** Bytes to skip: of the preface, then of a payload. */
  private int skip;

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

  private Http2FrameWatch(Connection connection, int skip) {
    this.connection = connection;
    this.skip = skip;
  }

  /** Watches what a caller sends: a preface, then frames. */
  public static Http2FrameWatch ofCaller(Connection connection) {
    return new Http2FrameWatch(connection, PREFACE);
  }

  /** Watches what a downstream sends. */
  public static Http2FrameWatch ofDownstream(Connection connection) {
    return new Http2FrameWatch(connection, 0);
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
        skip > 0 || headBytes > 0 || headersOpen,
        frames,
        headersOpen ? HEADER_LIST_COPIES * headerBytes : partOfFrame);
  }

  private void head(int b) {
    switch (headBytes++) {
      case 0 -> length = b;
      case 1, 2 -> length = length << 8 | b;
      case 3 -> type = b;
      case 4 -> {
        if (type == Http2FrameTypes.HEADERS || type == Http2FrameTypes.CONTINUATION) {
          headersOpen = (b & Http2Flags.END_HEADERS) == 0;
        }
        if (type != Http2FrameTypes.HEADERS && type != Http2FrameTypes.DATA) {
          // The first of all frames has to be a SETTINGS.
          controlCost += type != Http2FrameTypes.SETTINGS ? 1 : frames == 0 ? 0 : SETTINGS_COST;
          lastControl = type;
        }
      }
      case HEAD - 1 -> {
        headBytes = 0;
        skip = length;
        headerBytes = headersOpen ? headerBytes + length : 0;
        // The frames of one header list have the time of one frame.
        frames += type == Http2FrameTypes.CONTINUATION ? 0 : 1;
      }
      default -> {}
    }
  }

  private static String name(int type) {
    return type < NAMES.length ? NAMES[type] : "one of type " + type;
  }
}
