package io.sluice.plugins.accesslog;

import io.sluice.api.Call;

/**
 * Fields that most calls have in common with one that came lately: they are written once and then
 * handed out again. Used by one thread at a time.
 *
 * @param <K> what tells whether a call has the same
 */
abstract class KnownFields<K> {
  /** Letters of a value that are written at most. */
  static final int MAX_NAME = 256;

  /** Bytes that are kept of a call, and letters: strangers choose some of them. */
  private static final int MOST = 1024;

  private final Object[] keys;
  private final byte[][] fields;

  /**
   * @param slots how many are known at most; a power of 2
   */
  KnownFields(int slots) {
    keys = new Object[slots];
    fields = new byte[slots][];
  }

  /**
   * The fields of this call.
   *
   * @param own where they are written, behind what is there, if they are not known
   */
  @SuppressWarnings("unchecked") // what is there has come from keyOf()
  final byte[] of(Call call, JsonBytes own) {
    int hash = hash(call);
    int slot = (hash ^ hash >>> 16) & keys.length - 1;
    K key = (K) keys[slot];
    if (key != null && isOf(key, call)) {
      return fields[slot];
    }
    int from = own.length();
    write(call, own);
    byte[] written = own.copy(from);
    if (written.length <= MOST && letters(call) <= MOST) {
      keys[slot] = keyOf(call);
      fields[slot] = written;
    }
    return written;
  }

  /** The same for calls that have the same; another one for most others. */
  abstract int hash(Call call);

  abstract boolean isOf(K key, Call call);

  abstract K keyOf(Call call);

  /** Of all that such a key holds fast, in letters: more than is written, if that is cut. */
  abstract int letters(Call call);

  /** Writes the fields, as they stand behind another one. */
  abstract void write(Call call, JsonBytes to);

  /** Mostly the same object: to look at that alone is to be spared what it says. */
  static boolean same(String a, String b) {
    return a == b || a.equals(b);
  }
}
