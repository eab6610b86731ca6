package io.sluice.gateway.exchange;

import io.netty.buffer.ByteBuf;
import io.sluice.api.Status;
import io.sluice.gateway.call.CallEnd;
import io.sluice.gateway.route.StreamRate;
import org.jspecify.annotations.Nullable;

/**
 * Keeps one direction of a stream to its rate. What comes too early waits here until its time, and
 * its sender waits too, as far as nobody else has to wait with it. Exists only where a route sets a
 * rate.
 *
 * <p>A part passes when something may pass at all, and is paid for as a whole, so that parts of any
 * size get on; within a message only its bytes count.
 */
final class Pace {
  /**
   * What may wait of a stream whose sender is not held up, as others would be with it: then it is
   * ended.
   */
  private static final int MAX_AHEAD = 256 * 1024;

  private static final int MAX_MESSAGES_AHEAD = 1024;

  private final Way way;
  private final StreamWatch watch;
  private final StreamRate limit;
  private final Rate messages;
  private final Rate bytes;
  private final Held held;

  Pace(Way way, StreamWatch watch, StreamRate limit) {
    this.way = way;
    this.watch = watch;
    this.limit = limit;
    this.messages = new Rate(limit.messages(), watch.now());
    this.bytes = new Rate(limit.bytes(), watch.now());
    this.held = new Held(way.exchange());
  }

  /** Whether something waits for its time. */
  boolean waits() {
    return !held.isEmpty();
  }

  /**
   * A part has come.
   *
   * @param part taken over unless it passes
   * @param begun how many messages begin in it
   * @return whether it passes now
   */
  boolean part(ByteBuf part, boolean endOfMessage, int begun) {
    if (held.isEmpty()) {
      long now = watch.now();
      long next = next(begun, now);
      if (next <= now) {
        spend(part, begun, now);
        return true;
      }
      if (limit.ends()) {
        part.release();
        over("more than " + limit + " (" + limit.key() + ")");
        return false;
      }
      watch.waits(way.isRequest(), next);
    }
    held.data(part, endOfMessage, begun);
    if (!way.senderWaits() && (held.bytes() > MAX_AHEAD || held.size() > MAX_MESSAGES_AHEAD)) {
      over(
          "more than "
              + limit
              + " ("
              + limit.key()
              + "), and others share the connection of the stream");
    }
    return false;
  }

  private void over(String why) {
    Exchange exchange = way.exchange();
    exchange.end(CallEnd.of(exchange.call(), Status.overLimit(why)));
  }

  /** Nothing more comes; whether that is passed on now. */
  boolean end(@Nullable CallEnd end) {
    if (held.isEmpty()) {
      return true;
    }
    held.end(end);
    return false;
  }

  /** Passes on what has its time; tells the watch when the next will have. */
  void drain() {
    if (held.isEmpty()) {
      return;
    }
    for (Held.Event event = held.peek(); event != null; event = held.peek()) {
      if (event.part() != null) {
        long now = watch.now();
        long next = next(event.messages(), now);
        if (next > now) {
          watch.wakes(next);
          return;
        }
        spend(event.part(), event.messages(), now);
      }
      held.poll();
      pass(event);
    }
    way.senderGoesOn();
  }

  private void pass(Held.Event event) {
    if (event.part() == null) {
      way.passEnd(event.end());
    } else {
      way.pass(event.part(), event.endOfMessage());
    }
  }

  private long next(int begun, long now) {
    long ofBytes = bytes.next(now);
    return begun > 0 ? Math.max(ofBytes, messages.next(now)) : ofBytes;
  }

  private void spend(ByteBuf part, int begun, long now) {
    messages.spend(begun, now);
    bytes.spend(part.readableBytes(), now);
  }

  void release() {
    held.release();
  }
}
