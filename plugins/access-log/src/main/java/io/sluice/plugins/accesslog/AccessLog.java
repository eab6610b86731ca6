package io.sluice.plugins.accesslog;

import io.sluice.api.AccessLogSink;
import io.sluice.api.Call;
import io.sluice.api.Filter;
import io.sluice.api.FilterContext;
import io.sluice.api.Outcome;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Records how each call ended, and leaves it to a {@link LogWriter} to make a line of it. A call's
 * loop never waits: when the queue is full, the call gets no line and is counted.
 */
final class AccessLog implements Filter {
  private final AccessLogSettings settings;
  private final RecordQueue queue;
  private LogWriter writer;

  AccessLog(AccessLogSettings settings) {
    this.settings = settings;
    this.queue = new RecordQueue(settings.queue());
  }

  @Override
  public void start(FilterContext context) throws Exception {
    FilterContext.Counter dropped =
        context.counter(
            "access_log_dropped",
            "Calls without a line, since the access log's queue was full or its sink failed.");
    writer = LogWriter.start(sink(context), queue, dropped);
  }

  private BatchSink sink(FilterContext context) throws Exception {
    if (settings.file() != null) {
      return LogFile.open(settings.file(), settings);
    }
    AccessLogSink sink = settings.sink().make();
    sink.start(context);
    return BatchSink.of(sink);
  }

  @Override
  public void onComplete(Call call, Outcome outcome) {
    if (!isWanted(outcome)) {
      return;
    }
    switch (queue.offer(call, outcome)) {
      case WAITS -> {} // the writer looks for it by the clock
      case FILLS -> writer.wake();
      case DROPPED -> writer.dropped(1);
    }
  }

  private boolean isWanted(Outcome outcome) {
    return settings.sample() >= 1
        || !outcome.status().isOk()
        || ThreadLocalRandom.current().nextDouble() < settings.sample();
  }

  @Override
  public void stop() {
    writer.stop();
  }
}
