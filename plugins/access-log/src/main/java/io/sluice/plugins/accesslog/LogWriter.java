package io.sluice.plugins.accesslog;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread that turns entries into lines of the file. It looks for them by the clock, so that
 * no loop pays for waking it.
 */
final class LogWriter implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(LogWriter.class);
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
  private static final long COMPLAIN_NANOS = TimeUnit.SECONDS.toNanos(10);
  private static final long STOP_MILLIS = 1000;

  /** Lines that are written at once; a file may become larger than it should by so many. */
  private static final int BATCH = 64;

  private final LogFile file;
  private final EntryQueue queue;
  private final Thread thread = new Thread(this, "access-log");
  private final JsonLines lines = new JsonLines();
  private final LongAdder dropped = new LongAdder();
  private volatile boolean stopping;
  private long droppedBefore;
  private long complainedAt = System.nanoTime() - COMPLAIN_NANOS;

  private LogWriter(LogFile file, EntryQueue queue) {
    this.file = file;
    this.queue = queue;
  }

  /**
   * @param file handed over
   */
  static LogWriter start(LogFile file, EntryQueue queue) {
    LogWriter writer = new LogWriter(file, queue);
    writer.thread.setDaemon(true);
    writer.thread.start();
    return writer;
  }

  /** An entry did not fit into the queue; said on any thread, and logged by this one. */
  void dropped() {
    dropped.increment();
  }

  /** Writes what waits, for a second at most, and closes the file. Blocks. */
  void stop() {
    stopping = true;
    LockSupport.unpark(thread);
    try {
      thread.join(STOP_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (thread.isAlive()) {
      LOG.warn("the access log's file is too slow: its last lines are lost");
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
      file.close();
    }
  }

  private void write(Entry first) {
    for (Entry entry = first; entry != null; entry = entry.next) {
      lines.add(entry);
      if (lines.count() == BATCH) {
        file.write(lines.take());
      }
    }
    if (lines.count() > 0) {
      file.write(lines.take());
    }
  }

  /** Says how many lines were dropped, but not too often. */
  private void complain(boolean last) {
    long all = dropped.sum();
    long now = System.nanoTime();
    if (all > droppedBefore && (last || now - complainedAt >= COMPLAIN_NANOS)) {
      LOG.atWarn()
          .setMessage("the access log cannot keep up: {} calls have no line")
          .addArgument(all - droppedBefore)
          .log();
      droppedBefore = all;
      complainedAt = now;
    }
  }
}
