package io.sluice.plugins.accesslog;

import java.util.Arrays;

/**
 * Some whole lines, at the beginning of an array that may have more room.
 *
 * @param bytes valid until they have been written
 * @param length of them all, in bytes
 * @param lines how many
 */
record Batch(byte[] bytes, int length, int lines) {

  byte[] copy() {
    return Arrays.copyOf(bytes, length);
  }
}
