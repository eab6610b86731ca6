package io.sluice.gateway.loop;

import io.netty.buffer.ByteBuf;
import io.netty.util.internal.PlatformDependent;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongFieldUpdater;
import java.util.function.Predicate;

/**
 * How many bytes all connections of the process together hold on to, and how many they may. When
 * they would hold more, the one that holds most is cut, whichever loop it is on. Used by all loops;
 * connections that hold nothing between two reads never touch it.
 */
public final class Budget {
  /** Bytes that a part takes while it waits, beside its own: for its buffer, frame and promise. */
  public static final int PART = 512;

  /**
   * Half of the memory, direct or of the heap, of which there is less: the other half is for what
   * is read and written meanwhile.
   */
  private static final Budget PROCESS =
      new Budget(
          Math.min(PlatformDependent.maxDirectMemory(), Runtime.getRuntime().maxMemory()) / 2);

  /** A connection with so few bytes is never the one to be cut for asking. */
  private static final int ALWAYS_GRANTED = 16 * 1024;

  /** A connection with so many bytes may be cut when another one asks. */
  private static final int LARGE = 64 * 1024;

  /**
   * As long as not more than this part of the limit is held, bytes are not copied to save memory.
   */
  private static final int LITTLE = 16;

  /** What keeps alive not more than this part of its size beside it is not copied to save that. */
  private static final int NEARLY = 4;

  /** Whoever holds memory, as the budget sees it. */
  public interface Holder {
    /** Memory is short, and this is the largest holder: let go of much of it. Runs on its loop. */
    void cut();
  }

  /** One connection's part. Used on its loop only. */
  public final class Share {
    private static final AtomicLongFieldUpdater<Share> HELD =
        AtomicLongFieldUpdater.newUpdater(Share.class, "held");

    private final Executor loop;
    private final Holder holder;

    /** Read by other loops. */
    private volatile long held;

    private boolean large;
    private boolean released;

    /** Its holder is about to be cut; written by other loops. */
    private volatile boolean condemned;

    private Share(Executor loop, Holder holder) {
      this.loop = loop;
      this.holder = holder;
    }

    /**
     * Notes how much the connection holds now.
     *
     * @return false if that is more than there is for it, so that it should be cut
     */
    public boolean holds(long bytes) {
      long change = bytes - held;
      if (change == 0 || released) {
        return true;
      }
      HELD.lazySet(this, bytes);
      if (bytes > LARGE != large) {
        large = !large;
        if (large) {
          largest.add(this);
        } else {
          largest.remove(this);
        }
      }
      long all = total.addAndGet(change);
      return change < 0 || bytes <= ALWAYS_GRANTED || all <= limit || makeRoom(this, all);
    }

    /** The connection is over, and holds nothing any more, whatever it might say after this. */
    public void release() {
      holds(0);
      released = true;
    }

    private void condemn() {
      condemned = true;
      loop.execute(
          () -> {
            condemned = false;
            long all = total.get();
            // Meanwhile it may have let go of all that made it the largest, or others of enough.
            if (held > ALWAYS_GRANTED && all > limit && !makeRoom(this, all)) {
              holder.cut();
            }
          });
    }
  }

  private final long limit;

  /** What may be held for the moment that it takes to cut the largest on another loop. */
  private final long hardLimit;

  private final AtomicLong total = new AtomicLong();

  /** The shares from which room can be made. */
  private final Set<Share> largest = ConcurrentHashMap.newKeySet();

  private final AtomicBoolean searching = new AtomicBoolean();

  Budget(long limit) {
    this.limit = limit;
    this.hardLimit = limit + limit / 4;
  }

  /** The budget of this process. */
  public static Budget ofProcess() {
    return PROCESS;
  }

  /** Bytes that may be held. */
  public long limit() {
    return limit;
  }

  /** Bytes that are held. */
  public long held() {
    return total.get();
  }

  /**
   * Bytes that are held by those of a kind that hold more than 64 KiB each; for a look only.
   *
   * @param kind asked on this thread
   */
  long heldBy(Predicate<Holder> kind) {
    long sum = 0;
    for (Share share : largest) {
      sum += kind.test(share.holder) ? share.held : 0;
    }
    return sum;
  }

  /**
   * A part for a new connection.
   *
   * @param loop runs {@link Holder#cut}
   */
  public Share share(Executor loop, Holder holder) {
    return new Share(loop, holder);
  }

  /**
   * {@link #compact Compacts} a part that may have to wait, unless little is held.
   *
   * @param part handed over
   * @return the part, handed over
   */
  public ByteBuf compactUnlessLittle(ByteBuf part) {
    return total.get() <= limit / LITTLE ? part : compact(part);
  }

  /**
   * Makes a part that has to wait as small as it can be: it may be a slice of a few bytes that
   * keeps alive all that was read with it, of which the budget knows nothing.
   *
   * @param part handed over
   * @return the part, handed over
   */
  public static ByteBuf compact(ByteBuf part) {
    ByteBuf root = part;
    for (ByteBuf under = part; under != null; under = under.unwrap()) {
      root = under;
    }
    int size = part.readableBytes();
    if (root.capacity() - size <= size / NEARLY) {
      return part;
    }
    try {
      return part.alloc().buffer(size).writeBytes(part);
    } finally {
      part.release();
    }
  }

  /** Has the largest holder cut; false if it is the one that asks, or if that would be too late. */
  private boolean makeRoom(Share asking, long all) {
    if (!searching.compareAndSet(false, true)) {
      // Another loop is making room just now.
      return all <= hardLimit;
    }
    try {
      long leaving = 0;
      long most = asking.held;
      Share found = asking;
      for (Share share : largest) {
        long held = share.held;
        if (share.condemned) {
          leaving += held;
        } else if (held > most) {
          most = held;
          found = share;
        }
      }
      if (all - leaving > limit) {
        if (found == asking) {
          return false;
        }
        found.condemn();
      }
      return all <= hardLimit;
    } finally {
      searching.set(false);
    }
  }
}
