package io.sluice.gateway.exchange;

import io.netty.channel.EventLoop;
import io.sluice.api.Status;
import io.sluice.api.Step;
import io.sluice.gateway.call.CallEnd;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.filter.FilterChain;
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

  /** Nobody waits any longer for a filter's answer to the end; false if none is awaited. */
  boolean giveUpEnd() {
    if (endingWith == null) {
      return false;
    }
    LOG.atError()
        .setMessage("no filter has answered at the end of a call, the caller is told as it is")
        .addKeyValue("call", call)
        .log();
    exchange.tellEnd(endingWith);
    return true;
  }

  void complete(CallEnd end) {
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

  void whenAnswered(FilterChain.Entry entry, Step.Await await, Consumer<Step> then) {
    Exchange.State asked = exchange.awaitFilter();
    await
        .step()
        .onComplete(
            result -> {
              Step step = result.succeeded() ? result.result() : null;
              if (eventLoop.inEventLoop()) {
                answered(asked, entry, step, result.cause(), then);
              } else {
                eventLoop.execute(() -> answered(asked, entry, step, result.cause(), then));
              }
            });
  }

  private void answered(
      Exchange.State asked,
      FilterChain.Entry entry,
      @Nullable Step step,
      @Nullable Throwable failure,
      Consumer<Step> then) {
    if (!exchange.filterAnswered(asked)) {
      return;
    }
    if (failure != null) {
      failed(entry, failure);
    } else if (step == null || step instanceof Step.Await) {
      failed(entry, new IllegalStateException("awaited " + step));
    } else {
      then.accept(step);
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
