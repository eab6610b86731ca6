package io.sluice.gateway.context;

import io.sluice.api.Call;
import io.sluice.api.Filter;
import io.sluice.api.FilterContext;
import io.sluice.api.FilterFactory;
import io.sluice.api.Step;
import io.sluice.gateway.testkit.Given;
import java.util.function.Function;

/** A filter that does with its context what a test says. */
final class Borrower implements Filter {
  /** What a start does. */
  interface Start {
    void with(FilterContext context) throws Exception;
  }

  private final String name;
  private final Start start;
  private volatile FilterContext context;
  private volatile Function<Call, Step> onRequest = call -> Step.NEXT;
  private volatile Runnable onStop = () -> {};

  Borrower(String name, Start start) {
    this.name = name;
    this.start = start;
  }

  static Borrower of(String name) {
    return new Borrower(name, context -> {});
  }

  FilterContext context() {
    return context;
  }

  Borrower onRequest(Function<Call, Step> hook) {
    onRequest = hook;
    return this;
  }

  Borrower onStop(Runnable hook) {
    onStop = hook;
    return this;
  }

  @Override
  public void start(FilterContext lent) throws Exception {
    context = lent;
    start.with(lent);
  }

  @Override
  public void stop() {
    onStop.run();
  }

  @Override
  public Step onRequest(Call call) {
    return onRequest.apply(call);
  }

  FilterFactory<?> factory() {
    return new Given(name, this);
  }
}
