package io.sluice.gateway.wire.ttheader;

import io.netty.buffer.ByteBuf;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.wire.WireException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The CRC-32C of all that stands behind a TTHeader, an inner frame length included, as 8 lower-case
 * hex digits ({@code pkg/remote/codec/validate.go:getCRC32C}). Checks that of one request, and
 * gives its reply one in turn.
 */
public final class PayloadChecksum {
  private static final String NOT_YET = "00000000";

  private final CRC32C crc = new CRC32C();
  private final String claimed;
  private int ahead;
  private int valueAt;

  private PayloadChecksum(String claimed, int ahead) {
    this.claimed = claimed;
    this.ahead = ahead;
  }

  /**
   * The check of a request.
   *
   * @param headers of its TTHeader
   * @param ahead bytes of the payload in front of the first part's reader index
   * @return null if the caller has sent no checksum
   */
  public static @Nullable PayloadChecksum of(Headers headers, int ahead) {
    int entry = headers.find(TTHeaderKeys.CHECKSUM);
    return entry < 0 || headers.valueLength(entry) == 0
        ? null
        : new PayloadChecksum(headers.value(entry), ahead);
  }

  /**
   * Takes a part of the request.
   *
   * @param part only looked at
   * @throws WireException if it is the last one and the checksum is not what the caller says
   */
  public void check(ByteBuf part, boolean last) {
    add(part, part.readerIndex() - ahead);
    ahead = 0;
    if (last && !claimed.equals(text())) {
      throw new WireException("crc32c is " + text() + " and not what the request says");
    }
  }

  /** Writes the reply's key, whose value {@link #seal} fills in, in place of another leg's. */
  public void writeKey(TTHeaderWriter out, Headers headers) {
    int entry = headers.find(TTHeaderKeys.CHECKSUM);
    if (entry >= 0) {
      headers.removeAt(entry);
    }
    out.string(TTHeaderKeys.CHECKSUM, NOT_YET);
    valueAt = out.position() - NOT_YET.length();
  }

  /**
   * Fills in the checksum of a whole reply.
   *
   * @param first begins with the TTHeader
   * @param rest what follows it, if anything
   * @param more what follows that
   */
  public void seal(ByteBuf first, @Nullable ByteBuf rest, Iterable<ByteBuf> more) {
    crc.reset();
    int header = TTHeader.FIXED + 4 * first.getUnsignedShort(first.readerIndex() + 12);
    add(first, first.readerIndex() + header);
    if (rest != null) {
      add(rest, rest.readerIndex());
    }
    more.forEach(part -> add(part, part.readerIndex()));
    first.setCharSequence(valueAt, text(), StandardCharsets.US_ASCII);
  }

  private void add(ByteBuf bytes, int from) {
    for (ByteBuffer piece : bytes.nioBuffers(from, bytes.writerIndex() - from)) {
      crc.update(piece);
    }
  }

  private String text() {
    return HexFormat.of().toHexDigits((int) crc.getValue());
  }
}
