package io.sluice.api;

import org.jspecify.annotations.Nullable;

/** The end of a call; what may still be changed of it is changed in {@link Filter#onEnd}. */
public interface Outcome {

  /** How the call ended. */
  Status status();

  /** The service's own verdict, or null. */
  @Nullable BizStatus bizStatus();

  /**
   * What follows the last message: trailers of gRPC and ttstream. A ping-pong call has none of its
   * own.
   */
  Metadata trailers();

  /**
   * Tells the caller another status.
   *
   * @throws IllegalStateException after {@link Filter#onEnd}
   */
  void status(Status status);
}
