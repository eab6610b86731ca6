package io.sluice.gateway.exchange;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.sluice.api.Status;
import io.sluice.gateway.call.CallEnd;
import io.sluice.gateway.loop.Budget;
import io.sluice.gateway.loop.Limit;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Events of one direction that wait: for a filter's answer, or for their time. Bounded by what the
 * sender may send before it hears that something was taken, and counted as the sender's. After the
 * end of a response there is no sender any more, so from then on this counts it.
 */
final class Held implements Budget.Holder {
  /** Parts of one message that are as small together become one: each has its price. */
  private static final int SMALL = 1024;

  /**
   * One event.
   *
   * @param part a part of a message, or null
   * @param endOfMessage goes with the part
   * @param messages how many begin in the part, where that is known
   * @param end of the response, or null; with neither part nor end it is a half close
   */
  record Event(@Nullable ByteBuf part, boolean endOfMessage, int messages, @Nullable CallEnd end) {
    private static final Event HALF_CLOSE = new Event(null, false, 0, null);
  }

  private final Exchange exchange;
  private final ArrayDeque<Event> events = new ArrayDeque<>(4);
  private long bytes;

  /** Made of small parts, and the last of all; null if the last is as it came. */
  private @Nullable ByteBuf joined;

  /** Of what is left of a response that has ended; null before. */
  private Budget.@Nullable Share share;

  Held(Exchange exchange) {
    this.exchange = exchange;
  }

  void data(ByteBuf part, boolean endOfMessage) {
    data(part, endOfMessage, 0);
  }

  /**
   * @param part handed over
   */
  void data(ByteBuf part, boolean endOfMessage, int messages) {
    bytes += part.readableBytes();
    Event last = events.peekLast();
    if (last != null
        && last.part != null
        && !last.endOfMessage
        && last.part.readableBytes() + part.readableBytes() <= SMALL) {
      events.removeLast();
      join(last.part, part);
      events.add(new Event(joined, endOfMessage, last.messages + messages, null));
    } else {
      joined = null;
      events.add(new Event(part, endOfMessage, messages, null));
    }
  }

  private void join(ByteBuf last, ByteBuf part) {
    if (last != joined) {
      joined = ByteBufAllocator.DEFAULT.buffer(SMALL, SMALL).writeBytes(last);
      last.release();
    }
    joined.writeBytes(part);
    part.release();
  }

  /**
   * @param end of the response; null for a half close
   */
  void end(@Nullable CallEnd end) {
    events.add(end == null ? Event.HALF_CLOSE : new Event(null, false, 0, end));
    if (end != null && bytes > 0) {
      share = Budget.ofProcess().share(exchange.loop().eventLoop(), this);
      if (!share.holds(bytes)) {
        cut();
      }
    }
  }

  @Override
  public void cut() {
    exchange.loop().limits().met(Limit.MEMORY);
    exchange.end(
        CallEnd.of(
            exchange.call(),
            Status.overLimit("memory is short, and " + bytes + " bytes of an answer wait")));
    release();
  }

  boolean isEmpty() {
    return events.isEmpty();
  }

  /** How many events there are. */
  int size() {
    return events.size();
  }

  /** Bytes of all parts. */
  long bytes() {
    return bytes;
  }

  @Nullable Event peek() {
    return events.peek();
  }

  @Nullable Event poll() {
    Event event = events.poll();
    if (event != null && event.part != null) {
      bytes -= event.part.readableBytes();
      if (share != null) {
        share.holds(bytes);
      }
    }
    return event;
  }

  void release() {
    for (Event event : events) {
      if (event.part != null) {
        event.part.release();
      }
    }
    events.clear();
    bytes = 0;
    if (share != null) {
      share.release();
    }
  }
}
