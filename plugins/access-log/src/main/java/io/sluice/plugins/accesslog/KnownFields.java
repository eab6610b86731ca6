package io.sluice.plugins.accesslog;

import java.util.Arrays;

/**
 * Fields that stand together, and that most calls have in common with one that came lately: they
 * are written once and then copied. Used by one thread at a time.
 */
final class KnownFields {
  /** Letters of a value that are written at most. */
  static final int MAX_NAME = 256;

  private static final int SLOTS = 128; // a power of 2

  /** Bytes that are kept of the fields of a call: strangers choose some of them. */
  private static final int MOST = 1024;

  private final byte[][] keys;
  private final String[] values;
  private final Known[] known = new Known[SLOTS];

  private record Known(String[] values, byte[] fields) {}

  /**
   * @param keys as they stand behind another field
   */
  KnownFields(byte[][] keys) {
    this.keys = keys;
    this.values = new String[keys.length];
  }

  /** To be filled with a call's values, in the order of the keys; empty ones are left out. */
  String[] values() {
    return values;
  }

  /** Writes the fields. */
  void write(JsonBytes json) {
    int hash = 0;
    for (String value : values) {
      hash = 31 * hash + value.hashCode();
    }
    int slot = (hash ^ hash >>> 16) & SLOTS - 1;
    Known found = known[slot];
    if (found != null && areThoseOf(found)) {
      json.raw(found.fields);
      return;
    }
    int from = json.length();
    int letters = 0;
    for (int i = 0; i < values.length; i++) {
      letters += values[i].length();
      if (!values[i].isEmpty()) {
        json.raw(keys[i]);
        json.string(clip(values[i], MAX_NAME));
      }
    }
    if (letters <= MOST && json.length() - from <= MOST) {
      known[slot] =
          new Known(values.clone(), Arrays.copyOfRange(json.array(), from, json.length()));
    }
  }

  private boolean areThoseOf(Known found) {
    String[] others = found.values;
    for (int i = 0; i < values.length; i++) {
      if (values[i] != others[i] && !values[i].equals(others[i])) {
        return false;
      }
    }
    return true;
  }

  /** The beginning of a text that is longer. */
  static String clip(String text, int most) {
    return text.length() <= most ? text : text.substring(0, most);
  }
}
