package io.sluice.gateway.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;

/**
 * Tells from the first 8 bytes of a connection what is spoken on it (Kitex: {@code
 * trans/detection/server_handler.go}, {@code nphttp2/server_handler.go:ProtocolMatch}, {@code
 * ttstream/server_handler.go:ProtocolMatch}).
 *
 * <pre>
 *   50 52 49 20 2A 20 48 54   "PRI * HT"     HTTP/2
 *   .. .. .. .. 10 00 F F     F F &amp; 0002     ttstream
 *   anything else                            ping-pong, told apart message by message
 * </pre>
 */
public final class Detector {
  /** So many bytes are needed for a verdict, and no more. */
  public static final int BYTES = 8;

  private static final long HTTP2_PREFACE = 0x505249202A204854L;

  private Detector() {}

  /** What a connection carries for its life. */
  public enum Verdict {
    HTTP2,
    TTSTREAM,
    PING_PONG
  }

  /** Looks at the 8 bytes at the reader index and moves nothing. */
  public static Verdict detect(ByteBuf first) {
    long b = first.getLong(first.readerIndex());
    if (b == HTTP2_PREFACE) {
      return Verdict.HTTP2;
    }
    boolean ttheader = (int) (b >>> 16 & 0xFFFF) == 0x1000;
    return ttheader && (b & 0x0002) != 0 ? Verdict.TTSTREAM : Verdict.PING_PONG;
  }

  /** Says what bytes that are none of our protocols look like, for a log line. */
  public static String describe(ByteBuf bytes) {
    int at = bytes.readerIndex();
    int n = Math.min(BYTES, bytes.readableBytes());
    String hex = ByteBufUtil.hexDump(bytes, at, n);
    if (n < 3) {
      return "first bytes " + hex;
    }
    int first = bytes.getUnsignedByte(at);
    int second = bytes.getUnsignedByte(at + 1);
    if (first == 0x16 && second == 0x03) {
      return "looks like TLS, first bytes " + hex;
    }
    if (isHttp1(bytes, at, n)) {
      return "looks like HTTP/1.x, first bytes " + hex;
    }
    return "no protocol of ours, first bytes " + hex;
  }

  private static boolean isHttp1(ByteBuf bytes, int at, int n) {
    int letters = 0;
    while (letters < n
        && bytes.getByte(at + letters) >= 'A'
        && bytes.getByte(at + letters) <= 'Z') {
      letters++;
    }
    return letters >= 3 && letters < n && bytes.getByte(at + letters) == ' ';
  }
}
