package io.sluice.api;

import org.jspecify.annotations.Nullable;

/** The end of a call; what may still be changed of it is changed in {@link Filter#onEnd}. */
public interface Outcome {

  /** How the call ended. */
  Status status();

  /** Who or what ended the call. */
  Party endedBy();

  /** The name of the filter that ended the call; empty if it was none. */
  String filter();

  /** The service's own verdict, or null. */
  @Nullable BizStatus bizStatus();

  /**
   * What follows the last message: trailers of gRPC and ttstream. A ping-pong call has none of its
   * own. Changes reach the caller if made in {@link Filter#onEnd}; whoever may not change the
   * {@link Call} may not change these either.
   */
  Metadata trailers();

  /**
   * Tells the caller another status; {@link #endedBy()} stays as it is.
   *
   * @throws IllegalStateException after {@link Filter#onEnd}
   */
  void status(Status status);

  /** Who can end a call. */
  enum Party {
    /** Gave up, or lost its connection. */
    CALLER,
    /** Refused it, answered in the downstream's place, or failed. */
    FILTER,
    /** Its time was over. */
    DEADLINE,
    /** Answered, could not be reached, or was lost. */
    DOWNSTREAM,
    /** Had no route for it, had to keep a limit, could not translate it, or stops. */
    GATEWAY
  }
}
