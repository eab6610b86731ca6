package io.sluice.plugins.accesslog;

import java.util.Arrays;

/**
 * Some whole lines, in an array that has more.
 *
 * @param bytes valid until they have been written
 * @param from where they begin
 * @param length of them all, in bytes
 */
record Batch(byte[] bytes, int from, int length) {

  byte[] copy() {
    return Arrays.copyOfRange(bytes, from, from + length);
  }

  /** How many lines. */
  int lines() {
    int lines = 0;
    for (int i = from; i < from + length; i++) {
      if (bytes[i] == '\n') {
        lines++;
      }
    }
    return lines;
  }
}
