package io.sluice.plugins.accesslog;

import io.sluice.api.Call;
import io.sluice.api.Outcome;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * Lines on their way from many loops to one writer. A loop writes its lines into a buffer that is
 * mostly its own, while all that they say is at hand, and the writer changes a full buffer for an
 * empty one. Nobody waits for anybody: a buffer that another thread has in hand is left alone, and
 * the next one is taken.
 */
final class LineQueue {
  /** Some times as many as there are loops, so that two seldom come for the same; a power of 2. */
  private static final int BUFFERS =
      Integer.highestOneBit(4 * Runtime.getRuntime().availableProcessors());

  private static final int INITIAL = 1024;
  private static final long BYTES_A_LINE = 1024;
  private static final long MOST_BYTES = 256 << 20;

  private final int capacity;
  private final int mostBytes;
  private final Buffer[] buffers =
      IntStream.range(0, BUFFERS).mapToObj(i -> new Buffer()).toArray(Buffer[]::new);

  /** Of the writer: takes the place of what it takes. */
  private JsonBytes empty = new JsonBytes(INITIAL);

  /**
   * @param capacity how many lines a buffer may hold, of 1 KiB on the average
   */
  LineQueue(int capacity) {
    this.capacity = capacity;
    this.mostBytes = (int) Math.min(capacity * BYTES_A_LINE, MOST_BYTES);
  }

  /** What became of a line. */
  enum Offer {
    WAITS,
    /** It waits, and there is enough for the writer to do. */
    FILLS,
    /** As many as may wait are waiting already. */
    DROPPED
  }

  /** Adds a call's line, on any thread. */
  Offer offer(Call call, Outcome outcome) {
    for (int i = (int) Thread.currentThread().getId(); ; i++) {
      Buffer buffer = buffers[i & BUFFERS - 1];
      if (buffer.enter()) {
        try {
          return buffer.add(call, outcome, capacity, mostBytes);
        } finally {
          buffer.leave();
        }
      }
    }
  }

  /**
   * Hands over all that waits; by one thread at a time.
   *
   * @param to gets whole lines, which are gone when it returns
   */
  void drain(Consumer<JsonBytes> to) {
    for (Buffer buffer : buffers) {
      JsonBytes full = buffer.change(empty);
      if (full != empty) {
        to.accept(full);
        full.cut(0);
        empty = full;
      }
    }
  }

  private static final class Buffer {
    private final AtomicBoolean inHand = new AtomicBoolean();
    private final LineFormat format = new LineFormat();
    private JsonBytes lines = new JsonBytes(INITIAL);
    private int count;

    boolean enter() {
      return !inHand.getPlain() && inHand.compareAndSet(false, true);
    }

    void leave() {
      inHand.setRelease(false);
    }

    Offer add(Call call, Outcome outcome, int most, int mostBytes) {
      int before = lines.length();
      if (count >= most || before >= mostBytes) {
        return Offer.DROPPED;
      }
      boolean whole = false;
      try {
        format.write(call, outcome, lines);
        whole = true;
      } finally {
        if (!whole) {
          lines.cut(before);
        }
      }
      count++;
      return before < LogWriter.BATCH && lines.length() >= LogWriter.BATCH
          ? Offer.FILLS
          : Offer.WAITS;
    }

    /** What is in it, in whose place this comes; the same if there is nothing. */
    JsonBytes change(JsonBytes empty) {
      while (!enter()) {
        Thread.onSpinWait();
      }
      try {
        if (count == 0) {
          return empty;
        }
        JsonBytes full = lines;
        lines = empty;
        count = 0;
        return full;
      } finally {
        leave();
      }
    }
  }
}
