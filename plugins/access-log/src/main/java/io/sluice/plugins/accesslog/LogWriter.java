package io.sluice.plugins.accesslog;

import io.sluice.api.FilterContext;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread that makes lines of calls and hands them to the sink. It looks for calls by the
 * clock, so that a loop pays for waking it only where there are very many.
 */
final class LogWriter implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(LogWriter.class);
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
  private static final long COMPLAIN_NANOS = TimeUnit.SECONDS.toNanos(10);
  private static final long STOP_MILLIS = 1000;

  /**
   * Bytes that are written at once, at most but for one line: a file may become larger than it
   * should by so many. Smaller writes cost the kernel more for each byte, and larger ones crowd the
   * loops' data out of the processor's caches.
   */
  private static final int BATCH = 60 << 10;

  private final BatchSink sink;
  private final FilterContext.Counter counter;
  private final RecordQueue queue;
  private final LineFormat format = new LineFormat();
  private final JsonBytes lines = new JsonBytes(2 * BATCH);
  private final Thread thread = new Thread(this, "access-log");
  private final LongAdder dropped = new LongAdder();
  private volatile boolean stopping;

  /** Nobody waits for it any more, so it writes no more. */
  private volatile boolean abandoned;

  private long droppedBefore;

  /** Why the sink has last lost lines; null if it has not since the last complaint. */
  private @Nullable Throwable failure;

  private long complainedAt = System.nanoTime() - COMPLAIN_NANOS;

  private LogWriter(BatchSink sink, RecordQueue queue, FilterContext.Counter counter) {
    this.sink = sink;
    this.counter = counter;
    this.queue = queue;
  }

  /**
   * @param sink has been started; handed over
   * @param dropped counts calls without a line
   */
  static LogWriter start(BatchSink sink, RecordQueue queue, FilterContext.Counter dropped) {
    LogWriter writer = new LogWriter(sink, queue, dropped);
    writer.thread.setDaemon(true);
    writer.thread.start();
    return writer;
  }

  /** So many calls have no line; said on any thread, and logged by this one. */
  void dropped(int calls) {
    dropped.add(calls);
    counter.add(calls);
  }

  /** There is much to write. On any thread. */
  void wake() {
    LockSupport.unpark(thread);
  }

  /** Writes what waits, for a second at most, and stops the sink. Blocks. */
  void stop() {
    stopping = true;
    wake();
    try {
      thread.join(STOP_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (thread.isAlive()) {
      abandoned = true;
      thread.interrupt();
      LOG.warn("the access log's sink is too slow: its last lines are lost");
    }
  }

  @Override
  public void run() {
    try {
      while (true) {
        // Before looking: what was offered before the stop is seen then.
        boolean last = stopping;
        queue.drain(this::write);
        complain(last);
        if (last) {
          return;
        }
        LockSupport.parkNanos(LOOK_NANOS);
      }
    } finally {
      stopSink();
    }
  }

  private void write(Records records) {
    int first = 0;
    for (int i = 0; i < records.size(); i++) {
      format.write(records, i, lines);
      if (lines.length() >= BATCH || i == records.size() - 1) {
        write(new Batch(lines.array(), lines.length(), i + 1 - first));
        lines.cut(0);
        first = i + 1;
      }
    }
  }

  private void write(Batch batch) {
    if (abandoned) {
      dropped(batch.lines());
      return;
    }
    try {
      sink.write(batch);
    } catch (Throwable e) { // it may be another plugin's
      dropped(batch.lines());
      failure = e;
    }
  }

  private void stopSink() {
    try {
      sink.stop();
    } catch (Throwable e) { // as above
      LOG.atError().setMessage("the access log's sink did not stop as it should").setCause(e).log();
    }
  }

  /** Says how many lines were dropped, but not too often. */
  private void complain(boolean last) {
    long all = dropped.sum();
    long now = System.nanoTime();
    if (all > droppedBefore && (last || now - complainedAt >= COMPLAIN_NANOS)) {
      LOG.atWarn()
          .setMessage("the access log {}: {} calls have no line")
          .addArgument(failure == null ? "cannot keep up" : "fails")
          .addArgument(all - droppedBefore)
          .setCause(failure)
          .log();
      failure = null;
      droppedBefore = all;
      complainedAt = now;
    }
  }
}
