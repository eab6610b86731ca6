package io.sluice.gateway.wire.ttheader;

import io.netty.util.concurrent.FastThreadLocal;
import io.sluice.gateway.call.Headers;

/**
 * Names that came lately by this thread. The same few come with every call: they are not decoded
 * anew, and who looks at them when the call is over finds them at hand.
 */
final class KnownNames {
  private static final FastThreadLocal<KnownNames> OF_THREAD =
      new FastThreadLocal<>() {
        @Override
        protected KnownNames initialValue() {
          return new KnownNames();
        }
      };

  private static final int SLOTS = 512; // a power of 2
  private static final int LONGEST = 64;

  private final String[] known = new String[SLOTS];

  private KnownNames() {}

  /** The value of an entry; bytes that are no UTF-8 show as replacement characters. */
  static String value(Headers headers, int entry) {
    int length = headers.valueLength(entry);
    if (length == 0) {
      return "";
    }
    return length > LONGEST ? headers.value(entry) : OF_THREAD.get().find(headers, entry, length);
  }

  private String find(Headers headers, int entry, int length) {
    byte[] bytes = headers.array();
    int from = headers.valueOffset(entry);
    int hash = 0;
    for (int i = 0; i < length; i++) {
      hash = 31 * hash + bytes[from + i];
    }
    int slot = (hash ^ hash >>> 16) & SLOTS - 1;
    String name = known[slot];
    if (name == null || !isOf(name, bytes, from, length)) {
      name = headers.value(entry);
      known[slot] = name;
    }
    return name;
  }

  /** Of ASCII only: the bytes of other letters are negative. */
  private static boolean isOf(String name, byte[] bytes, int from, int length) {
    if (name.length() != length) {
      return false;
    }
    for (int i = 0; i < length; i++) {
      if (name.charAt(i) != bytes[from + i]) {
        return false;
      }
    }
    return true;
  }
}
