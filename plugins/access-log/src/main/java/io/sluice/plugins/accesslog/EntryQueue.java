package io.sluice.plugins.accesslog;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Entries on their way from many loops to one writer: a stack of linked entries, taken whole and
 * turned round. Nobody waits for anybody, and an entry is its own link, so that an offer allocates
 * nothing.
 */
final class EntryQueue {
  private final int capacity;
  private final AtomicReference<@Nullable Entry> top = new AtomicReference<>();

  EntryQueue(int capacity) {
    this.capacity = capacity;
  }

  /**
   * Adds an entry, on any thread.
   *
   * @return false if as many as may wait are waiting already
   */
  boolean offer(Entry entry) {
    while (true) {
      Entry below = top.get();
      int depth = below == null ? 1 : below.depth + 1;
      if (depth > capacity) {
        return false;
      }
      entry.next = below;
      entry.depth = depth;
      if (top.compareAndSet(below, entry)) {
        return true;
      }
    }
  }

  /**
   * Takes all that wait.
   *
   * @return the first that was offered, with the others behind it by {@link Entry#next}; null if
   *     there is none
   */
  @Nullable Entry takeAll() {
    Entry taken = top.get() == null ? null : top.getAndSet(null);
    Entry first = null;
    while (taken != null) {
      Entry below = taken.next;
      taken.next = first;
      first = taken;
      taken = below;
    }
    return first;
  }
}
