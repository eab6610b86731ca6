package io.sluice.gateway.loop;

import io.netty.util.internal.PlatformDependent;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How many bytes all connections of the process together hold on to, and how many they may. Used by
 * all loops; connections that hold nothing between two reads never touch it.
 */
public final class Budget {
  /**
   * Half of the memory, direct or of the heap, of which there is less: the other half is for what
   * is read and written meanwhile.
   */
  private static final Budget PROCESS =
      new Budget(
          Math.min(PlatformDependent.maxDirectMemory(), Runtime.getRuntime().maxMemory()) / 2);

  /** A connection with so few bytes is never the one to be cut. */
  private static final int ALWAYS_GRANTED = 16 * 1024;

  /** One connection's part. Used on its loop only. */
  public final class Share {
    private long held;

    private Share() {}

    /**
     * Notes how much the connection holds now.
     *
     * @return false if that is more than there is for it, so that it should be cut
     */
    public boolean holds(long bytes) {
      long change = bytes - held;
      if (change == 0) {
        return true;
      }
      held = bytes;
      long all = total.addAndGet(change);
      return change < 0 || bytes <= ALWAYS_GRANTED || all <= limit;
    }

    /** The connection holds nothing any more. */
    public void release() {
      holds(0);
    }
  }

  private final long limit;
  private final AtomicLong total = new AtomicLong();

  private Budget(long limit) {
    this.limit = limit;
  }

  /** The budget of this process. */
  public static Budget ofProcess() {
    return PROCESS;
  }

  /** A part for a new connection. */
  public Share share() {
    return new Share();
  }
}
