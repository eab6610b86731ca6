package io.sluice.gateway.exchange;

import io.sluice.api.Status;
import io.sluice.gateway.filter.FilterChain;
import io.sluice.gateway.route.RouteTable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The open calls of one loop that began with the same route table, so that it is known when nothing
 * uses that any more. Used on the loop only.
 */
final class TableCalls {
  private RouteTable table;
  private @Nullable Exchange first;
  private @Nullable Runnable whenOver;

  TableCalls(RouteTable table) {
    this.table = table;
  }

  /** Only what is left of it once it was {@link #settle settled}. */
  RouteTable table() {
    return table;
  }

  /**
   * Lets go of the table if all calls have gone their way: there will be no more that look for one.
   *
   * @return whether they have
   */
  boolean settle() {
    for (Exchange exchange = first; exchange != null; exchange = exchange.next) {
      if (exchange.needsTable()) {
        return false;
      }
    }
    table = table.emptied();
    return true;
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

  /** Adds to each chain how many of the calls go by it. */
  void count(Map<FilterChain, Integer> calls) {
    for (Exchange exchange = first; exchange != null; exchange = exchange.next) {
      calls.merge(exchange.filters().chain(), 1, Integer::sum);
    }
  }

  /** Ends the calls whose chain is one of these, for both of their sides. */
  void end(Predicate<FilterChain> which, Status why) {
    List<Exchange> open = new ArrayList<>();
    for (Exchange exchange = first; exchange != null; exchange = exchange.next) {
      if (which.test(exchange.filters().chain())) {
        open.add(exchange);
      }
    }
    open.forEach(exchange -> exchange.end(why));
  }
}
