package io.sluice.gateway.translate;

/**
 * The bytes of one direction that are on their way. What comes in is acknowledged as what went out
 * for it is taken; the two differ by prefixes and packing, so never more stays unacknowledged than
 * has gone out and is not taken.
 */
final class Credit {
  private long owed;
  private long passed;

  /** So many bytes have come in. */
  void came(int bytes) {
    owed += bytes;
  }

  /** So many have gone out. */
  void went(int bytes) {
    passed += bytes;
  }

  /** So many of those that went out have been taken. */
  void taken(int bytes) {
    passed -= bytes;
  }

  /** How many more are on their way than whoever sent them waits for: packed messages grow. */
  long excess() {
    return Math.max(0, passed - Math.max(0, owed));
  }

  /** How many of those that came in are to be acknowledged now. */
  int due() {
    long due = owed - Math.max(0, passed);
    if (due <= 0) {
      return 0;
    }
    owed -= due;
    return (int) due;
  }
}
