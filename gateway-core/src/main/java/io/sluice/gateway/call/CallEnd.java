package io.sluice.gateway.call;

import io.sluice.api.BizStatus;
import io.sluice.api.Metadata;
import io.sluice.api.Outcome;
import io.sluice.api.Status;
import org.jspecify.annotations.Nullable;

/** How a call ended, with what follows its last message. Made by the leg or filter that ends it. */
public final class CallEnd implements Outcome {
  private final Party endedBy;
  private final String filter;
  private Status status;
  private final @Nullable BizStatus bizStatus;
  private final Headers trailers;
  private final boolean reset;
  private boolean sealed;

  /**
   * @param bizStatus the service's own verdict, or null
   * @param trailers handed over; an empty one where the protocol has none
   */
  public CallEnd(Status status, @Nullable BizStatus bizStatus, Headers trailers) {
    this(status, bizStatus, trailers, party(status), "", false);
  }

  private CallEnd(
      Status status,
      @Nullable BizStatus bizStatus,
      Headers trailers,
      Party endedBy,
      String filter,
      boolean reset) {
    this.endedBy = endedBy;
    this.filter = filter;
    this.status = status;
    this.bizStatus = bizStatus;
    this.trailers = trailers;
    this.reset = reset;
  }

  /** An end of this call that the gateway itself decides, or that came without trailers. */
  public static CallEnd of(RpcCall call, Status status) {
    return new CallEnd(status, null, new Headers(call.headers().dialect()));
  }

  /** An end of this call that a filter decides. */
  public static CallEnd byFilter(RpcCall call, Status status, String filter) {
    Headers none = new Headers(call.headers().dialect());
    return new CallEnd(status, null, none, Party.FILTER, filter, false);
  }

  /**
   * An end that the caller's side decides, so that nobody is left to be told: the caller has given
   * up, whatever reason it gave, or the gateway will not carry it on.
   */
  public static CallEnd byCancel(RpcCall call, Status why) {
    Headers none = new Headers(call.headers().dialect());
    boolean givenUp = why.code() == Status.Code.CANCELLED || why.code() == Status.Code.EXCEPTION;
    return givenUp
        ? new CallEnd(Status.cancelled(why.text()), null, none, Party.CALLER, "", false)
        : new CallEnd(why, null, none, Party.GATEWAY, "", false);
  }

  /** An end of this call that the gateway decides, whatever the status sounds like. */
  public static CallEnd byGateway(RpcCall call, Status why) {
    Headers none = new Headers(call.headers().dialect());
    return new CallEnd(why, null, none, Party.GATEWAY, "", false);
  }

  /**
   * The downstream, or a proxy in front of it, has given the stream up rather than ended it.
   *
   * @param headers what came with that, handed over
   */
  public static CallEnd byReset(Status status, Headers headers) {
    return new CallEnd(status, null, headers, party(status), "", true);
  }

  private static Party party(Status status) {
    return switch (status.code()) {
      case OK, EXCEPTION, GRPC, UNAVAILABLE -> Party.DOWNSTREAM;
      case CANCELLED -> Party.CALLER;
      case DEADLINE_EXCEEDED -> Party.DEADLINE;
      default -> Party.GATEWAY;
    };
  }

  @Override
  public Party endedBy() {
    return endedBy;
  }

  @Override
  public String filter() {
    return filter;
  }

  @Override
  public Status status() {
    return status;
  }

  @Override
  public void status(Status status) {
    if (sealed) {
      throw new IllegalStateException("the caller has been told already");
    }
    this.status = status;
  }

  @Override
  public @Nullable BizStatus bizStatus() {
    return bizStatus;
  }

  /** Filters are about to see it: what follows the last message is this call's from now on. */
  public void endOf(RpcCall call) {
    trailers.belongTo(call);
  }

  @Override
  public Metadata trailers() {
    return trailers.plain();
  }

  /** The trailers as they go on the wire. */
  public Headers rawTrailers() {
    return trailers;
  }

  /**
   * Whether it was a reset of ttstream. Its caller is to get a reset too, which keeps the
   * exception's type; to others it is an end like any other.
   */
  public boolean isReset() {
    return reset;
  }

  /** No more changes: it is being told to the caller. */
  public void seal() {
    sealed = true;
  }
}
