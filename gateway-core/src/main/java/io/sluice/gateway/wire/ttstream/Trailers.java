package io.sluice.gateway.wire.ttstream;

import io.sluice.api.Status;
import io.sluice.gateway.call.CallEnd;
import io.sluice.gateway.wire.ttheader.ReplyKeys;

/** Reads what a TRAILER frame says. */
public final class Trailers {
  private Trailers() {}

  /**
   * Takes the frame's headers; of business status and payload in one the payload counts.
   *
   * @param frame its payload is not released
   */
  public static CallEnd read(Frame frame) {
    ReplyKeys keys = ReplyKeys.take(frame.headers());
    boolean failed = frame.payload().isReadable();
    Status status = failed ? StreamCodes.read(frame.payload()) : Status.OK;
    return new CallEnd(status, failed ? null : keys.bizStatus(), frame.headers());
  }
}
