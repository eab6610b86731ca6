package io.sluice.gateway.wire.ttheader;

import io.netty.buffer.ByteBuf;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.wire.WireException;
import io.sluice.gateway.wire.WireLimits;
import org.jspecify.annotations.Nullable;

/**
 * One TTHeader that was read ({@code gopkg:protocol/ttheader/decode.go}).
 *
 * <pre>
 *    0        4      6       8     12             14    15     16
 *   ┌────────┬──────┬───────┬─────┬──────────────┬─────┬──────┬─────┬───────────┬─────────┐
 *   │ LENGTH │ 1000 │ FLAGS │ SEQ │ HEADER WORDS │ PID │ n, n transforms │ INFO …, 00… │ PAYLOAD │
 *   └────────┴──────┴───────┴─────┴──────────────┴─────┴──────┴─────┴───────────┴─────────┘
 *   LENGTH counts all behind itself; HEADER WORDS counts fours of bytes from offset 14 on.
 * </pre>
 */
public final class TTHeader {
  /** Bytes up to and with HEADER WORDS. */
  public static final int FIXED = 14;

  /** In the bytes 4 and 5. */
  public static final int MAGIC = 0x1000;

  /** Flag of a request whose caller takes replies in any order ({@code netpollmux}). */
  public static final int FLAG_OUT_OF_ORDER = 0x0001;

  /** Flag of a frame of a stream. */
  public static final int FLAG_STREAMING = 0x0002;

  /** Protocol id of everything but streams. */
  public static final int PROTOCOL_THRIFT = 0x00;

  /** Protocol id of the frames of a stream. */
  public static final int PROTOCOL_THRIFT_STRUCT = 0x10;

  static final int INFO_PADDING = 0x00;
  static final int INFO_STRINGS = 0x01;
  static final int INFO_INTS = 0x10;
  static final int INFO_ACL_TOKEN = 0x11;

  private final int flags;
  private final int seqId;
  private final int size;
  private final long payloadLength;
  private final Headers headers;

  private TTHeader(int flags, int seqId, int size, long payloadLength, Headers headers) {
    this.flags = flags;
    this.seqId = seqId;
    this.size = size;
    this.payloadLength = payloadLength;
    this.headers = headers;
  }

  public int flags() {
    return flags;
  }

  /** Sequence id of a call, or id of a stream. */
  public int seqId() {
    return seqId;
  }

  /** Bytes from LENGTH to the end of the header. */
  public int size() {
    return size;
  }

  /** Bytes of the payload. */
  public long payloadLength() {
    return payloadLength;
  }

  /** All keys and values; the ACL token stands among them by its metainfo key. */
  public Headers headers() {
    return headers;
  }

  /**
   * How many bytes from {@code at} on are needed to read the header there.
   *
   * @param in has at least {@value #FIXED} bytes there, of which 4 and 5 are the magic
   * @throws WireException if the lengths are out of bounds or contradict each other
   */
  public static int sizeAt(ByteBuf in, int at, WireLimits limits) {
    long length = in.getUnsignedInt(at);
    int headerBytes = in.getUnsignedShort(at + 12) * 4;
    if (headerBytes == 0) {
      throw new WireException("TTHeader with a header size of 0");
    }
    if (headerBytes > limits.maxHeader()) {
      throw new WireException(
          "TTHeader of " + headerBytes + " bytes, the limit is " + limits.maxHeader());
    }
    long payload = length - (FIXED - 4) - headerBytes;
    if (payload < 0) {
      throw new WireException("TTHeader whose header is longer than its frame");
    }
    if (payload > limits.maxFrame()) {
      throw new WireException(
          "TTHeader payload of " + payload + " bytes, the limit is " + limits.maxFrame());
    }
    return FIXED + headerBytes;
  }

  /** Bytes from LENGTH to the end of a header that was written here. */
  public static int writtenSize(ByteBuf out, int at) {
    return FIXED + out.getUnsignedShort(at + 12) * 4;
  }

  /**
   * Reads the header.
   *
   * @param in has at least as many bytes at {@code at} as {@link #sizeAt} says
   * @throws WireException if the header is none
   */
  public static TTHeader readAt(ByteBuf in, int at, WireLimits limits) {
    int size = sizeAt(in, at, limits);
    byte[] info = new byte[size - FIXED];
    in.getBytes(at + FIXED, info);
    int protocolId = info[0];
    if (protocolId != 0x00
        && protocolId != 0x03
        && protocolId != 0x04
        && protocolId != 0x10
        && protocolId != 0x11) {
      throw new WireException("TTHeader protocol id " + (protocolId & 0xFF) + " is not served");
    }
    Headers headers = new Headers(Headers.Dialect.TTHEADER, info);
    new InfoReader("TTHeader", info, headers, limits.maxKeys()).sections(2 + (info[1] & 0xFF));
    return new TTHeader(
        in.getUnsignedShort(at + 6),
        in.getInt(at + 8),
        size,
        in.getUnsignedInt(at) - (FIXED - 4) - info.length,
        headers);
  }

  /**
   * A number written as decimal text, as int keys and {@code biz-status} have it.
   *
   * @return the number, or null if the text is none that fits
   */
  public static @Nullable Integer decimal(Headers headers, int entry) {
    int length = headers.valueLength(entry);
    if (length == 0 || length > 11) {
      return null;
    }
    byte[] bytes = headers.array();
    int at = headers.valueOffset(entry);
    int end = at + length;
    boolean negative = bytes[at] == '-';
    if (negative && ++at == end) {
      return null;
    }
    long value = 0;
    for (; at < end; at++) {
      int digit = bytes[at] - '0';
      if (digit < 0 || digit > 9) {
        return null;
      }
      value = value * 10 + digit;
    }
    value = negative ? -value : value;
    return value == (int) value ? (int) value : null;
  }
}
