package io.sluice.gateway.fuzz;

import io.netty.buffer.ByteBuf;
import io.sluice.gateway.call.Headers;
import java.nio.charset.StandardCharsets;

/** What was read of some bytes, to be compared. */
final class Transcript {
  private final StringBuilder text = new StringBuilder();

  /** One fact. */
  Transcript say(Object what) {
    text.append(what).append(' ');
    return this;
  }

  /** Bytes of a body, which go on where the last ones ended. */
  void bytes(ByteBuf bytes) {
    text.append(bytes.toString(StandardCharsets.ISO_8859_1));
  }

  /** All entries of a header. */
  void headers(Headers headers) {
    for (int i = 0; i < headers.count(); i++) {
      say(headers.isIntKey(i) ? headers.intKey(i) : headers.key(i)).say(headers.value(i));
    }
  }

  /** A message is over. */
  void end() {
    text.append('\n');
  }

  /** The bytes cannot be read on. */
  void refused() {
    text.append("refused");
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
