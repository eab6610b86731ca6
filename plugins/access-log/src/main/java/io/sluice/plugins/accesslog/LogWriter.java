package io.sluice.plugins.accesslog;

import io.sluice.api.AccessLogSink;
import io.sluice.api.FilterContext;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread that turns entries into lines for the sink. It looks for them by the clock, so
 * that no loop pays for waking it.
 */
final class LogWriter implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(LogWriter.class);
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
  private static final long COMPLAIN_NANOS = TimeUnit.SECONDS.toNanos(10);
  private static final long STOP_MILLIS = 1000;

  /** Lines that are written at once; a file may become larger than it should by so many. */
  private static final int BATCH = 128;

  private final AccessLogSink sink;
  private final FilterContext.Counter counter;
  private final EntryQueue queue;
  private final Thread thread = new Thread(this, "access-log");
  private final JsonLines lines = new JsonLines();
  private final LongAdder dropped = new LongAdder();
  private volatile boolean stopping;

  /** Nobody waits for it any more, so it writes no more. */
  private volatile boolean abandoned;

  private long droppedBefore;

  /** Why the sink has last lost lines; null if it has not since the last complaint. */
  private @Nullable Throwable failure;

  private long complainedAt = System.nanoTime() - COMPLAIN_NANOS;

  private LogWriter(AccessLogSink sink, EntryQueue queue, FilterContext.Counter counter) {
    this.sink = sink;
    this.counter = counter;
    this.queue = queue;
  }

  /**
   * @param sink has been started; handed over
   * @param dropped counts calls without a line
   */
  static LogWriter start(AccessLogSink sink, EntryQueue queue, FilterContext.Counter dropped) {
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

  /** Writes what waits, for a second at most, and stops the sink. Blocks. */
  void stop() {
    stopping = true;
    LockSupport.unpark(thread);
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
        Entry first = queue.takeAll();
        if (first != null) {
          write(first);
        }
        complain(last);
        if (last) {
          return;
        }
        if (first == null) {
          LockSupport.parkNanos(LOOK_NANOS);
        }
      }
    } finally {
      stopSink();
    }
  }

  private void write(Entry first) {
    for (Entry entry = first; entry != null; entry = entry.next) {
      lines.add(entry);
      if (lines.count() == BATCH) {
        writeLines();
      }
    }
    if (lines.count() > 0) {
      writeLines();
    }
  }

  private void writeLines() {
    int calls = lines.count();
    byte[] bytes = lines.take();
    if (abandoned) {
      dropped(calls);
      return;
    }
    try {
      sink.write(bytes);
    } catch (Throwable e) { // it may be another plugin's
      dropped(calls);
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
