package io.sluice.interop.soak;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.LengthFieldBasedFrameDecoder;
import io.netty.util.collection.IntObjectHashMap;
import io.netty.util.collection.IntObjectMap;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;

/** Speaks ttstream. */
final class TtstreamCaller extends StreamCaller {
  private static final int MAX_FRAME = 1 << 20;
  private static final int FLAG_STREAMING = 2;
  private static final int HEADER = 2;
  private static final int DATA = 3;
  private static final int TRAILER = 4;
  private static final int RST = 5;
  private static final int METHOD = 9;
  private static final int TIMEOUT = 12;
  private static final int FRAME_TYPE = 27;

  /** A business code's place in a Kitex caller's cancel. */
  private static final int CANCELLED = 12007;

  private static final byte[] NOTHING = {};

  private final class Frames extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
      ByteBuf frame = (ByteBuf) msg;
      try {
        read(frame);
      } finally {
        frame.release();
      }
    }
  }

  private final IntObjectMap<Talk> talks = new IntObjectHashMap<>();
  private final BitSet ended = new BitSet();
  private int lastId;

  TtstreamCaller(Crowd.Kind kind, String name, Listener listener) {
    super(kind, name, listener);
  }

  /** Without their lengths. */
  @Override
  protected ChannelHandler codec() {
    return new LengthFieldBasedFrameDecoder(MAX_FRAME, 0, 4, 0, 4);
  }

  @Override
  protected ChannelHandler protocol() {
    return new Frames();
  }

  @Override
  void open(Talk talk) {
    int id = ++lastId;
    talk.handle(id);
    talks.put(id, talk);
    byte[] integers =
        talk.timeoutMillis() == 0
            ? Wire.integers(METHOD, talk.method(), FRAME_TYPE, HEADER)
            : Wire.integers(
                METHOD, talk.method(), TIMEOUT, talk.timeoutMillis(), FRAME_TYPE, HEADER);
    frame(id, Wire.join(Wire.service("InteropStream"), integers), NOTHING);
  }

  @Override
  void say(Talk talk, byte[] message) {
    frame(talk, DATA, message);
  }

  @Override
  void halfClose(Talk talk) {
    frame(talk, TRAILER, NOTHING);
  }

  /** As Kitex's clients do: a reset, and a trailer behind it. */
  @Override
  void cancel(Talk talk) {
    byte[] method = Wire.ascii(talk.method());
    byte[] text = Wire.ascii("enough");
    int id = (int) talk.handle();
    byte[] exception =
        ByteBuffer.allocate(12 + method.length + 15 + text.length)
            .putInt(0x8001_0003)
            .putInt(method.length)
            .put(method)
            .putInt(id)
            .put((byte) 11)
            .putShort((short) 1)
            .putInt(text.length)
            .put(text)
            .put((byte) 8)
            .putShort((short) 2)
            .putInt(CANCELLED)
            .put((byte) 0)
            .array();
    frame(talk, RST, exception);
    frame(talk, TRAILER, NOTHING);
    talks.remove(id);
  }

  private void frame(Talk talk, int type, byte[] payload) {
    frame((int) talk.handle(), Wire.integers(METHOD, talk.method(), FRAME_TYPE, type), payload);
  }

  private void frame(int id, byte[] sections, byte[] payload) {
    write(Unpooled.wrappedBuffer(Wire.ttheader(FLAG_STREAMING, id, sections, payload)));
  }

  @Override
  protected void forget() {
    talks.clear();
  }

  private void read(ByteBuf frame) {
    int id = frame.getInt(4);
    int end = 10 + 4 * frame.getUnsignedShort(8);
    int type = type(frame.slice(12, end - 12));
    ByteBuf payload = frame.slice(end, frame.readableBytes() - end);
    Talk talk = talks.get(id);
    if (id <= 0 || id > lastId || ended.get(id)) {
      fault("frame of type " + type + " for stream " + id + " that is none");
    } else if (talk == null) {
      // It was given up, of which the gateway had not heard yet.
      return;
    } else if (type == DATA) {
      listener().heard(talk, payload);
    } else if (type == TRAILER || type == RST) {
      talks.remove(id);
      ended.set(id);
      boolean ok = type == TRAILER && !payload.isReadable();
      listener().ended(talk, ok, payload.toString(StandardCharsets.UTF_8));
    } else if (type != HEADER) {
      fault("frame of type " + type);
    }
  }

  /**
   * @param info the sections of a header
   */
  private static int type(ByteBuf info) {
    int found = -1;
    while (info.isReadable()) {
      int section = info.readByte();
      int count = section == 0 ? 0 : info.readShort();
      for (int i = 0; i < count; i++) {
        int key = info.readShort();
        if (section == 1) {
          info.skipBytes(key);
          info.skipBytes(info.readShort());
        } else {
          int length = info.readShort();
          if (key == FRAME_TYPE && length == 1) {
            found = info.getByte(info.readerIndex()) - '0';
          }
          info.skipBytes(length);
        }
      }
    }
    return found;
  }
}
