package io.sluice.gateway.wire.ttheader;

import io.netty.buffer.ByteBuf;
import io.sluice.gateway.call.Headers;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The CRC-32C of all that follows a TTHeader, an inner frame length included, as 8 lower-case hex
 * digits under the key {@value TTHeaderKeys#CHECKSUM} ({@code codec/validate.go:getCRC32C}).
 * Reused, one a direction of a connection.
 */
public final class PayloadChecksum {
  /** What the value is written as before it is known. */
  public static final String PLACE = "00000000";

  private final CRC32C crc = new CRC32C();

  /** A new payload begins. */
  public void reset() {
    crc.reset();
  }

  /** Takes this part of the payload into account. */
  public void update(ByteBuf bytes, int index, int length) {
    if (length > 0) {
      for (ByteBuffer part : bytes.nioBuffers(index, length)) {
        crc.update(part);
      }
    }
  }

  /** Writes the digits over those of {@link #PLACE}. */
  public void write(ByteBuf out, int at) {
    String digits = digits();
    for (int i = 0; i < digits.length(); i++) {
      out.setByte(at + i, digits.charAt(i));
    }
  }

  /** Whether the payload is the one that the digits are of. */
  public boolean matches(String digits) {
    return digits.equals(digits());
  }

  private String digits() {
    String hex = Long.toHexString(crc.getValue());
    return PLACE.substring(hex.length()) + hex;
  }

  /** The digits that a header has; null if it has none. */
  public static @Nullable String of(Headers headers) {
    int entry = headers.find(TTHeaderKeys.CHECKSUM);
    return entry < 0 ? null : headers.value(entry);
  }

  /** Removes what a header has of it. */
  public static void remove(Headers headers) {
    headers.removeIf((h, i) -> RequestKeys.isKey(h, i, TTHeaderKeys.CHECKSUM));
  }
}
