package io.sluice.interop.soak;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** The times in which downstreams were not there, when calls may fail. Safe for all threads. */
final class Trouble {
  /** Until on a busy machine all have seen that a downstream was gone, and is back. */
  private static final Duration RECOVERY = Duration.ofSeconds(Soak.pick(10, 5));

  private record Span(long from, long to) {}

  private final List<Span> past = new CopyOnWriteArrayList<>();
  private volatile long since = Long.MAX_VALUE;

  /** Restarts a downstream, or does whatever else it is that calls may suffer from. */
  void during(Runnable restart) {
    since = System.currentTimeMillis();
    restart.run();
    past.add(new Span(since, System.currentTimeMillis() + RECOVERY.toMillis()));
    since = Long.MAX_VALUE;
  }

  /** Whether there was any between these times, in milliseconds since 1970. */
  boolean touches(long from, long to) {
    return since <= to || past.stream().anyMatch(span -> span.from <= to && span.to >= from);
  }
}
