package io.sluice.gateway.exchange;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.sluice.api.Call;
import io.sluice.api.Outcome;
import io.sluice.api.Status;
import io.sluice.api.Step;
import io.sluice.gateway.call.CallEnd;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.exchange.FilterObserver.Deed;
import io.sluice.gateway.filter.FilterChain;
import io.sluice.gateway.loop.Loop;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The filters' part in one call: asks them in their order, waits for those that answer later, and
 * tells the exchange what came of it. Hooks of the response and the end are asked only of filters
 * that have had their turn at the request, and see this call. Whatever a filter does, its call gets
 * on or ends, and no other is touched.
 */
final class FilterRun {
  private final Exchange exchange;
  private final RpcCall call;
  private final Loop loop;
  private final FilterObserver observer;
  private FilterChain chain;

  /** Filters before this position have had their turn at the request. */
  private int entered;

  /** The bits of those among them that do not see this call. */
  private long absent;

  /** The end that filters are asked about. */
  private @Nullable CallEnd endingWith;

  /** Null so long as all have answered at once. */
  private @Nullable Answers answers;

  FilterRun(Exchange exchange, RpcCall call, FilterObserver observer, FilterChain chain) {
    this.exchange = exchange;
    this.call = call;
    this.loop = exchange.loop();
    this.observer = observer;
    chain(chain);
  }

  FilterChain chain() {
    return chain;
  }

  /** Goes on with a longer chain, which begins with the one so far. */
  void chain(FilterChain longer) {
    chain = longer;
    call.shownTo(longer.weakly());
  }

  Answers answers() {
    if (answers == null) {
      answers = new Answers(exchange, this);
    }
    return answers;
  }

  /** Whether filters are asked about the end. */
  boolean isEnding() {
    return endingWith != null;
  }

  private boolean isAsked(FilterChain.Entry entry) {
    return entry.position() < entered && (absent & entry.bit()) == 0;
  }

  /** Those of the hooks whose filters see this call, once all have had their turn. */
  FilterChain.Entry[] asked(FilterChain.Entry[] hooks) {
    if (absent == 0 || hooks.length == 0) {
      return hooks;
    }
    List<FilterChain.Entry> asked = new ArrayList<>(hooks.length);
    for (FilterChain.Entry entry : hooks) {
      if (isAsked(entry)) {
        asked.add(entry);
      }
    }
    return asked.toArray(new FilterChain.Entry[0]);
  }

  /** The call as a filter is to see it. */
  Call shown(FilterChain.Entry entry) {
    return entry.isShadow() ? new ShadowCall(call) : call;
  }

  /** The hooks from this one on are about to run; where there is none, nothing is noted. */
  private void invite(FilterChain.Entry[] hooks, int from) {
    if (from < hooks.length) {
      loop.invites(chain.weakly());
    }
  }

  // The request.

  void request(int from) {
    int next = from;
    do {
      FilterChain.Entry[] hooks = chain.request();
      if (!passRequest(hooks, next)) {
        return;
      }
      entered = chain.filters().size();
      next = hooks.length;
    } while (exchange.requestPassed());
  }

  /** Whether all hooks from this one on let the request pass at once. */
  private boolean passRequest(FilterChain.Entry[] hooks, int from) {
    invite(hooks, from);
    for (int i = from; i < hooks.length; i++) {
      FilterChain.Entry entry = hooks[i];
      entered = entry.position() + 1;
      if (!sees(entry)) {
        continue;
      }
      Step step;
      loop.enters(entry.number()); // it leaves when the next one enters, or below
      try {
        step = HookSites.request(i, entry.filter(), shown(entry));
      } catch (Throwable e) {
        if (threw(entry, e)) {
          continue;
        }
        return false;
      }
      if (step != Step.NEXT) {
        loop.leaves();
        if (!afterRequest(entry, step, i + 1)) {
          return false;
        }
      }
    }
    loop.leaves();
    return true;
  }

  /** Whether a filter sees this call; found out once, as metadata may change. */
  private boolean sees(FilterChain.Entry entry) {
    Predicate<Call> when = entry.when();
    if (when == null || when.test(call)) {
      return true;
    }
    absent |= entry.bit();
    return false;
  }

  /** Whether to go on at once with the next hook. */
  private boolean afterRequest(FilterChain.Entry entry, @Nullable Step step, int next) {
    if (step == Step.NEXT) {
      return true;
    }
    if (step instanceof Step.Await await) {
      exchange.holdRequest();
      answers()
          .await(
              entry,
              await,
              answer -> {
                if (afterRequest(entry, answer, next)) {
                  request(next);
                }
              });
      return false;
    }
    if (step instanceof Step.Reject reject) {
      return rejected(entry, reject);
    }
    if (step instanceof Step.Reply reply && call.protocol().isPingPong()) {
      return replied(entry, reply);
    }
    return failed(entry, new IllegalStateException(step + " is no answer to onRequest of " + call));
  }

  private boolean replied(FilterChain.Entry entry, Step.Reply reply) {
    if (entry.isShadow()) {
      return wouldHave(entry, Deed.REPLIED);
    }
    ByteBuf message;
    try {
      message = Unpooled.wrappedBuffer(reply.message().bytes());
    } catch (Throwable e) { // a payload may be the filter's own code
      return failed(entry, e);
    }
    exchange.reply(message, entry.name());
    return false;
  }

  // The response.

  void response(int from) {
    FilterChain.Entry[] hooks = chain.response();
    invite(hooks, from);
    for (int i = from; i < hooks.length; i++) {
      FilterChain.Entry entry = hooks[i];
      if (!isAsked(entry)) {
        continue;
      }
      Step step;
      loop.enters(entry.number());
      try {
        step = HookSites.response(i, entry.filter(), shown(entry));
      } catch (Throwable e) {
        if (threw(entry, e)) {
          continue;
        }
        return;
      }
      if (step != Step.NEXT) {
        loop.leaves();
        if (!afterResponse(entry, step, i + 1)) {
          return;
        }
      }
    }
    loop.leaves();
    exchange.responsePassed();
  }

  private boolean afterResponse(FilterChain.Entry entry, @Nullable Step step, int next) {
    if (step == Step.NEXT) {
      return true;
    }
    if (step instanceof Step.Await await) {
      exchange.holdResponse();
      answers()
          .await(
              entry,
              await,
              answer -> {
                if (afterResponse(entry, answer, next)) {
                  response(next);
                }
              });
      return false;
    }
    if (step instanceof Step.Reject reject) {
      return rejected(entry, reject);
    }
    return failed(entry, new IllegalStateException(step + " is no answer to onResponse"));
  }

  // The end.

  void end(CallEnd end) {
    forgetAnswers();
    endingWith = end;
    end.endOf(call);
    end(end, 0);
  }

  private void end(CallEnd end, int from) {
    FilterChain.Entry[] hooks = chain.end();
    invite(hooks, from);
    for (int i = from; i < hooks.length; i++) {
      FilterChain.Entry entry = hooks[i];
      if (!isAsked(entry)) {
        continue;
      }
      Step step;
      loop.enters(entry.number());
      try {
        step = entry.filter().onEnd(shown(entry), shown(entry, end));
      } catch (Throwable e) {
        threw(entry, e);
        continue;
      }
      if (step != Step.NEXT) {
        loop.leaves();
        if (!afterEnd(entry, step, end, i + 1)) {
          return;
        }
      }
    }
    loop.leaves();
    exchange.tellEnd(end);
  }

  private boolean afterEnd(FilterChain.Entry entry, @Nullable Step step, CallEnd end, int next) {
    if (step == Step.NEXT) {
      return true;
    }
    if (step instanceof Step.Await await) {
      answers()
          .await(
              entry,
              await,
              answer -> {
                if (afterEnd(entry, answer, end, next)) {
                  end(end, next);
                }
              });
      return false;
    }
    return failed(entry, new IllegalStateException(step + " is no answer to onEnd"));
  }

  private Outcome shown(FilterChain.Entry entry, CallEnd end) {
    return entry.isShadow() ? new ShadowEnd(end, () -> wouldHave(entry, Deed.CHANGED_STATUS)) : end;
  }

  void complete(CallEnd end) {
    forgetAnswers();
    FilterChain.Entry[] hooks = chain.complete();
    invite(hooks, 0);
    for (FilterChain.Entry entry : hooks) {
      if (!isAsked(entry)) {
        continue;
      }
      loop.enters(entry.number());
      try {
        entry.filter().onComplete(shown(entry), end);
      } catch (Throwable e) {
        misbehaved(entry, e);
      } finally {
        loop.leaves();
      }
    }
  }

  private void forgetAnswers() {
    if (answers != null) {
      answers.forget();
    }
  }

  // What filters do but to let a call pass; each tells whether it goes on all the same.

  boolean rejected(FilterChain.Entry entry, Step.Reject reject) {
    if (entry.isShadow()) {
      return wouldHave(entry, Deed.REJECTED);
    }
    observer.refused(entry);
    exchange.end(CallEnd.byFilter(call, reject.status(), entry.name()));
    return false;
  }

  boolean wouldHave(FilterChain.Entry entry, Deed what) {
    observer.wouldHave(entry, what, call);
    return true;
  }

  /** It broke its contract where that does not matter to the call. */
  void misbehaved(FilterChain.Entry entry, Throwable how) {
    observer.failed(entry, call, how, false);
  }

  private boolean threw(FilterChain.Entry entry, Throwable what) {
    loop.leaves();
    return failed(entry, what);
  }

  /** It broke its contract or threw. */
  boolean failed(FilterChain.Entry entry, Throwable cause) {
    observer.failed(entry, call, cause, !entry.isTolerated());
    return goesOn(entry, "filter " + entry.name() + " failed");
  }

  /** It has not answered in its time. */
  boolean late(FilterChain.Entry entry) {
    observer.late(entry, call);
    long millis = TimeUnit.NANOSECONDS.toMillis(entry.place().answerNanos());
    return goesOn(entry, "filter " + entry.name() + " has not answered within " + millis + "ms");
  }

  private boolean goesOn(FilterChain.Entry entry, String why) {
    if (entry.isTolerated()) {
      return true;
    }
    if (endingWith != null) {
      endingWith.status(Status.internal(why));
      return true;
    }
    exchange.end(CallEnd.byFilter(call, Status.internal(why), entry.name()));
    return false;
  }
}
