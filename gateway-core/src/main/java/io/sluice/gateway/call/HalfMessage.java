package io.sluice.gateway.call;

import io.sluice.api.Status;

/** Ends of gRPC calls of which one side says that all is well, but in the midst of a message. */
public final class HalfMessage {
  /** What the caller is told whose request ends so. */
  public static final Status OF_CALLER = Status.internal("half-closed within a message");

  /** What the caller is told if the response ends so. */
  public static final Status OF_DOWNSTREAM =
      Status.grpc(13, "the downstream ended within a message");

  private HalfMessage() {}
}
