package io.sluice.plugins.accesslog;

import io.sluice.api.Call;
import io.sluice.api.Outcome;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * Calls on their way from many loops to one writer. A loop records its calls in a buffer that is
 * mostly its own, and the writer changes a full buffer for an empty one. Nobody waits for anybody:
 * a buffer that another thread has in hand is left alone, and the next one is taken.
 */
final class RecordQueue {
  /** Some times as many as there are loops, so that two seldom come for the same; a power of 2. */
  private static final int BUFFERS =
      Integer.highestOneBit(4 * Runtime.getRuntime().availableProcessors());

  private static final long BYTES_A_CALL = 1024;
  private static final long MOST_BYTES = 256 << 20;

  private final int capacity;
  private final int mostBytes;
  private final Buffer[] buffers =
      IntStream.range(0, BUFFERS).mapToObj(i -> new Buffer()).toArray(Buffer[]::new);

  /** Of the writer: takes the place of what it takes. */
  private Records empty = new Records();

  /**
   * @param capacity how many calls a buffer may hold, of 1 KiB on the average; at least 2
   */
  RecordQueue(int capacity) {
    this.capacity = capacity;
    this.mostBytes = (int) Math.min(capacity * BYTES_A_CALL, MOST_BYTES);
  }

  /** What became of a call. */
  enum Offer {
    WAITS,
    /** It waits, and the writer should not wait for its time. */
    FILLS,
    /** As many as may wait are waiting already. */
    DROPPED
  }

  /** Adds a call, on any thread. */
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
   * @param to gets records that are gone when it returns
   */
  void drain(Consumer<Records> to) {
    for (Buffer buffer : buffers) {
      Records full = buffer.change(empty);
      if (full != empty) {
        to.accept(full);
        full.clear();
        empty = full;
      }
    }
  }

  private static final class Buffer {
    private final AtomicBoolean inHand = new AtomicBoolean();
    private final Recorder recorder = new Recorder();
    private Records records = new Records();

    boolean enter() {
      return !inHand.getPlain() && inHand.compareAndSet(false, true);
    }

    void leave() {
      inHand.setRelease(false);
    }

    Offer add(Call call, Outcome outcome, int most, int mostBytes) {
      if (records.size() >= most || records.bytes() >= mostBytes) {
        return Offer.DROPPED;
      }
      int bytes = records.bytes();
      recorder.record(call, outcome, records);
      boolean fills =
          records.size() == most / 2 || bytes < mostBytes / 2 && records.bytes() >= mostBytes / 2;
      return fills ? Offer.FILLS : Offer.WAITS;
    }

    /** What is in it, in whose place this comes; the same if there is nothing. */
    Records change(Records empty) {
      while (!enter()) {
        Thread.onSpinWait();
      }
      try {
        if (records.size() == 0) {
          return empty;
        }
        Records full = records;
        records = empty;
        return full;
      } finally {
        leave();
      }
    }
  }
}
