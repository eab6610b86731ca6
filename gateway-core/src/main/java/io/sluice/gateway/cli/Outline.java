package io.sluice.gateway.cli;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Indented lines about bytes that may be anything: never more than a person could read. */
final class Outline {
  private static final int MAX_LINES = 2000;
  private static final int MAX_TEXT = 200;
  private static final int MAX_BYTES = 64;

  private final StringBuilder text = new StringBuilder();
  private int depth;
  private int lines;

  /** Adds a line; the one too many says that there would be more, and those behind it are lost. */
  Outline line(String line) {
    if (lines == MAX_LINES) {
      text.append("… and more\n");
    }
    if (lines++ < MAX_LINES) {
      text.append("  ".repeat(depth)).append(line).append('\n');
    }
    return this;
  }

  boolean isFull() {
    return lines > MAX_LINES;
  }

  void indent() {
    depth++;
  }

  void outdent() {
    depth--;
  }

  @Override
  public String toString() {
    return text.toString();
  }

  // How values are shown.

  /** Text in quotes, what cannot be printed escaped, and cut if it is long. */
  static String quote(String value) {
    StringBuilder quoted = new StringBuilder("\"");
    value
        .codePoints()
        .limit(MAX_TEXT)
        .forEach(
            c -> {
              if (c == '"' || c == '\\') {
                quoted.append('\\').appendCodePoint(c);
              } else if (Character.isISOControl(c)) {
                quoted.append(String.format("\\u%04x", c));
              } else {
                quoted.appendCodePoint(c);
              }
            });
    int length = value.codePointCount(0, value.length());
    return quoted
        .append('"')
        .append(length > MAX_TEXT ? "… " + length + " letters" : "")
        .toString();
  }

  /** Bytes in hex, cut if there are many. */
  static String hex(ByteBuf bytes) {
    int n = bytes.readableBytes();
    String hex = ByteBufUtil.hexDump(bytes, bytes.readerIndex(), Math.min(n, MAX_BYTES));
    return hex + (n > MAX_BYTES ? "…" : "");
  }

  /**
   * The bytes as text.
   *
   * @return null if they are not UTF-8, or not what a person would call a text
   */
  static @Nullable String text(ByteBuf bytes) {
    String value;
    try {
      value = StandardCharsets.UTF_8.newDecoder().decode(bytes.nioBuffer()).toString();
    } catch (CharacterCodingException e) {
      return null;
    }
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      boolean inner = i > 0 && (c == '\n' || c == '\r' || c == '\t');
      if (Character.isISOControl(c) && !inner) {
        return null;
      }
    }
    return value;
  }

  /** Text in quotes, or else the bytes in hex with their number. */
  static String show(ByteBuf bytes) {
    String value = text(bytes);
    return value == null ? bytes.readableBytes() + " bytes " + hex(bytes) : quote(value);
  }

  static String show(byte[] bytes, int offset, int length) {
    return show(Unpooled.wrappedBuffer(bytes, offset, length));
  }
}
