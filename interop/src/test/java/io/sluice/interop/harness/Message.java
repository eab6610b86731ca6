package io.sluice.interop.harness;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;

/**
 * A Thrift message and the header before it, read and written without any code of the gateway.
 *
 * @param framing how it is on the wire
 * @param flags of the TTHeader; 0 without one
 * @param headerSeq of the TTHeader; 0 without one
 * @param ints the TTHeader's int keys
 * @param strings the TTHeader's string keys
 * @param payload the Thrift message, without length; empty for frames of streams that have none
 */
public record Message(
    Framing framing,
    int flags,
    int headerSeq,
    Map<Integer, String> ints,
    Map<String, String> strings,
    ByteBuffer payload) {
  public static final int CALL = 1;
  public static final int REPLY = 2;
  public static final int EXCEPTION = 3;
  public static final int ONEWAY = 4;

  /** An int key: what kind of frame of a stream it is. */
  public static final int FRAME_TYPE = 27;

  /** An int key: the method. */
  public static final int METHOD = 9;

  private static final int MAGIC = 0x1000;
  private static final int STREAMING = 2;
  private static final int THRIFT_BINARY = 0;
  private static final int THRIFT_STRUCT = 0x10;
  private static final int PADDING = 0;
  private static final int STRINGS = 1;
  private static final int INTS = 0x10;
  private static final int TOKEN = 0x11;

  /** How a message is on the wire. */
  public enum Framing {
    FRAMED,
    /** Thrift only: the end of a message is that of its struct. */
    BUFFERED,
    TTHEADER,
    TTHEADER_FRAMED;

    /** Whether there is a TTHeader. */
    public boolean hasHeader() {
      return this == TTHEADER || this == TTHEADER_FRAMED;
    }

    boolean hasLength() {
      return this == FRAMED || this == TTHEADER_FRAMED;
    }
  }

  /** A call with a body, to a service that only a TTHeader can name. */
  public static Message call(Framing framing, String service, String method, int seq, byte[] body) {
    return call(0x80010000, framing, service, method, seq, body);
  }

  /** The same in Kitex Protobuf, which always has a length in front. */
  public static Message protobuf(
      Framing framing, String service, String method, int seq, byte[] body) {
    return call(0x90010000, framing, service, method, seq, body);
  }

  private static Message call(
      int magic, Framing framing, String service, String method, int seq, byte[] body) {
    byte[] name = method.getBytes(StandardCharsets.UTF_8);
    ByteBuffer payload = ByteBuffer.allocate(12 + name.length + body.length);
    payload.putInt(magic | CALL).putInt(name.length).put(name).putInt(seq).put(body).flip();
    Map<String, String> strings = new TreeMap<>();
    if (!service.isEmpty()) {
      strings.put("isn", service);
    }
    return new Message(framing, 0, seq, new TreeMap<>(), strings, payload);
  }

  /**
   * A frame of a stream without a payload.
   *
   * @param type 2 is HEADER, 4 is TRAILER
   */
  public static Message frame(int type, int stream, String method) {
    return new Message(
            Framing.TTHEADER, STREAMING, stream, Map.of(), Map.of(), ByteBuffer.allocate(0))
        .with(FRAME_TYPE, Integer.toString(type))
        .with(METHOD, method);
  }

  /** A reply to a call in its framing, with a body. */
  public static Message reply(Message call, byte[] body) {
    byte[] name = call.method().getBytes(StandardCharsets.UTF_8);
    ByteBuffer payload = ByteBuffer.allocate(12 + name.length + body.length);
    payload.putInt(0x80010000 | REPLY).putInt(name.length).put(name).putInt(call.seq()).put(body);
    payload.flip();
    return new Message(call.framing, 0, call.headerSeq, Map.of(), Map.of(), payload);
  }

  /** The struct {1: text}. */
  public static byte[] text(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(8 + bytes.length)
        .put((byte) 11)
        .putShort((short) 1)
        .putInt(bytes.length)
        .put(bytes)
        .put((byte) 0)
        .array();
  }

  /** The struct {1: number}. */
  public static byte[] number(int number) {
    return ByteBuffer.allocate(8)
        .put((byte) 8)
        .putShort((short) 1)
        .putInt(number)
        .put((byte) 0)
        .array();
  }

  /** The same as a oneway call. */
  public Message oneway() {
    byte[] changed = payload.array().clone();
    changed[3] = ONEWAY;
    return new Message(framing, flags, headerSeq, ints, strings, ByteBuffer.wrap(changed));
  }

  /** The same with another sequence id in the payload. */
  public Message withSeq(int seq) {
    byte[] changed = payload.array().clone();
    ByteBuffer copy = ByteBuffer.wrap(changed, payload.arrayOffset(), payload.limit()).slice();
    copy.putInt(8 + copy.getInt(4), seq);
    return new Message(framing, flags, headerSeq, ints, strings, copy);
  }

  /** The same with an int key. */
  public Message with(int key, String value) {
    Map<Integer, String> more = new TreeMap<>(ints);
    more.put(key, value);
    return new Message(framing, flags, headerSeq, more, strings, payload);
  }

  /** The same with a payload. */
  public Message with(byte[] bytes) {
    return new Message(framing, flags, headerSeq, ints, strings, ByteBuffer.wrap(bytes));
  }

  /** The same with a string key. */
  public Message with(String key, String value) {
    Map<String, String> more = new TreeMap<>(strings);
    more.put(key, value);
    return new Message(framing, flags, headerSeq, ints, more, payload);
  }

  /** The same without a string key. */
  public Message without(String key) {
    Map<String, String> fewer = new TreeMap<>(strings);
    fewer.remove(key);
    return new Message(framing, flags, headerSeq, ints, fewer, payload);
  }

  /** CALL, REPLY, EXCEPTION or ONEWAY. */
  public int type() {
    return payload.getInt(0) & 0xFFFF;
  }

  public int seq() {
    return payload.getInt(8 + payload.getInt(4));
  }

  public String method() {
    return text(8, payload.getInt(4));
  }

  /** The text of an EXCEPTION. */
  public String exceptionText() {
    int field = 12 + payload.getInt(4);
    require(type() == EXCEPTION && payload.get(field) == 11, "an exception with a text");
    return text(field + 7, payload.getInt(field + 3));
  }

  /** The type of an EXCEPTION. */
  public int exceptionType() {
    int text = 12 + payload.getInt(4);
    int field = text + 7 + payload.getInt(text + 3);
    require(type() == EXCEPTION && payload.get(field) == 8, "an exception with a type");
    return payload.getInt(field + 3);
  }

  /** The string of a result {0: text}. */
  public String resultText() {
    int field = 12 + payload.getInt(4);
    require(
        type() == REPLY && payload.get(field) == 11 && payload.getShort(field + 1) == 0,
        "a result with a text");
    return text(field + 7, payload.getInt(field + 3));
  }

  /** The i64 of a result {0: number}. */
  public long resultNumber() {
    int field = 12 + payload.getInt(4);
    require(
        type() == REPLY && payload.get(field) == 10 && payload.getShort(field + 1) == 0,
        "a result with a number");
    return payload.getLong(field + 3);
  }

  private void require(boolean is, String what) {
    if (!is) {
      throw new AssertionError("not " + what + ": " + this);
    }
  }

  private String text(int at, int length) {
    return new String(payload.array(), payload.arrayOffset() + at, length, StandardCharsets.UTF_8);
  }

  /** Its bytes on the wire. */
  public byte[] bytes() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      boolean framed = framing.hasLength();
      if (framing.hasHeader()) {
        byte[] header = header();
        out.writeInt(10 + header.length + payload.limit() + (framed ? 4 : 0));
        out.writeShort(MAGIC);
        out.writeShort(flags);
        out.writeInt(headerSeq);
        out.writeShort(header.length / 4);
        out.write(header);
      }
      if (framed) {
        out.writeInt(payload.limit());
      }
      out.write(payload.array(), payload.arrayOffset(), payload.limit());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private byte[] header() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeByte((flags & STREAMING) == 0 ? THRIFT_BINARY : THRIFT_STRUCT);
      out.writeByte(0); // transforms
      if (!strings.isEmpty()) {
        out.writeByte(STRINGS);
        out.writeShort(strings.size());
        for (Map.Entry<String, String> entry : strings.entrySet()) {
          out.writeUTF(entry.getKey());
          out.writeUTF(entry.getValue());
        }
      }
      if (!ints.isEmpty()) {
        out.writeByte(INTS);
        out.writeShort(ints.size());
        for (Map.Entry<Integer, String> entry : ints.entrySet()) {
          out.writeShort(entry.getKey());
          out.writeUTF(entry.getValue());
        }
      }
      while (out.size() % 4 != 0) {
        out.writeByte(PADDING);
      }
    }
    return bytes.toByteArray();
  }

  /** Reads the next one, whatever its framing. */
  static Message read(DataInputStream in) throws IOException {
    int length = in.readInt();
    if (length >>> 16 == 0x8001) {
      ByteBuffer payload = ByteBuffer.wrap(ThriftStruct.readMessage(length, in));
      return new Message(Framing.BUFFERED, 0, 0, Map.of(), Map.of(), payload);
    }
    byte[] rest = in.readNBytes(length);
    if (rest.length < length) {
      throw new EOFException("closed after " + rest.length + " of " + length + " bytes");
    }
    ByteBuffer bytes = ByteBuffer.wrap(rest);
    if (bytes.getShort(0) != MAGIC) {
      return new Message(Framing.FRAMED, 0, 0, Map.of(), Map.of(), bytes);
    }
    int end = 10 + 4 * Short.toUnsignedInt(bytes.getShort(8));
    Map<Integer, String> ints = new TreeMap<>();
    Map<String, String> strings = new TreeMap<>();
    bytes.position(12 + Byte.toUnsignedInt(bytes.get(11)));
    while (bytes.position() < end) {
      int section = bytes.get();
      switch (section) {
        case PADDING -> {}
        case TOKEN -> strings.put("RPC_TRANSIT_gdpr-token", utf(bytes));
        case STRINGS -> {
          for (int left = bytes.getShort(); left > 0; left--) {
            strings.put(utf(bytes), utf(bytes));
          }
        }
        case INTS -> {
          for (int left = bytes.getShort(); left > 0; left--) {
            ints.put((int) bytes.getShort(), utf(bytes));
          }
        }
        default -> throw new IOException("section " + section);
      }
    }
    bytes.position(end);
    boolean framed = bytes.remaining() >= 8 && bytes.getShort(end) != (short) 0x8001;
    if (framed && bytes.getInt() != bytes.remaining()) {
      throw new IOException("the frame's length is not that of the payload");
    }
    byte[] payload = new byte[bytes.remaining()];
    bytes.get(payload);
    return new Message(
        framed ? Framing.TTHEADER_FRAMED : Framing.TTHEADER,
        bytes.getShort(2),
        bytes.getInt(4),
        ints,
        strings,
        ByteBuffer.wrap(payload));
  }

  private static String utf(ByteBuffer bytes) {
    byte[] text = new byte[Short.toUnsignedInt(bytes.getShort())];
    bytes.get(text);
    return new String(text, StandardCharsets.UTF_8);
  }

  @Override
  public String toString() {
    return framing
        + " seq "
        + headerSeq
        + " flags "
        + flags
        + ' '
        + ints
        + ' '
        + strings
        + ' '
        + HexFormat.of().formatHex(payload.array(), 0, payload.limit());
  }
}
