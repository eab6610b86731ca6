package io.sluice.plugins.accesslog;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Gathers JSON as UTF-8 in an array that grows. Used by one thread.
 *
 * <p>By hand, since a line is written for every call, and a library takes three times as long for
 * the little that is asked here.
 */
final class JsonBytes {
  /** Bytes that a letter takes at most: {@code \}{@code u001b}. */
  private static final int MOST_OF_A_LETTER = 6;

  /** The smallest long, with its sign. */
  private static final int MOST_OF_A_NUMBER = 20;

  /** Digits are written in groups, which are looked up rather than reckoned one by one. */
  private static final int DIGITS = 3;

  private static final int GROUP = 1000;

  /** 000001002… */
  private static final byte[] GROUPS =
      IntStream.range(0, GROUP)
          .mapToObj("%03d"::formatted)
          .collect(Collectors.joining())
          .getBytes(StandardCharsets.US_ASCII);

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

  /** A key, as it stands behind another field. */
  static byte[] key(String key) {
    return (",\"" + key + "\":").getBytes(StandardCharsets.US_ASCII);
  }

  /** Whole fields, in the order of their values. */
  static byte[][] fields(String key, Enum<?>[] values) {
    return Arrays.stream(values).map(value -> field(key, value)).toArray(byte[][]::new);
  }

  private static byte[] field(String key, Enum<?> value) {
    JsonBytes json = new JsonBytes(64);
    json.raw(key(key));
    json.string(value.name().toLowerCase(Locale.ROOT));
    return json.copy(0);
  }

  int length() {
    return length;
  }

  /** Where it is, from the first byte on; valid until the next change. */
  byte[] array() {
    return bytes;
  }

  /** What stands from a byte on. */
  byte[] copy(int from) {
    return Arrays.copyOfRange(bytes, from, length);
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

  /**
   * Adds a field with a text, if that is not empty.
   *
   * @param key one of {@link #key}
   * @param most letters of the text that are written at most
   */
  void field(byte[] key, String text, int most) {
    if (!text.isEmpty()) {
      raw(key);
      string(text.length() <= most ? text : text.substring(0, most));
    }
  }

  /**
   * Adds a field with a number.
   *
   * @param key one of {@link #key}
   */
  void field(byte[] key, long number) {
    raw(key);
    number(number);
  }

  /** For which there is room. */
  private void put(int b) {
    bytes[length++] = (byte) b;
  }

  /** Adds a number. */
  void number(long number) {
    room(MOST_OF_A_NUMBER);
    if (number >= 0) {
      digits(number);
    } else {
      put('-');
      // Part by part, as the smallest has no positive.
      if (number <= -GROUP) {
        digits(-(number / GROUP));
        group((int) -(number % GROUP));
      } else {
        digits(-number);
      }
    }
  }

  /** A number that is not negative, without zeros before it. */
  private void digits(long number) {
    if (number >= GROUP) {
      digits(number / GROUP);
      group((int) (number % GROUP));
      return;
    }
    int at = DIGITS * (int) number;
    if (number >= 100) {
      put(GROUPS[at]);
    }
    if (number >= 10) {
      put(GROUPS[at + 1]);
    }
    put(GROUPS[at + 2]);
  }

  private void group(int number) {
    int at = DIGITS * number;
    put(GROUPS[at]);
    put(GROUPS[at + 1]);
    put(GROUPS[at + 2]);
  }

  /**
   * Adds a number with all of its zeros.
   *
   * @param number 0 to 999
   */
  void threeDigits(int number) {
    room(DIGITS);
    group(number);
  }
}
