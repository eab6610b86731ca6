package io.sluice.gateway.server;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * How fast each peer address opens connections to one listener. A peer may open as many at once as
 * it may in a second. An IPv6 peer is its /64 network: one host has all of that. Safe for all
 * threads; used once a connection.
 */
final class PeerRates {
  /** Addresses that are known at most; the one not seen for longest is forgotten. */
  static final int MAX_PEERS = 16 * 1024;

  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
  private static final int IPV6_NETWORK = 8;

  /** What becomes of a connection. */
  enum Verdict {
    TAKE,
    REFUSE,
    /** Refuse, and tell of it: nothing was told for a second. */
    REFUSE_AND_LOG
  }

  /** The connections of one peer. */
  private static final class Rate {
    /** When the peer will have been idle long enough for its connections so far. */
    long paidUntil;

    long loggedAt;
  }

  private final long interval;

  /** The latest time seen; loops tell theirs out of order. */
  private long latest;

  /** Whether there was any. */
  private boolean begun;

  private final Map<Long, Rate> rates =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, Rate> eldest) {
          return size() > MAX_PEERS;
        }
      };

  /**
   * @param perSecond connections of one peer, at least 1
   */
  PeerRates(int perSecond) {
    this.interval = SECOND / perSecond;
  }

  /**
   * A peer has opened a connection.
   *
   * @param at in {@link System#nanoTime()}, by the clock of the loop that it was opened on
   */
  synchronized Verdict opened(InetAddress peer, long at) {
    long now = begun ? latest + Math.max(0, at - latest) : at;
    latest = now;
    begun = true;
    Rate rate = rates.get(key(peer));
    if (rate == null) {
      rate = new Rate();
      rate.paidUntil = now;
      rate.loggedAt = now - SECOND;
      rates.put(key(peer), rate);
    }
    if (rate.paidUntil - now < 0) {
      rate.paidUntil = now;
    }
    if (rate.paidUntil - now <= SECOND - interval) {
      rate.paidUntil += interval;
      return Verdict.TAKE;
    }
    if (now - rate.loggedAt < SECOND) {
      return Verdict.REFUSE;
    }
    rate.loggedAt = now;
    return Verdict.REFUSE_AND_LOG;
  }

  synchronized int size() {
    return rates.size();
  }

  private static long key(InetAddress peer) {
    ByteBuffer bytes = ByteBuffer.wrap(peer.getAddress());
    return bytes.remaining() < IPV6_NETWORK ? bytes.getInt() : bytes.getLong();
  }
}
