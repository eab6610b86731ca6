package io.sluice.gateway.server;

import io.sluice.gateway.loop.Timers;

/**
 * Sees a caller that grants no flow-control credit while answers wait for it. One that takes
 * something on any of its streams now and then may let the others wait as long as it likes.
 */
final class WindowWatch extends Timers.Timer {
  /** How often it looks within the timeout. */
  private static final int LOOKS = 4;

  private final ListenerContext listener;
  private final Runnable stalled;
  private final long lookNanos;

  /** Bytes of answers that have not left. */
  private long waiting;

  private boolean moved;
  private int looksWithoutMove;

  /**
   * @param stalled run when nothing has moved for the listener's {@code windowTimeout}
   */
  WindowWatch(ListenerContext listener, Runnable stalled) {
    this.listener = listener;
    this.stalled = stalled;
    this.lookNanos = listener.limits().windowTimeout().toNanos() / LOOKS;
  }

  /** Bytes of answers that have not left. */
  long waiting() {
    return waiting;
  }

  void waits(int bytes) {
    waiting += bytes;
    if (!isSet()) {
      looksWithoutMove = 0;
      listener.loop().timers().set(this, lookNanos);
    }
  }

  /** So many bytes have left, or never will. */
  void left(int bytes) {
    waiting -= bytes;
    moved = true;
  }

  void stop() {
    listener.loop().timers().cancel(this);
  }

  @Override
  protected void fire() {
    if (waiting == 0) {
      return;
    }
    looksWithoutMove = moved ? 0 : looksWithoutMove + 1;
    moved = false;
    if (looksWithoutMove == LOOKS) {
      stalled.run();
    } else {
      listener.loop().timers().set(this, lookNanos);
    }
  }
}
