package io.sluice.gateway.exchange;

import io.sluice.api.Status;
import io.sluice.gateway.call.BegunCall;
import io.sluice.gateway.call.CallGuard;
import io.sluice.gateway.call.CallHandler;
import io.sluice.gateway.call.ResponseSink;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.filter.FilterChain;
import io.sluice.gateway.loop.Loop;
import io.sluice.gateway.route.RouteTable;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Begins an {@link Exchange} for every call of one loop. */
public final class Exchanges implements CallHandler {
  /** What a ping-pong call has when neither caller nor route says otherwise. */
  public static final long DEFAULT_TIMEOUT_NANOS = TimeUnit.SECONDS.toNanos(10);

  private final Loop loop;
  private final Supplier<RouteTable> routes;
  private final Dialer dialer;
  private final CallObserver observer;
  private final CallGuard guard;

  /** Of the table in force when the last call began; null before the first. */
  private @Nullable TableCalls calls;

  /** Of tables before that, so far as they have calls. */
  private final List<TableCalls> earlier = new ArrayList<>();

  /**
   * @param routes gives the table in force; each call keeps the one that it began with
   */
  public Exchanges(Loop loop, Supplier<RouteTable> routes, Dialer dialer, CallObserver observer) {
    this.loop = loop;
    this.routes = routes;
    this.dialer = dialer;
    this.observer = observer;
    this.guard = new Misuse(observer.filters());
  }

  @Override
  public BegunCall begin(RpcCall call, ResponseSink response) {
    call.guardedBy(guard);
    Exchange exchange = new Exchange(this, call, response, calls());
    exchange.begin();
    return exchange;
  }

  private TableCalls calls() {
    RouteTable table = routes.get();
    if (calls == null || calls.table() != table) {
      if (calls != null && !calls.isOver()) {
        earlier.add(calls);
      }
      calls = new TableCalls(table);
    }
    return calls;
  }

  /**
   * Tells when no call that began with a table is open. For all threads.
   *
   * @param table in force no longer
   * @return completes on the loop
   */
  public Future<Void> over(RouteTable table) {
    return ask(
        null,
        promise -> {
          calls(); // so that what was in force is among the earlier ones
          TableCalls open = open(table);
          if (open == null) {
            promise.complete();
          } else {
            open.whenOver(
                () -> {
                  earlier.remove(open);
                  promise.complete();
                });
          }
        });
  }

  /**
   * Ends calls that began with a table which is in force no longer. For all threads.
   *
   * @param which those whose chain is one of these
   */
  public Future<Void> end(RouteTable table, Predicate<FilterChain> which, Status why) {
    return ask(
        null,
        promise -> {
          TableCalls open = open(table);
          if (open != null) {
            open.end(which, why);
          }
          promise.complete();
        });
  }

  /**
   * Counts the open calls by their chains. For all threads.
   *
   * @return completes on the loop
   */
  public Future<Map<FilterChain, Integer>> open() {
    return ask(
        Map.of(),
        promise -> {
          Map<FilterChain, Integer> open = new IdentityHashMap<>();
          if (calls != null) {
            calls.count(open);
          }
          earlier.forEach(of -> of.count(open));
          promise.complete(open);
        });
  }

  /**
   * Asks for the chains of the open calls that began with a table which is in force no longer, and
   * lets go of that table if they have no more need of it: from then on such a call keeps nothing
   * but its own chain. For all threads.
   *
   * @return empty while a call has not gone its way yet, and so may need any of the table's;
   *     completes on the loop
   */
  public Future<Optional<Set<FilterChain>>> chains(RouteTable table) {
    return ask(
        Optional.of(Set.of()),
        promise -> {
          calls(); // as above
          TableCalls open = open(table);
          Map<FilterChain, Integer> chains = new IdentityHashMap<>();
          if (open != null) {
            open.count(chains);
          }
          promise.complete(
              open == null || open.settle() ? Optional.of(chains.keySet()) : Optional.empty());
        });
  }

  private @Nullable TableCalls open(RouteTable table) {
    for (TableCalls of : earlier) {
      if (of.table().isSame(table)) {
        return of;
      }
    }
    return null;
  }

  /**
   * Asks something on the loop.
   *
   * @param ended the answer of a loop that has ended, and all of its calls
   */
  private <T> Future<T> ask(@Nullable T ended, Consumer<Promise<T>> question) {
    return Future.future(
        promise -> {
          try {
            loop.eventLoop().execute(() -> question.accept(promise));
          } catch (RejectedExecutionException e) {
            promise.complete(ended);
          }
        });
  }

  Loop loop() {
    return loop;
  }

  Dialer dialer() {
    return dialer;
  }

  CallObserver observer() {
    return observer;
  }
}
