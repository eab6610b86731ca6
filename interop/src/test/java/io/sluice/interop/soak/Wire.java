package io.sluice.interop.soak;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/** Bytes of calls, good and bad, written by hand. */
final class Wire {
  /** The words of the longest TTHeader. */
  static final int MAX_WORDS = 65_535;

  private static final int CALL = 1;

  private Wire() {}

  /** Blanks are for the reader. */
  static byte[] hex(String hex) {
    return HexFormat.of().parseHex(hex.replace(" ", ""));
  }

  static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  /** A strict Thrift message. */
  static byte[] message(String method, int seqId, byte[] struct) {
    byte[] name = method.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(12 + name.length + struct.length)
        .putInt(0x8001_0000 | CALL)
        .putInt(name.length)
        .put(name)
        .putInt(seqId)
        .put(struct)
        .array();
  }

  /** {@code struct {1: binary}}. */
  static byte[] binary(byte[] value) {
    return ByteBuffer.allocate(8 + value.length)
        .put((byte) 0x0B)
        .putShort((short) 1)
        .putInt(value.length)
        .put(value)
        .put((byte) 0)
        .array();
  }

  /** {@code struct {1: i32}}. */
  static byte[] number(int value) {
    return ByteBuffer.allocate(8)
        .put((byte) 0x08)
        .putShort((short) 1)
        .putInt(value)
        .put((byte) 0)
        .array();
  }

  /** With its length in front. */
  static byte[] framed(byte[] message) {
    return ByteBuffer.allocate(4 + message.length).putInt(message.length).put(message).array();
  }

  /** Behind a TTHeader with these sections, which are padded. */
  static byte[] ttheader(int flags, int seqId, byte[] sections, byte[] payload) {
    int words = (2 + sections.length + 3) / 4;
    ByteBuffer out = ByteBuffer.allocate(14 + words * 4 + payload.length);
    out.putInt(10 + words * 4 + payload.length)
        .putShort((short) 0x1000)
        .putShort((short) flags)
        .putInt(seqId)
        .putShort((short) words)
        .put(sections.length > 0 || words > 0 ? (byte) (flags == 2 ? 0x10 : 0) : 0)
        .put((byte) 0)
        .put(sections)
        .position(14 + words * 4);
    return out.put(payload).array();
  }

  /** The section of string keys with so many pairs, whose values have so many bytes. */
  static byte[] strings(int pairs, int valueLength) {
    ByteBuffer out = ByteBuffer.allocate(3 + pairs * (8 + valueLength));
    out.put((byte) 0x01).putShort((short) pairs);
    for (int i = 0; i < pairs; i++) {
      out.putShort((short) 4)
          .put(String.format("k%03d", i % 1000).getBytes(StandardCharsets.UTF_8));
      out.putShort((short) valueLength).put(new byte[valueLength]);
    }
    return out.array();
  }

  /** A section of integer keys, given as key, value, key, value … */
  static byte[] integers(Object... pairs) {
    ByteBuffer out = ByteBuffer.allocate(1024 + 8 * pairs.length);
    out.put((byte) 0x10).putShort((short) (pairs.length / 2));
    for (int i = 0; i < pairs.length; i += 2) {
      byte[] value = pairs[i + 1].toString().getBytes(StandardCharsets.UTF_8);
      out.putShort(((Integer) pairs[i]).shortValue()).putShort((short) value.length).put(value);
    }
    byte[] all = new byte[out.position()];
    out.flip().get(all);
    return all;
  }

  /** A section with the one string key {@code isn}: the service. */
  static byte[] service(String name) {
    byte[] value = name.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(10 + value.length)
        .put((byte) 0x01)
        .putShort((short) 1)
        .putShort((short) 3)
        .put("isn".getBytes(StandardCharsets.UTF_8))
        .putShort((short) value.length)
        .put(value)
        .array();
  }

  /** Any frame of HTTP/2. */
  static byte[] http2(int type, int flags, int stream, byte... payload) {
    return ByteBuffer.allocate(9 + payload.length)
        .put((byte) (payload.length >> 16))
        .putShort((short) payload.length)
        .put((byte) type)
        .put((byte) flags)
        .putInt(stream)
        .put(payload)
        .array();
  }

  /** The preface of HTTP/2 and a SETTINGS of these. */
  static byte[] http2Opening(byte... settings) {
    return join(ascii("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), http2(4, 0, 0, settings));
  }

  /** The header list of a gRPC request; leaves the peer's table as it is. */
  static byte[] grpcHead(String path) {
    return join(
        hex("83 86 04"),
        new byte[] {(byte) path.length()},
        ascii(path),
        hex("01 01 67 0f10 10"),
        ascii("application/grpc"),
        hex("00 02"),
        ascii("te"),
        hex("08"),
        ascii("trailers"));
  }

  /** All of these, one behind the other. */
  static byte[] join(byte[]... parts) {
    int length = 0;
    for (byte[] part : parts) {
      length += part.length;
    }
    ByteBuffer out = ByteBuffer.allocate(length);
    for (byte[] part : parts) {
      out.put(part);
    }
    return out.array();
  }
}
