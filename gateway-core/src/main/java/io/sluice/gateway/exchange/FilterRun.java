package io.sluice.gateway.exchange;

import io.netty.channel.EventLoop;
import io.sluice.api.Status;
import io.sluice.api.Step;
import io.sluice.gateway.call.CallEnd;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.filter.FilterChain;
import io.sluice.gateway.loop.Timers;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The filters' part in one call: asks them in their order, waits for those that answer later, and
 * tells the exchange what came of it. Hooks of the response and the end are asked only of filters
 * that have had their turn at the request.
 */
final class FilterRun {
  private static final Logger LOG = LoggerFactory.getLogger(FilterRun.class);

  private final Exchange exchange;
  private final RpcCall call;
  private final EventLoop eventLoop;
  private FilterChain chain;

  /** Filters before this position have had their turn at the request. */
  private int entered;

  /** The end that a filter is still asked about. */
  private @Nullable CallEnd endingWith;

  /** The end hook that comes after that filter's. */
  private int nextEnd;

  /** Filters whose answers still count: one in each direction at most, or one at the end. */
  private @Nullable List<Awaited> awaited;

  FilterRun(Exchange exchange, RpcCall call, EventLoop eventLoop, FilterChain chain) {
    this.exchange = exchange;
    this.call = call;
    this.eventLoop = eventLoop;
    this.chain = chain;
  }

  FilterChain chain() {
    return chain;
  }

  /** Goes on with a longer chain, which begins with the one so far. */
  void chain(FilterChain longer) {
    chain = longer;
  }

  // The request.

  void request(int from) {
    FilterChain.Entry[] hooks = chain.request();
    for (int i = from; i < hooks.length; i++) {
      FilterChain.Entry entry = hooks[i];
      entered = entry.position() + 1;
      Step step;
      try {
        step = entry.filter().onRequest(call);
      } catch (Throwable e) {
        failed(entry, e);
        return;
      }
      if (step != Step.NEXT && !afterRequest(entry, step, i + 1)) {
        return;
      }
    }
    entered = chain.filters().size();
    exchange.requestPassed(hooks.length);
  }

  /** Whether to go on at once with the next hook. */
  private boolean afterRequest(FilterChain.Entry entry, Step step, int next) {
    if (step == Step.NEXT) {
      return true;
    }
    if (step instanceof Step.Await await) {
      exchange.holdRequest();
      whenAnswered(
          entry,
          await,
          answer -> {
            if (afterRequest(entry, answer, next)) {
              request(next);
            }
          });
    } else if (step instanceof Step.Reject reject) {
      exchange.end(CallEnd.byFilter(call, reject.status(), entry.name()));
    } else if (step instanceof Step.Reply reply && call.protocol().isPingPong()) {
      exchange.reply(reply.message(), entry.name());
    } else {
      failed(entry, new IllegalStateException(step + " is no answer to onRequest of " + call));
    }
    return false;
  }

  // The response.

  void response(int from) {
    FilterChain.Entry[] hooks = chain.response();
    for (int i = from; i < hooks.length; i++) {
      FilterChain.Entry entry = hooks[i];
      if (entry.position() >= entered) {
        continue;
      }
      Step step;
      try {
        step = entry.filter().onResponse(call);
      } catch (Throwable e) {
        failed(entry, e);
        return;
      }
      if (step != Step.NEXT && !afterResponse(entry, step, i + 1)) {
        return;
      }
    }
    exchange.responsePassed();
  }

  private boolean afterResponse(FilterChain.Entry entry, Step step, int next) {
    if (step == Step.NEXT) {
      return true;
    }
    if (step instanceof Step.Await await) {
      exchange.holdResponse();
      whenAnswered(
          entry,
          await,
          answer -> {
            if (afterResponse(entry, answer, next)) {
              response(next);
            }
          });
    } else if (step instanceof Step.Reject reject) {
      exchange.end(CallEnd.byFilter(call, reject.status(), entry.name()));
    } else {
      failed(entry, new IllegalStateException(step + " is no answer to onResponse"));
    }
    return false;
  }

  // The end.

  void end(CallEnd end) {
    forgetAwaited();
    end(end, 0);
  }

  private void end(CallEnd end, int from) {
    FilterChain.Entry[] hooks = chain.end();
    for (int i = from; i < hooks.length; i++) {
      FilterChain.Entry entry = hooks[i];
      if (entry.position() >= entered) {
        continue;
      }
      Step step;
      try {
        step = entry.filter().onEnd(call, end);
      } catch (Throwable e) {
        logFailure(entry, e);
        end.status(internalError(entry));
        continue;
      }
      if (step instanceof Step.Await await) {
        int next = i + 1;
        endingWith = end;
        nextEnd = next;
        whenAnswered(entry, await, answer -> end(end, next));
        return;
      }
    }
    exchange.tellEnd(end);
  }

  /** Nobody waits any longer for a filter's answer to the end. */
  private void giveUpEnd(CallEnd end) {
    LOG.atError()
        .setMessage("no filter has answered at the end of a call, the caller is told as it is")
        .addKeyValue("call", call)
        .log();
    exchange.tellEnd(end);
  }

  void complete(CallEnd end) {
    forgetAwaited();
    for (FilterChain.Entry entry : chain.complete()) {
      if (entry.position() >= entered) {
        continue;
      }
      try {
        entry.filter().onComplete(call, end);
      } catch (Throwable e) {
        logFailure(entry, e);
      }
    }
  }

  // Filters that wait or fail.

  /** Goes on with a filter's answer, unless the call has gone on without it. */
  void whenAnswered(FilterChain.Entry entry, Step.Await await, Consumer<Step> then) {
    Awaited open = new Awaited(entry, then);
    open.begin();
    await
        .step()
        .onComplete(
            result -> {
              Step step = result.succeeded() ? result.result() : null;
              if (eventLoop.inEventLoop()) {
                open.answered(step, result.cause());
              } else {
                eventLoop.execute(() -> open.answered(step, result.cause()));
              }
            });
  }

  private void forgetAwaited() {
    if (awaited != null) {
      awaited.forEach(exchange.loop().timers()::cancel);
      awaited.clear();
    }
  }

  /**
   * A filter that is to answer later. Where no deadline is kept yet, or none is left, it keeps one.
   */
  private final class Awaited extends Timers.Timer {
    private final FilterChain.Entry entry;
    private final Consumer<Step> then;

    Awaited(FilterChain.Entry entry, Consumer<Step> then) {
      this.entry = entry;
      this.then = then;
    }

    void begin() {
      if (awaited == null) {
        awaited = new ArrayList<>(2);
      }
      awaited.add(this);
      if (!exchange.isSet()) {
        exchange.loop().timers().set(this, mayTake());
      }
    }

    private long mayTake() {
      return hasDeadline() ? call.nanosLeft() : Exchanges.DEFAULT_TIMEOUT_NANOS;
    }

    /** The caller's, before the route is known. */
    private boolean hasDeadline() {
      return endingWith == null && call.timeoutNanos() > 0;
    }

    void answered(@Nullable Step step, @Nullable Throwable failure) {
      if (!awaited.remove(this)) {
        return;
      }
      exchange.loop().timers().cancel(this);
      if (failure != null) {
        failed(entry, failure);
      } else if (step == null || step instanceof Step.Await) {
        failed(entry, new IllegalStateException("awaited " + step));
      } else {
        then.accept(step);
      }
    }

    @Override
    protected void fire() {
      if (endingWith != null) {
        giveUpEnd(endingWith);
      } else {
        exchange.overdue(hasDeadline() ? call.timeoutNanos() : Exchanges.DEFAULT_TIMEOUT_NANOS);
      }
    }
  }

  /** A filter broke its contract or threw: the call ends, and the log names the filter. */
  void failed(FilterChain.Entry entry, Throwable cause) {
    logFailure(entry, cause);
    if (endingWith != null) {
      endingWith.status(internalError(entry));
      end(endingWith, nextEnd);
    } else {
      exchange.end(CallEnd.byFilter(call, internalError(entry), entry.name()));
    }
  }

  private static Status internalError(FilterChain.Entry entry) {
    return Status.internal("filter " + entry.name() + " failed");
  }

  private void logFailure(FilterChain.Entry entry, Throwable cause) {
    LOG.atError()
        .setMessage("filter failed, the call ends with an internal error")
        .addKeyValue("filter", entry.name())
        .addKeyValue("call", call)
        .setCause(cause)
        .log();
  }
}
