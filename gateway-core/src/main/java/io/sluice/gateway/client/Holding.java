package io.sluice.gateway.client;

import io.sluice.gateway.loop.Budget;

/** What one connection to a downstream holds, as the budget of all is told. */
final class Holding {
  private final Budget.Share share;

  /** Bytes of all that is on its way, or kept. */
  private long underWay;

  /** Bytes of a frame or header list that is not complete. */
  private int unread;

  Holding(Budget.Share share) {
    this.share = share;
  }

  /**
   * So many bytes are held beside the others.
   *
   * @return false if that is more than there is for them
   */
  boolean add(int bytes) {
    underWay += bytes;
    return share.holds(underWay + unread);
  }

  /** So many bytes are held no more. */
  void remove(int bytes) {
    underWay -= bytes;
    share.holds(underWay + unread);
  }

  /**
   * So many bytes are there of a frame or header list that is not complete.
   *
   * @return false if that is more than there is for them
   */
  boolean unread(int bytes) {
    unread = bytes;
    return share.holds(underWay + unread);
  }

  int unread() {
    return unread;
  }

  /** The connection is over. */
  void release() {
    share.release();
  }
}
