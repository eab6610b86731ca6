package io.sluice.plugins.accesslog;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Gathers JSON as UTF-8 in an array that grows. Used by one thread.
 *
 * <p>By hand, since a line is written for every call, and a library takes three times as long for
 * the little that is asked here.
 */
final class JsonBytes {
  /** Bytes that a letter takes at most: {@code \}{@code u001b}. */
  private static final int MOST_OF_A_LETTER = 6;

  /** Those of the smallest long. */
  private static final int MOST_DIGITS = 19;

  private static final int MOST_OF_A_NUMBER = 1 + MOST_DIGITS;

  private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

  /** A larger array is not kept for what comes next. */
  private static final int MOST_KEPT = 1 << 20;

  private final int initial;
  private byte[] bytes;
  private int length;

  /**
   * @param initial bytes for which there is room before it has to grow
   */
  JsonBytes(int initial) {
    this.initial = initial;
    this.bytes = new byte[initial];
  }

  int length() {
    return length;
  }

  /** Where it is, from the first byte on; valid until the next change. */
  byte[] array() {
    return bytes;
  }

  /**
   * Forgets what is behind the first bytes.
   *
   * @param length at most what it is now
   */
  void cut(int length) {
    this.length = length;
    if (length == 0 && bytes.length > MOST_KEPT) {
      bytes = new byte[initial];
    }
  }

  private void room(int more) {
    if (bytes.length - length < more) {
      bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, length + more));
    }
  }

  /** Adds what is JSON already. */
  void raw(byte[] json) {
    room(json.length);
    System.arraycopy(json, 0, bytes, length, json.length);
    length += json.length;
  }

  /**
   * Adds what is JSON already.
   *
   * @param json of ASCII
   */
  void raw(char json) {
    room(1);
    put(json);
  }

  /**
   * Adds a text as a string. What ends a line or may command a terminal is escaped, as the text may
   * be a stranger's; half a letter becomes a question mark.
   */
  void string(String text) {
    room(2 + MOST_OF_A_LETTER * text.length());
    put('"');
    byte[] to = bytes;
    int at = length;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c >= ' ' && c < 0x7f && c != '"' && c != '\\') {
        to[at++] = (byte) c;
      } else {
        length = at;
        i = odd(text, i);
        at = length;
      }
    }
    length = at;
    put('"');
  }

  /**
   * Adds a letter that is not as it is in JSON and ASCII.
   *
   * @return where its last char stands
   */
  private int odd(String text, int i) {
    char c = text.charAt(i);
    if (c == '"' || c == '\\') {
      put('\\');
      put(c);
    } else if (Character.isISOControl(c) || c == '\u2028' || c == '\u2029') {
      put('\\');
      put('u');
      for (int shift = 12; shift >= 0; shift -= 4) {
        put(HEX[c >> shift & 0xf]);
      }
    } else if (c < 0x800) {
      put(0xc0 | c >> 6);
      put(0x80 | c & 0x3f);
    } else if (!Character.isSurrogate(c)) {
      put(0xe0 | c >> 12);
      put(0x80 | c >> 6 & 0x3f);
      put(0x80 | c & 0x3f);
    } else if (Character.charCount(text.codePointAt(i)) == 2) {
      int letter = text.codePointAt(i);
      put(0xf0 | letter >> 18);
      put(0x80 | letter >> 12 & 0x3f);
      put(0x80 | letter >> 6 & 0x3f);
      put(0x80 | letter & 0x3f);
      return i + 1;
    } else {
      put('?');
    }
    return i;
  }

  /** For which there is room. */
  private void put(int b) {
    bytes[length++] = (byte) b;
  }

  /** Adds a number. */
  void number(long number) {
    room(MOST_OF_A_NUMBER);
    if (number < 0) {
      put('-');
    }
    // Negative from here on, as the smallest has no positive.
    long rest = -Math.abs(number);
    int end = length + 1;
    for (long least = -10; rest <= least && end - length < MOST_DIGITS; least *= 10) {
      end++;
    }
    length = end;
    do {
      bytes[--end] = (byte) ('0' - rest % 10);
      rest /= 10;
    } while (rest != 0);
  }

  /** Adds a number's last three digits. */
  void threeDigits(int number) {
    room(3);
    put('0' + number / 100 % 10);
    put('0' + number / 10 % 10);
    put('0' + number % 10);
  }
}
