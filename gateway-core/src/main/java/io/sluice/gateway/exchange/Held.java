package io.sluice.gateway.exchange;

import io.netty.buffer.ByteBuf;
import io.netty.util.ReferenceCountUtil;
import io.sluice.gateway.call.CallEnd;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Events of one direction that wait for a filter's answer. Bounded by what the sender may send
 * before it hears that something was taken.
 */
final class Held {

  /**
   * One event.
   *
   * @param part a part of a message, or null
   * @param endOfMessage goes with the part
   * @param end of the response, or null; with neither part nor end it is a half close
   */
  record Event(@Nullable ByteBuf part, boolean endOfMessage, @Nullable CallEnd end) {}

  private final ArrayDeque<Event> events = new ArrayDeque<>(4);

  void data(ByteBuf part, boolean endOfMessage) {
    events.add(new Event(part, endOfMessage, null));
  }

  void halfClose() {
    events.add(new Event(null, false, null));
  }

  void end(CallEnd end) {
    events.add(new Event(null, false, end));
  }

  @Nullable Event poll() {
    return events.poll();
  }

  void release() {
    for (Event event : events) {
      ReferenceCountUtil.release(event.part());
    }
    events.clear();
  }
}
