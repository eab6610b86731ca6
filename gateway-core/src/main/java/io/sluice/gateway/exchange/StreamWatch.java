package io.sluice.gateway.exchange;

import io.netty.buffer.ByteBuf;
import io.sluice.api.Call.Phase;
import io.sluice.api.Protocol;
import io.sluice.api.Status;
import io.sluice.gateway.call.CallEnd;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.loop.Timers;
import io.sluice.gateway.route.StreamLimits;
import java.util.concurrent.TimeUnit;

/**
 * Counts what passes in one stream, and keeps it within the limits of its route. The one timer is
 * for whichever limit is met next. What passes only notes the time: when the timer fires, it looks
 * anew when that will be, so that a message costs no setting of timers.
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

  // All times are nanoseconds since the call's start.

  private final long opened;
  private long lastRequest;
  private long lastResponse;

  /** Bytes of the response that the caller has not taken yet. */
  private long underWay;

  /** The time of the limit that will be met next, as far as {@link #look} has come. */
  private long next;

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
  }

  /** The stream is opened now; it may end at once. */
  void begin() {
    observer.opened();
    if (timed) {
      look();
    }
  }

  private long now() {
    return System.nanoTime() - call.startNanos();
  }

  /** A part of the request passes; false if it must not, as the stream has been ended. */
  boolean request(ByteBuf part, boolean endOfMessage) {
    int begun = requests.pass(part, endOfMessage);
    call.addRequestMessages(begun);
    observer.request(begun, part.readableBytes());
    if (timed) {
      lastRequest = now();
    }
    return isSmall(requests);
  }

  /** A part of the response passes; false if it must not, as the stream has been ended. */
  boolean response(ByteBuf part, boolean endOfMessage) {
    int begun = responses.pass(part, endOfMessage);
    if (begun > 0 && call.responseMessages() == 0) {
      call.reached(Phase.FIRST_MESSAGE);
      observer.firstMessage(call.nanosTo(Phase.FIRST_MESSAGE));
    }
    call.addResponseMessages(begun);
    observer.response(begun, part.readableBytes());
    if (timed) {
      underWay += part.readableBytes();
      lastResponse = now();
    }
    return isSmall(responses);
  }

  /** The caller has taken so many bytes of the response. */
  void responseTaken(int bytes) {
    if (timed) {
      underWay -= bytes;
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

  /** The stream is over. */
  void ended(CallEnd end) {
    exchange.loop().timers().cancel(this);
    observer.ended(end);
  }

  @Override
  protected void fire() {
    look();
  }

  /** Ends the stream if a limit is met, else sets the timer for the one that may be met next. */
  private void look() {
    long now = now();
    next = NEVER;
    if (!isMet(now) && next != NEVER) {
      exchange.loop().timers().set(this, next - now);
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
    long heard = answered < 0 || underWay > 0 ? now : Math.max(answered, lastResponse);
    if (isOver(now, heard, limits.messageGap())) {
      return ends("no message for %dms (messageGap)", limits.messageGap());
    }
    long last = Math.max(Math.max(lastRequest, lastResponse), answered);
    if (isOver(now, last, limits.idle())) {
      return ends("neither side has said anything for %dms (idle)", limits.idle());
    }
    return isOver(now, 0, limits.duration())
        && ends("open for %dms (maxDuration)", limits.duration());
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
