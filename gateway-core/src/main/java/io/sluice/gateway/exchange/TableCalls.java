package io.sluice.gateway.exchange;

import io.sluice.api.Status;
import io.sluice.gateway.route.RouteTable;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The open calls of one loop that began with the same route table, so that it is known when nothing
 * uses that any more. Used on the loop only.
 */
final class TableCalls {
  private final RouteTable table;
  private @Nullable Exchange first;
  private @Nullable Runnable whenOver;

  TableCalls(RouteTable table) {
    this.table = table;
  }

  RouteTable table() {
    return table;
  }

  boolean isOver() {
    return first == null;
  }

  void began(Exchange exchange) {
    exchange.next = first;
    if (first != null) {
      first.previous = exchange;
    }
    first = exchange;
  }

  void ended(Exchange exchange) {
    if (exchange.previous != null) {
      exchange.previous.next = exchange.next;
    } else {
      first = exchange.next;
    }
    if (exchange.next != null) {
      exchange.next.previous = exchange.previous;
    }
    exchange.next = null;
    exchange.previous = null;
    if (first == null && whenOver != null) {
      whenOver.run();
      whenOver = null;
    }
  }

  /** Runs this when the last call has ended. To be asked once, while there is one. */
  void whenOver(Runnable run) {
    whenOver = run;
  }

  /** Ends all calls for both of their sides. */
  void end(Status why) {
    List<Exchange> open = new ArrayList<>();
    for (Exchange exchange = first; exchange != null; exchange = exchange.next) {
      open.add(exchange);
    }
    open.forEach(exchange -> exchange.end(why));
  }
}
