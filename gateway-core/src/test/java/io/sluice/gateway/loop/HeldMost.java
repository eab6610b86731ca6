package io.sluice.gateway.loop;

import java.util.concurrent.atomic.AtomicLong;

/**
 * The most bytes that each side of the gateway has held at once, as far as they were looked at. Of
 * connections with less than 64 KiB nothing is seen here but in the sum.
 */
public final class HeldMost {
  private final Budget budget = Budget.ofProcess();
  private final long before = budget.held();
  private final AtomicLong callers = new AtomicLong();
  private final AtomicLong downstreams = new AtomicLong();
  private final AtomicLong all = new AtomicLong();

  /** Looks once more. Safe for all threads. */
  public void look() {
    note(callers, budget.heldBy(holder -> isOf(holder, ".server.")));
    note(downstreams, budget.heldBy(holder -> isOf(holder, ".client.")));
    note(all, budget.held() - before);
  }

  private static boolean isOf(Budget.Holder holder, String side) {
    return holder.getClass().getName().contains(side);
  }

  private static void note(AtomicLong most, long now) {
    most.accumulateAndGet(now, Math::max);
  }

  /** By connections of callers. */
  public long byCallers() {
    return callers.get();
  }

  /** By connections to downstreams. */
  public long byDownstreams() {
    return downstreams.get();
  }

  /** By all of them, and by whatever stands between. */
  public long all() {
    return all.get();
  }
}
