package io.sluice.gateway.translate;

/**
 * The bytes of one direction that are on their way. What comes in is acknowledged as what went out
 * for it is taken, each in the same proportion to the whole: the two differ by prefixes, packing
 * and what a message counts.
 */
final class Credit {
  private long owed;
  private long passed;

  /** How much of what is owed may be acknowledged. */
  private long due;

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
    if (bytes < passed) {
      due += (owed - due) * bytes / passed;
    }
    passed -= bytes;
  }

  /** How many of those that went out have not been taken. */
  long onTheirWay() {
    return passed;
  }

  /** How many more are on their way than whoever sent them waits for: messages may grow. */
  long excess() {
    return Math.max(0, passed - Math.max(0, owed));
  }

  /** How many of those that came in are to be acknowledged now; all, if none is on its way. */
  int due() {
    long now = passed <= 0 ? owed : due;
    owed -= now;
    due = 0;
    return (int) now;
  }
}
