package io.sluice.gateway.observe;

import io.micrometer.core.instrument.Timer;
import io.sluice.api.Outcome.Party;
import io.sluice.gateway.call.CallEnd;
import io.sluice.gateway.exchange.StreamObserver;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;

/** What one loop has seen of the streams of one kind. Counted on the loop, read anywhere. */
final class StreamMeters implements StreamObserver {
  static final int OPEN = 0;
  static final int REQUEST_MESSAGES = 1;
  static final int RESPONSE_MESSAGES = 2;
  static final int REQUEST_BYTES = 3;
  static final int RESPONSE_BYTES = 4;
  static final int REQUEST_WAITS = 5;
  static final int RESPONSE_WAITS = 6;

  /** From here on: ended, by {@link Party}. */
  static final int ENDED = 7;

  private final AtomicLongArray counts = new AtomicLongArray(ENDED + Party.values().length);
  private final Timer firstMessage;

  /**
   * @param firstMessage shared by all loops
   */
  StreamMeters(Timer firstMessage) {
    this.firstMessage = firstMessage;
  }

  /** On any thread. */
  long count(int which) {
    return counts.get(which);
  }

  private void add(int which, long more) {
    counts.lazySet(which, counts.getPlain(which) + more);
  }

  @Override
  public void opened() {
    add(OPEN, 1);
  }

  @Override
  public void request(int messages, int bytes) {
    add(REQUEST_MESSAGES, messages);
    add(REQUEST_BYTES, bytes);
  }

  @Override
  public void response(int messages, int bytes) {
    add(RESPONSE_MESSAGES, messages);
    add(RESPONSE_BYTES, bytes);
  }

  @Override
  public void waits(boolean request) {
    add(request ? REQUEST_WAITS : RESPONSE_WAITS, 1);
  }

  @Override
  public void firstMessage(long nanos) {
    firstMessage.record(nanos, TimeUnit.NANOSECONDS);
  }

  @Override
  public void ended(CallEnd end) {
    add(OPEN, -1);
    add(ENDED + end.endedBy().ordinal(), 1);
  }
}
