package io.sluice.interop.soak;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** The times in which downstreams were not there, when calls may fail. Safe for all threads. */
final class Trouble {
  /** Until on a busy machine all have seen that a downstream was gone, and is back. */
  static final Duration RECOVERY = Duration.ofSeconds(5);

  /** Shorter times between two troubles tell nothing. */
  private static final long SHORTEST_CALM_MILLIS = 2000;

  /** In milliseconds since 1970. */
  record Span(long from, long to) {}

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

  /** The times between these in which there was none, when it is over. */
  List<Span> calm(long from, long to) {
    List<Span> calm = new ArrayList<>();
    long end = from;
    for (Span span : past) {
      add(calm, end, span.from);
      end = Math.max(end, span.to);
    }
    add(calm, end, to);
    return calm;
  }

  private static void add(List<Span> calm, long from, long to) {
    if (to - from >= SHORTEST_CALM_MILLIS) {
      calm.add(new Span(from, to));
    }
  }
}
