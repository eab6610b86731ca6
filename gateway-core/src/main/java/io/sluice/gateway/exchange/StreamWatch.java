package io.sluice.gateway.exchange;

import io.netty.buffer.ByteBuf;
import io.sluice.api.Call.Phase;
import io.sluice.api.Protocol;
import io.sluice.api.Status;
import io.sluice.gateway.call.CallEnd;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.call.Weight;
import io.sluice.gateway.loop.Timers;
import io.sluice.gateway.route.StreamLimits;
import io.sluice.gateway.route.StreamRate;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Counts what passes in one stream, and keeps it within the limits of its route. The one timer is
 * for whichever limit is met next, and for what waits for its time. What passes only notes the
 * time: when the timer fires, it looks anew when that will be, so that a message costs no setting
 * of timers.
 */
final class StreamWatch extends Timers.Timer {
  private static final long NEVER = Long.MAX_VALUE;

  private final Exchange exchange;
  private final RpcCall call;
  private final StreamLimits limits;
  private final StreamObserver observer;
  private final boolean timed;
  private final MessageCount requests;
  private final MessageCount responses;
  private final @Nullable Pace requestPace;
  private final @Nullable Pace responsePace;

  // All times are nanoseconds since the call's start.

  private final long opened;
  private long lastRequest;
  private long lastResponse;

  /** Bytes of the response's messages, as they came, that the caller has not taken yet. */
  private long underWay;

  /** Bytes beside its messages that the caller has not taken yet. */
  private int besideUnderWay;

  /** The time for which the timer is set, as far as {@link #look} has come. */
  private long next = NEVER;

  StreamWatch(Exchange exchange, StreamLimits limits, StreamObserver observer) {
    this.exchange = exchange;
    this.call = exchange.call();
    this.limits = limits;
    this.observer = observer;
    this.timed = limits.areTimed();
    boolean prefixed = call.protocol() == Protocol.GRPC;
    this.requests = new MessageCount(prefixed);
    this.responses = new MessageCount(prefixed);
    this.opened = timed ? now() : 0;
    this.lastRequest = opened;
    this.lastResponse = opened;
    this.requestPace = pace(exchange.request(), limits.request());
    this.responsePace = pace(exchange.response(), limits.response());
  }

  private @Nullable Pace pace(Way way, @Nullable StreamRate rate) {
    return rate == null ? null : new Pace(way, this, rate);
  }

  /** The stream is opened now; it may end at once. */
  void begin() {
    observer.opened();
    if (timed) {
      look();
    }
  }

  /** Nanoseconds since the call's start. */
  long now() {
    return System.nanoTime() - call.startNanos();
  }

  /**
   * A part of the request has come.
   *
   * @param part taken over unless it passes
   * @return whether it passes now: it may have to wait, or have ended the stream
   */
  boolean requestPasses(ByteBuf part, boolean endOfMessage) {
    int begun = requests.pass(part, endOfMessage);
    call.addRequestMessages(begun);
    observer.request(begun, part.readableBytes());
    if (timed) {
      lastRequest = now();
    }
    return passes(part, endOfMessage, begun, requests, requestPace);
  }

  /** A part of the response has come; as {@link #requestPasses}. */
  boolean responsePasses(ByteBuf part, boolean endOfMessage) {
    int begun = responses.pass(part, endOfMessage);
    if (begun > 0 && call.responseMessages() == 0) {
      call.reached(Phase.FIRST_MESSAGE);
      observer.firstMessage(call.nanosTo(Phase.FIRST_MESSAGE));
    }
    call.addResponseMessages(begun);
    observer.response(begun, part.readableBytes());
    if (timed) {
      underWay += Weight.of(part, endOfMessage);
      lastResponse = now();
    }
    return passes(part, endOfMessage, begun, responses, responsePace);
  }

  private boolean passes(
      ByteBuf part, boolean endOfMessage, int begun, MessageCount count, @Nullable Pace pace) {
    if (!isSmall(count)) {
      part.release();
      return false;
    }
    return pace == null || pace.part(part, endOfMessage, begun);
  }

  /** The request is whole; whether that is passed on now, as nothing of it waits. */
  boolean requestEnd() {
    return requestPace == null || requestPace.end(null);
  }

  /** The response is over; whether that is passed on now, as nothing of it waits. */
  boolean responseEnd(CallEnd end) {
    return responsePace == null || responsePace.end(end);
  }

  /** Something has to wait until this time, and nothing of its direction has waited before. */
  void waits(boolean request, long until) {
    observer.waits(request);
    wakes(until);
  }

  /** The next of what waits has this time. */
  void wakes(long at) {
    if (at < next) {
      next = at;
      exchange.loop().timers().set(this, Math.max(0, at - now()));
    }
  }

  /** So many bytes pass beside the response's messages. */
  void passesBeside(int bytes) {
    besideUnderWay += bytes;
  }

  /** So many bytes of the response that have come are gone: the caller or a filter took them. */
  void responseTaken(int bytes) {
    int beside = Math.min(bytes, besideUnderWay);
    besideUnderWay -= beside;
    if (timed && bytes > beside) {
      underWay -= bytes - beside;
      lastResponse = now();
    }
  }

  private boolean isSmall(MessageCount count) {
    if (limits.message() == 0 || count.largest() <= limits.message()) {
      return true;
    }
    String text = "message of %d bytes, at most %d are allowed (maxMessage)";
    String why = text.formatted(count.largest(), limits.message());
    exchange.end(CallEnd.of(call, Status.overLimit(why)));
    return false;
  }

  /** Nothing of the request passes any more. */
  void requestOver() {
    if (requestPace != null) {
      requestPace.release();
    }
  }

  /** The stream is over. */
  void ended(CallEnd end) {
    exchange.loop().timers().cancel(this);
    requestOver();
    if (responsePace != null) {
      responsePace.release();
    }
    observer.ended(end);
  }

  @Override
  protected void fire() {
    next = NEVER;
    if (requestPace != null) {
      requestPace.drain();
    }
    if (responsePace != null) {
      responsePace.drain();
    }
    if (timed && exchange.isOpen()) {
      look();
    }
  }

  /** Ends the stream if a limit is met, else sees to it that the timer is set for the next. */
  private void look() {
    long now = now();
    if (!isMet(now) && next != NEVER) {
      exchange.loop().timers().set(this, Math.max(0, next - now));
    }
  }

  private boolean isMet(long now) {
    long connected = call.nanosTo(Phase.CONNECTED);
    long answered = call.nanosTo(Phase.ANSWERED);
    if (connected < 0 && isOver(now, opened, limits.open())) {
      return ends("no connection within %dms (openTimeout)", limits.open());
    }
    // What has not begun cannot be over sooner than if it began now.
    long asked = connected < 0 ? now : connected;
    if (answered < 0 && isOver(now, asked, limits.firstResponse())) {
      return ends("no answer within %dms (firstResponse)", limits.firstResponse());
    }
    boolean spoken = underWay > 0 || responsePace != null && responsePace.waits();
    long heard = answered < 0 || spoken ? now : Math.max(answered, lastResponse);
    if (isOver(now, heard, limits.messageGap())) {
      return ends("no message for %dms (messageGap)", limits.messageGap());
    }
    long last = isHeldUp() ? now : Math.max(Math.max(lastRequest, lastResponse), answered);
    if (isOver(now, last, limits.idle())) {
      return ends("neither side has said anything for %dms (idle)", limits.idle());
    }
    return isOver(now, 0, limits.duration())
        && ends("open for %dms (maxDuration)", limits.duration());
  }

  /** Whether somebody has to wait who would say more. */
  private boolean isHeldUp() {
    return requestPace != null && requestPace.waits()
        || responsePace != null && responsePace.waits();
  }

  private boolean isOver(long now, long since, long limit) {
    if (limit == 0) {
      return false;
    }
    next = Math.min(next, since + limit);
    return since + limit <= now;
  }

  private boolean ends(String text, long limit) {
    String why = text.formatted(TimeUnit.NANOSECONDS.toMillis(limit));
    String where = ", to=%s, method=%s, remote=%s";
    exchange.end(
        CallEnd.of(
            call,
            Status.deadlineExceeded(
                why + where.formatted(call.cluster(), call.method(), call.endpoint()))));
    return true;
  }
}
