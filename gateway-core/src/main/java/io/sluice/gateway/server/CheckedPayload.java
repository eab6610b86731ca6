package io.sluice.gateway.server;

import io.netty.buffer.ByteBuf;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.wire.WireException;
import io.sluice.gateway.wire.pingpong.PingPongMessage;
import io.sluice.gateway.wire.ttheader.PayloadChecksum;
import io.sluice.gateway.wire.ttheader.TTHeader;
import io.sluice.gateway.wire.ttheader.TTHeaderKeys;
import io.sluice.gateway.wire.ttheader.TTHeaderWriter;
import org.jspecify.annotations.Nullable;

/** Checks the checksum of one request, and gives its reply one in turn. */
final class CheckedPayload {
  private final PayloadChecksum checksum = new PayloadChecksum();
  private final String expected;

  /** Bytes of the payload in front of the next part. */
  private int ahead;

  /** Where in the reply the digits are to stand. */
  private int digitsAt;

  private CheckedPayload(String expected, int ahead) {
    this.expected = expected;
    this.ahead = ahead;
  }

  /** The check of this request; null if it has no checksum. */
  static @Nullable CheckedPayload of(PingPongMessage message) {
    // A mesh header has pairs too, but no payload of its own.
    String expected =
        message.framing().carriesMetadata() ? PayloadChecksum.of(message.headers()) : null;
    return expected == null ? null : new CheckedPayload(expected, message.ahead());
  }

  /**
   * Takes a part of the request into account.
   *
   * @param part only looked at
   * @throws WireException if it is the last one, and the payload is not what the checksum is of
   */
  void request(ByteBuf part, boolean last) {
    checksum.update(part, part.readerIndex() - ahead, part.readableBytes() + ahead);
    ahead = 0;
    if (last && !checksum.matches(expected)) {
      throw new WireException("checksum crc32c " + expected + " is of another payload");
    }
  }

  /** Writes the reply's key, whose digits {@link #seal} fills in, in place of the downstream's. */
  void writeKey(TTHeaderWriter out, Headers headers) {
    PayloadChecksum.remove(headers);
    out.string(TTHeaderKeys.CHECKSUM, PayloadChecksum.PLACE);
    digitsAt = out.at() - PayloadChecksum.PLACE.length();
  }

  /**
   * Fills in the checksum of a whole reply.
   *
   * @param first begins with the TTHeader
   * @param rest what follows it, if anything
   * @param more what follows that
   */
  void seal(ByteBuf first, @Nullable ByteBuf rest, Iterable<ByteBuf> more) {
    checksum.reset();
    int header = TTHeader.writtenSize(first, first.readerIndex());
    checksum.update(first, first.readerIndex() + header, first.readableBytes() - header);
    if (rest != null) {
      checksum.update(rest, rest.readerIndex(), rest.readableBytes());
    }
    more.forEach(part -> checksum.update(part, part.readerIndex(), part.readableBytes()));
    checksum.write(first, digitsAt);
  }
}
