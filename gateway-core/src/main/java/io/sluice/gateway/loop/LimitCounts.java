package io.sluice.gateway.loop;

import java.util.concurrent.atomic.AtomicLongArray;

/** How often the connections of one loop met each limit. Counted on the loop, read anywhere. */
public final class LimitCounts {
  private final AtomicLongArray counts = new AtomicLongArray(Limit.values().length);

  LimitCounts() {}

  /** A connection has met this limit. */
  public void met(Limit limit) {
    int i = limit.ordinal();
    counts.lazySet(i, counts.getPlain(i) + 1);
  }

  /** How often so far; on any thread. */
  public long count(Limit limit) {
    return counts.get(limit.ordinal());
  }
}
