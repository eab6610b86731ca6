package io.sluice.gateway.exchange;

import io.sluice.gateway.call.BegunCall;
import io.sluice.gateway.call.CallHandler;
import io.sluice.gateway.call.ResponseSink;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.loop.Loop;
import io.sluice.gateway.route.RouteTable;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Begins an {@link Exchange} for every call of one loop. */
public final class Exchanges implements CallHandler {
  /** What a ping-pong call has when neither caller nor route says otherwise. */
  public static final long DEFAULT_TIMEOUT_NANOS = TimeUnit.SECONDS.toNanos(10);

  private final Loop loop;
  private final Supplier<RouteTable> routes;
  private final Dialer dialer;
  private final CallObserver observer;

  /**
   * @param routes gives the table in force; each call keeps the one that it began with
   */
  public Exchanges(Loop loop, Supplier<RouteTable> routes, Dialer dialer, CallObserver observer) {
    this.loop = loop;
    this.routes = routes;
    this.dialer = dialer;
    this.observer = observer;
  }

  @Override
  public BegunCall begin(RpcCall call, ResponseSink response) {
    Exchange exchange = new Exchange(this, call, response, routes.get());
    exchange.begin();
    return exchange;
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
