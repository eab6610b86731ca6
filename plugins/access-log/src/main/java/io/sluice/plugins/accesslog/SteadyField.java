package io.sluice.plugins.accesslog;

import java.util.Arrays;

/**
 * A field whose values are few, and the same strings from call to call, as names out of the
 * configuration are: they are written once and then copied. Used by one thread at a time.
 */
final class SteadyField {
  private static final int SLOTS = 32;

  private final byte[] key;
  private final String[] values = new String[SLOTS];
  private final byte[][] fields = new byte[SLOTS][];

  /**
   * @param key as it stands behind another field
   */
  SteadyField(byte[] key) {
    this.key = key;
  }

  void write(String value, JsonBytes json) {
    int slot = value.hashCode() & SLOTS - 1;
    // The same string, not an equal one: to compare them is what is saved.
    if (values[slot] != value) {
      values[slot] = value;
      fields[slot] = field(value);
    }
    json.raw(fields[slot]);
  }

  private byte[] field(String value) {
    JsonBytes json = new JsonBytes(key.length + value.length() + 2);
    json.raw(key);
    json.string(value);
    return Arrays.copyOf(json.array(), json.length());
  }
}
