package io.sluice.api;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A number of bytes, written {@code 512}, {@code 64KiB}, {@code 8MiB} or {@code 1GiB}.
 *
 * @param bytes not negative
 */
public record ByteSize(long bytes) {
  private static final Pattern FORM = Pattern.compile("(\\d{1,15})\\s*(B|KIB|MIB|GIB)?");

  public ByteSize {
    if (bytes < 0) {
      throw new IllegalArgumentException("a size cannot be negative");
    }
  }

  /**
   * Reads the written form.
   *
   * @throws IllegalArgumentException if it is none, saying what would be
   */
  public static ByteSize parse(String text) {
    Matcher m = FORM.matcher(text.strip().toUpperCase(Locale.ROOT));
    if (!m.matches()) {
      throw new IllegalArgumentException("not a size: write 512, 64KiB, 8MiB or 1GiB");
    }
    String unit = m.group(2) == null ? "B" : m.group(2);
    int shift = "BKMG".indexOf(unit.charAt(0)) * 10;
    long number = Long.parseLong(m.group(1));
    if (number > Long.MAX_VALUE >> shift) {
      throw new IllegalArgumentException("too large a size");
    }
    return new ByteSize(number << shift);
  }

  @Override
  public String toString() {
    for (int i = 3; i > 0; i--) {
      if (bytes != 0 && bytes % (1L << (10 * i)) == 0) {
        return (bytes >> (10 * i)) + "KMG".substring(i - 1, i) + "iB";
      }
    }
    return Long.toString(bytes);
  }
}
