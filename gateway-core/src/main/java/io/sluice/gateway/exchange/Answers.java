package io.sluice.gateway.exchange;

import io.netty.channel.EventLoop;
import io.sluice.api.Step;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.filter.FilterChain;
import io.sluice.gateway.loop.Timers;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The answers of filters that one call waits for, each for its time. */
final class Answers {
  private final Exchange exchange;
  private final FilterRun filters;

  /** Those that still count: one in each direction at most, or one at the end. */
  private @Nullable List<Awaited> open;

  Answers(Exchange exchange, FilterRun filters) {
    this.exchange = exchange;
    this.filters = filters;
  }

  /**
   * Goes on with a filter's answer, unless the call has gone on without it.
   *
   * @param then gets the answer, which is no other await
   */
  void await(FilterChain.Entry entry, Step.Await await, Consumer<Step> then) {
    Awaited awaited = new Awaited(entry, then);
    awaited.begin();
    EventLoop eventLoop = exchange.loop().eventLoop();
    try {
      await
          .step()
          .onComplete(
              result -> {
                Step step = result.succeeded() ? result.result() : null;
                if (eventLoop.inEventLoop()) {
                  awaited.answered(step, result.cause());
                } else {
                  eventLoop.execute(() -> awaited.answered(step, result.cause()));
                }
              });
    } catch (Throwable e) { // a future may be the filter's own code
      awaited.answered(null, e);
    }
  }

  /** The call goes on without them. */
  void forget() {
    if (open != null) {
      open.forEach(exchange.loop().timers()::cancel);
      open.clear();
    }
  }

  /**
   * A filter that is to answer later, and its time for that. Where the caller's deadline comes
   * sooner, and nobody else keeps it yet, it keeps that.
   */
  private final class Awaited extends Timers.Timer {
    private final FilterChain.Entry entry;
    private final Consumer<Step> then;
    private boolean keepsDeadline;
    private boolean answered;

    Awaited(FilterChain.Entry entry, Consumer<Step> then) {
      this.entry = entry;
      this.then = then;
    }

    void begin() {
      if (open == null) {
        open = new ArrayList<>(2);
      }
      open.add(this);
      RpcCall call = exchange.call();
      long time = entry.place().answerNanos();
      boolean unkept = !exchange.isSet() && !filters.isEnding() && call.timeoutNanos() > 0;
      if (unkept && call.nanosLeft() < time) {
        keepsDeadline = true;
        time = call.nanosLeft();
      }
      exchange.loop().timers().set(this, time);
    }

    void answered(@Nullable Step step, @Nullable Throwable failure) {
      if (!open.remove(this)) {
        if (answered) {
          filters.misbehaved(entry, new IllegalStateException("answered twice"));
        }
        return;
      }
      answered = true;
      exchange.loop().timers().cancel(this);
      if (failure == null && step != null && !(step instanceof Step.Await)) {
        then.accept(step);
      } else if (filters.failed(
          entry, failure == null ? new IllegalStateException("awaited " + step) : failure)) {
        then.accept(Step.NEXT);
      }
    }

    @Override
    protected void fire() {
      if (keepsDeadline) {
        exchange.overdue();
        return;
      }
      open.remove(this);
      if (filters.late(entry)) {
        then.accept(Step.NEXT);
      }
    }
  }
}
