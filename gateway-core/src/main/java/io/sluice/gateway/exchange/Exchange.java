package io.sluice.gateway.exchange;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.sluice.api.Call.Phase;
import io.sluice.api.Payload;
import io.sluice.api.Status;
import io.sluice.gateway.call.Aside;
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
import io.sluice.gateway.route.RouteTable;
import io.sluice.gateway.route.Rule;
import java.util.concurrent.TimeUnit;
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
 * <p>Both legs may call at any time; whatever comes after the end is let go of. The timer is the
 * call's deadline.
 */
final class Exchange extends Timers.Timer implements RequestSink, ResponseSink {
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
  private final RouteTable routes;

  private final FilterRun filters;
  private @Nullable Route route;
  private @Nullable Cluster cluster;
  private @Nullable RequestSink outbound;
  private @Nullable Held heldRequest;
  private @Nullable Held heldResponse;
  private @Nullable MessageGate requestGate;
  private @Nullable MessageGate responseGate;

  /** Only if the call is a stream that has its route. */
  private @Nullable StreamWatch watch;

  private State state = State.OPEN;

  Exchange(Exchanges env, RpcCall call, ResponseSink inbound, RouteTable routes) {
    this.env = env;
    this.call = call;
    this.inbound = inbound;
    this.routes = routes;
    this.filters = new FilterRun(this, call, env.loop().eventLoop(), routes.beforeRouting());
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

  void begin() {
    filters.request(0);
  }

  // The request's head: filters, route, filters of the route, outbound leg.

  /** The filters so far have let the request pass; they had so many hooks. */
  void requestPassed(int hooks) {
    if (route != null) {
      open();
    } else if (findRoute()) {
      filters.request(hooks);
    }
  }

  private boolean findRoute() {
    Rule rule = routes.find(call);
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
    filters.chain(found.chain());
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

  private void open() {
    call.reached(Phase.ROUTED);
    FilterChain chain = filters.chain();
    if (chain.requestMessage().length > 0) {
      requestGate = new MessageGate(this, chain.requestMessage(), true);
    }
    if (chain.responseMessage().length > 0) {
      responseGate = new MessageGate(this, chain.responseMessage(), false);
    }
    if (!call.protocol().isPingPong()) {
      watch = new StreamWatch(this, route.stream(), env.observer().stream(call));
      watch.begin();
      if (state != State.OPEN) {
        return;
      }
    }
    RequestSink opened = env.dialer().open(call, route, cluster, this);
    if (state != State.OPEN) {
      opened.requestCancel(OVER);
      return;
    }
    outbound = opened;
    Held held = heldRequest;
    heldRequest = null;
    if (held != null) {
      for (Held.Event e = held.poll(); e != null; e = held.poll()) {
        if (e.part() == null) {
          requestEnd();
        } else {
          forwardRequest(e.part(), e.endOfMessage());
        }
      }
    }
  }

  /** A filter answers in the downstream's place. */
  void reply(Payload message, String filter) {
    call.response().replacedBy(message.size());
    if (heldRequest != null) {
      heldRequest.release();
      heldRequest = null;
    }
    // Shown to no message hook: what those look at is what a downstream said.
    responseHead();
    responseData(Unpooled.wrappedBuffer(message.bytes()), true);
    responseEnd(CallEnd.byFilter(call, Status.OK, filter));
  }

  // The request's messages.

  @Override
  public void requestData(ByteBuf part, boolean endOfMessage) {
    if (state != State.OPEN) {
      part.release();
      return;
    }
    call.addRequestBytes(part.readableBytes());
    if (heldRequest != null) {
      heldRequest.data(part, endOfMessage);
    } else {
      forwardRequest(part, endOfMessage);
    }
  }

  private void forwardRequest(ByteBuf part, boolean endOfMessage) {
    if (state != State.OPEN) {
      part.release();
    } else if (watch == null || watch.requestPasses(part, endOfMessage)) {
      passRequest(part, endOfMessage);
    }
  }

  /** The route's limits let a part of the request pass. */
  void passRequest(ByteBuf part, boolean endOfMessage) {
    if (state != State.OPEN) {
      part.release();
    } else if (requestGate != null) {
      requestGate.data(part, endOfMessage);
    } else if (outbound != null) {
      outbound.requestData(part, endOfMessage);
    } else {
      // A filter has answered already.
      int weight = Weight.of(part, endOfMessage);
      part.release();
      inbound.requestTaken(weight);
    }
  }

  @Override
  public void requestEnd() {
    if (state != State.OPEN) {
      return;
    }
    if (heldRequest != null) {
      heldRequest.halfClose();
    } else if (watch == null || watch.requestEnd()) {
      passRequestEnd();
    }
  }

  /** All of the request has passed. */
  void passRequestEnd() {
    if (requestGate != null) {
      requestGate.halfClose();
    } else if (outbound != null) {
      outbound.requestEnd();
    }
  }

  @Override
  public void requestLast(ByteBuf part, boolean endOfMessage) {
    if (state != State.OPEN || outbound == null || heldRequest != null || requestGate != null) {
      requestData(part, endOfMessage);
      requestEnd();
      return;
    }
    call.addRequestBytes(part.readableBytes());
    if (watch == null || watch.requestPasses(part, endOfMessage)) {
      outbound.requestLast(part, endOfMessage);
    } else {
      requestEnd();
    }
  }

  @Override
  public void requestCancel(Status why) {
    if (state == State.DONE) {
      return;
    }
    cancelOutbound(why);
    complete(CallEnd.byCancel(call, why));
  }

  @Override
  public void requestTaken(int bytes) {
    if (requestGate != null) {
      requestGate.taken(bytes);
    } else if (state != State.DONE) {
      inbound.requestTaken(bytes);
    }
  }

  // The response.

  @Override
  public void responseHead() {
    if (state == State.OPEN) {
      filters.response(0);
    }
  }

  /** The filters have let the response's head pass. */
  void responsePassed() {
    inbound.responseHead();
    Held held = heldResponse;
    heldResponse = null;
    if (held != null) {
      for (Held.Event e = held.poll(); e != null; e = held.poll()) {
        if (e.part() != null) {
          forwardResponse(e.part(), e.endOfMessage());
        } else if (e.end() != null) {
          responseEnd(e.end());
        }
      }
    }
  }

  @Override
  public void responseData(ByteBuf part, boolean endOfMessage) {
    if (state != State.OPEN) {
      part.release();
      return;
    }
    call.addResponseBytes(part.readableBytes());
    if (heldResponse != null) {
      heldResponse.data(part, endOfMessage);
    } else {
      forwardResponse(part, endOfMessage);
    }
  }

  /** Goes its own way: no filter asks for it, and it belongs to no message. */
  @Override
  public void responseAside(Aside aside) {
    if (state != State.OPEN) {
      aside.payload().release();
      return;
    }
    if (watch != null) {
      watch.passesBeside(aside.size());
    }
    if (responseGate != null) {
      responseGate.passesBeside(aside.size());
    }
    inbound.responseAside(aside);
  }

  private void forwardResponse(ByteBuf part, boolean endOfMessage) {
    if (state != State.OPEN) {
      part.release();
    } else if (watch == null || watch.responsePasses(part, endOfMessage)) {
      passResponse(part, endOfMessage);
    }
  }

  /** The route's limits let a part of the response pass. */
  void passResponse(ByteBuf part, boolean endOfMessage) {
    if (state != State.OPEN) {
      part.release();
    } else if (responseGate != null) {
      responseGate.data(part, endOfMessage);
    } else {
      inbound.responseData(part, endOfMessage);
    }
  }

  @Override
  public void responseEnd(CallEnd end) {
    if (state != State.OPEN) {
      return;
    }
    if (heldResponse != null) {
      heldResponse.end(end);
    } else if (watch == null || watch.responseEnd(end)) {
      passResponseEnd(end);
    }
  }

  /** All of the response has passed. */
  void passResponseEnd(CallEnd end) {
    if (responseGate != null) {
      responseGate.end(end);
    } else {
      outbound = null;
      end(end);
    }
  }

  @Override
  public void responseTaken(int bytes) {
    if (responseGate != null) {
      responseGate.taken(bytes);
    } else {
      gatedResponseTaken(bytes);
    }
  }

  // What waits for its time: so do those who say more, as far as they can be made to.

  boolean callerWaits() {
    return inbound.requestWaits();
  }

  void callerGoesOn() {
    if (state == State.OPEN) {
      inbound.requestGoesOn();
    }
  }

  boolean downstreamWaits() {
    return outbound == null || outbound.responseWaits();
  }

  void downstreamGoesOn() {
    if (outbound != null) {
      outbound.responseGoesOn();
    }
  }

  // What the gates let through.

  void gatedRequest(ByteBuf message, boolean endOfMessage) {
    if (outbound == null) {
      message.release();
    } else {
      outbound.requestData(message, endOfMessage);
    }
  }

  void gatedHalfClose() {
    if (outbound != null) {
      outbound.requestEnd();
    }
  }

  void gatedRequestTaken(int bytes) {
    if (state != State.DONE) {
      inbound.requestTaken(bytes);
    }
  }

  void gatedResponse(ByteBuf message, boolean endOfMessage) {
    if (state != State.OPEN) {
      message.release();
    } else {
      inbound.responseData(message, endOfMessage);
    }
  }

  void gatedEnd(CallEnd end) {
    if (state == State.OPEN) {
      outbound = null;
      end(end);
    }
  }

  void gatedResponseTaken(int bytes) {
    if (watch != null) {
      watch.responseTaken(bytes);
    }
    if (outbound != null) {
      outbound.responseTaken(bytes);
    }
  }

  // The end.

  /** The call's deadline. */
  @Override
  protected void fire() {
    overdue(call.timeoutNanos());
  }

  /** The call has taken so long, or a filter's answer. */
  void overdue(long nanos) {
    long millis = TimeUnit.NANOSECONDS.toMillis(nanos);
    end(
        CallEnd.of(
            call,
            Status.deadlineExceeded(
                "timeout=" + millis + "ms, to=" + call.cluster() + ", method=" + call.method())));
  }

  boolean isOpen() {
    return state == State.OPEN;
  }

  /** Ends the call for both sides. */
  void end(CallEnd end) {
    if (state != State.OPEN) {
      return;
    }
    state = State.ENDING;
    env.loop().timers().cancel(this);
    cancelOutbound(end.status());
    filters.end(end);
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
    release();
    call.reached(Phase.ENDED);
    if (watch != null) {
      watch.ended(end);
    }
    filters.complete(end);
    env.observer().ended(call, end);
  }

  private void cancelOutbound(Status why) {
    RequestSink open = outbound;
    outbound = null;
    if (open != null) {
      open.requestCancel(why);
    }
  }

  private void release() {
    if (heldRequest != null) {
      heldRequest.release();
    }
    if (heldResponse != null) {
      heldResponse.release();
    }
    if (requestGate != null) {
      requestGate.release();
    }
    if (responseGate != null) {
      responseGate.release();
    }
  }

  // Filters that answer later.

  void holdRequest() {
    heldRequest = heldRequest == null ? new Held(this) : heldRequest;
  }

  void holdResponse() {
    heldResponse = heldResponse == null ? new Held(this) : heldResponse;
  }
}
