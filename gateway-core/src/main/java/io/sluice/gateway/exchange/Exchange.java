package io.sluice.gateway.exchange;

import io.netty.buffer.ByteBuf;
import io.sluice.api.Call.Phase;
import io.sluice.api.Status;
import io.sluice.gateway.call.Aside;
import io.sluice.gateway.call.BegunCall;
import io.sluice.gateway.call.CallEnd;
import io.sluice.gateway.call.RequestSink;
import io.sluice.gateway.call.ResponseSink;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.call.Weight;
import io.sluice.gateway.filter.FilterChain;
import io.sluice.gateway.loop.Loop;
import io.sluice.gateway.loop.Timers;
import io.sluice.gateway.route.Cluster;
import io.sluice.gateway.route.Route;
import io.sluice.gateway.route.Rule;
import org.jspecify.annotations.Nullable;

/**
 * One call between its two legs. Takes the request from the inbound leg and the response from the
 * outbound one, and runs the filters on what passes.
 *
 * <pre>
 *   inbound leg ──requestData─▶ ┌──────────┐ ──requestData─▶ outbound leg
 *                               │ Exchange │
 *   inbound leg ◀─responseData─ └──────────┘ ◀─responseData─ outbound leg
 * </pre>
 *
 * <p>Both legs may call at any time; whatever comes after the end is let go of. Here are the life
 * and the end of the call; how each direction gets on is its {@link Way}'s. The timer is the call's
 * deadline.
 */
final class Exchange extends Timers.Timer implements BegunCall, ResponseSink {
  enum State {
    OPEN,
    /** Only filters are still asked about the end. */
    ENDING,
    /** The caller has been told, or has gone. */
    DONE
  }

  private static final Status OVER = Status.cancelled("the call is over");

  private final Exchanges env;
  private final RpcCall call;
  private final ResponseSink inbound;
  private final TableCalls peers;

  private final FilterRun filters;
  private final RequestWay request;
  private final ResponseWay response;

  /** From when it is found until the call goes its way: it has the chains of other calls too. */
  private @Nullable Route route;

  private @Nullable Cluster cluster;
  private boolean onItsWay;

  /** Only if the call is a stream that has its route. */
  private @Nullable StreamWatch watch;

  private State state = State.OPEN;

  /** Its neighbours among the calls with the same table: of {@link TableCalls}. */
  @Nullable Exchange previous;

  @Nullable Exchange next;

  Exchange(Exchanges env, RpcCall call, ResponseSink inbound, TableCalls peers) {
    this.env = env;
    this.call = call;
    this.inbound = inbound;
    this.peers = peers;
    this.request = new RequestWay(this, inbound);
    this.response = new ResponseWay(this, inbound, request);
    FilterChain entrance = peers.table().entrances().of(call.listener());
    this.filters = new FilterRun(this, call, env.observer().filters(), entrance);
  }

  RpcCall call() {
    return call;
  }

  Loop loop() {
    return env.loop();
  }

  FilterRun filters() {
    return filters;
  }

  RequestWay request() {
    return request;
  }

  ResponseWay response() {
    return response;
  }

  /** Null unless the call is a stream that has its route. */
  @Nullable StreamWatch watch() {
    return watch;
  }

  void begin() {
    peers.began(this);
    filters.request(0);
  }

  // The request's head: filters, route, filters of the route, outbound leg.

  /**
   * The filters so far have let the request pass.
   *
   * @return whether the filters of its route are to be asked now
   */
  boolean requestPassed() {
    if (route == null) {
      return findRoute();
    }
    open(route);
    return false;
  }

  private boolean findRoute() {
    Rule rule = peers.table().find(call);
    if (rule == null) {
      end(CallEnd.of(call, Status.unknownService(call.qualifiedService(), call.method())));
      return false;
    }
    Route found = rule.route();
    cluster = found.clusters().pick();
    call.routed(found.name(), cluster.name());
    call.hidesBizStatus(found.emptyBusinessStatus());
    if (found.dropsTransients()) {
      call.headers().removeTransients();
    }
    call.unary(found.isUnary(call, cluster));
    filters.chain(found.chains().of(filters.chain(), cluster));
    long timeout = call.timeoutNanos();
    if (found.timeoutNanos() > 0) {
      timeout = timeout == 0 ? found.timeoutNanos() : Math.min(timeout, found.timeoutNanos());
    }
    if (timeout > 0) {
      call.timeout(timeout, true);
    } else if (call.isUnary()) {
      call.timeout(Exchanges.DEFAULT_TIMEOUT_NANOS, false);
    }
    if (call.timeoutNanos() > 0) {
      env.loop().timers().set(this, call.nanosLeft());
    }
    route = found;
    return true;
  }

  private void open(Route to) {
    route = null;
    onItsWay = true;
    call.reached(Phase.ROUTED);
    FilterChain chain = filters.chain();
    request.show(filters.asked(chain.requestMessage()));
    response.show(filters.asked(chain.responseMessage()));
    if (!call.protocol().isPingPong()) {
      watch = new StreamWatch(this, to.stream(), env.observer().stream(call));
      watch.begin();
      if (state != State.OPEN) {
        return;
      }
    }
    RequestSink opened = env.dialer().open(call, to, cluster, this);
    if (state != State.OPEN) {
      opened.requestCancel(OVER);
      return;
    }
    request.leadsTo(opened);
  }

  /**
   * A filter answers in the downstream's place.
   *
   * @param message handed over
   */
  void reply(ByteBuf message, String filter) {
    call.response().replacedBy(message.readableBytes());
    request.drop();
    // Shown to no message hook: what those look at is what a downstream said.
    responseHead();
    responseData(message, true);
    responseEnd(CallEnd.byFilter(call, Status.OK, filter));
  }

  // What the caller says.

  @Override
  public void requestData(ByteBuf part, boolean endOfMessage) {
    if (state == State.OPEN) {
      request.came(part, endOfMessage);
      return;
    }
    int weight = Weight.of(part, endOfMessage);
    part.release();
    if (state == State.ENDING) {
      inbound.requestTaken(weight);
    }
  }

  @Override
  public void requestEnd() {
    request.end(null);
  }

  @Override
  public void requestLast(ByteBuf part, boolean endOfMessage) {
    if (state == State.OPEN) {
      request.cameLast(part, endOfMessage);
    } else {
      requestData(part, endOfMessage);
    }
  }

  @Override
  public void requestCancel(Status why) {
    if (state == State.DONE) {
      return;
    }
    request.cancel(why);
    complete(CallEnd.byCancel(call, why));
  }

  @Override
  public void responseTaken(int bytes) {
    response.taken(bytes);
  }

  // What the outbound leg says.

  @Override
  public void requestTaken(int bytes) {
    request.legTook(bytes);
  }

  @Override
  public void responseHead() {
    if (state == State.OPEN) {
      filters.response(0);
    }
  }

  /** The filters have let the response's head pass. */
  void responsePassed() {
    inbound.responseHead();
    response.letGo();
  }

  @Override
  public void responseData(ByteBuf part, boolean endOfMessage) {
    if (state == State.OPEN) {
      response.came(part, endOfMessage);
    } else {
      part.release();
    }
  }

  @Override
  public void responseAside(Aside aside) {
    if (state == State.OPEN) {
      response.cameAside(aside);
    } else {
      aside.payload().release();
    }
  }

  @Override
  public void responseEnd(CallEnd end) {
    if (state != State.OPEN) {
      return;
    }
    request.legIsOver();
    response.end(end);
    if (state == State.OPEN) {
      // The end waits.
      request.settle();
    }
  }

  // The end.

  /** The call's deadline. */
  @Override
  protected void fire() {
    overdue();
  }

  /** The call has taken as long as it may. */
  void overdue() {
    end(CallEnd.of(call, call.overdue()));
  }

  boolean isOpen() {
    return state == State.OPEN;
  }

  /** Whether it may still need what others of its table have: its route, or that of any call. */
  boolean needsTable() {
    return !onItsWay && state == State.OPEN;
  }

  @Override
  public void end(Status why) {
    end(CallEnd.byGateway(call, why));
  }

  /** Ends the call for both sides. */
  void end(CallEnd end) {
    if (state != State.OPEN) {
      return;
    }
    state = State.ENDING;
    env.loop().timers().cancel(this);
    request.cancel(end.status());
    filters.end(end);
    if (state == State.ENDING) {
      request.drop();
    }
  }

  /** The filters have had their say: now the caller is told. */
  void tellEnd(CallEnd end) {
    end.seal();
    try {
      inbound.responseEnd(end);
    } finally {
      complete(end);
    }
  }

  private void complete(CallEnd end) {
    if (state == State.DONE) {
      return;
    }
    state = State.DONE;
    env.loop().timers().cancel(this);
    request.release();
    response.release();
    call.reached(Phase.ENDED);
    if (watch != null) {
      watch.ended(end);
    }
    filters.complete(end);
    call.over();
    env.observer().ended(call, end);
    peers.ended(this);
  }

  // Filters that answer later.

  void holdRequest() {
    request.hold();
  }

  void holdResponse() {
    response.hold();
  }
}
