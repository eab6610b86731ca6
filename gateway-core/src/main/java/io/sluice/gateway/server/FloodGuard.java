package io.sluice.gateway.server;

import io.netty.handler.codec.http2.Http2Error;
import io.sluice.gateway.config.LimitsConfig;
import io.sluice.gateway.loop.Allowance;
import io.sluice.gateway.loop.Limit;
import io.sluice.gateway.wire.http2.Http2Codecs;

/**
 * Weighs what a caller does on one HTTP/2 connection beside calling: the streams that it cancels,
 * or has reset for its errors, against those that are answered, and frames that belong to no call
 * against those that its calls give rise to, as updates of windows and pings to measure them. One
 * who makes the gateway work for nothing is told so, and gone.
 */
final class FloodGuard {

  /** Sees to it that the connection ends. */
  @FunctionalInterface
  interface Refusal {
    void refuse(Limit limit, String why);
  }

  /** The window of stream and connection, and a ping, for something that was answered. */
  private static final int ANSWERS = 3;

  /** Some callers give back the window of each frame, however short. */
  private static final int BYTES_PER_ANSWER = 4096;

  /** What may be on its way when a stream ends, in frames of 4 KiB. */
  private static final int ON_ITS_WAY = Http2Codecs.STREAM_WINDOW / 4096;

  private final LimitsConfig limits;
  private final Refusal refusal;
  private final Allowance resets;
  private final Allowance controls;

  FloodGuard(LimitsConfig limits, Refusal refusal) {
    this.limits = limits;
    this.refusal = refusal;
    this.resets = new Allowance(limits.resetRate());
    this.controls = new Allowance(limits.controlRate());
  }

  /**
   * Frames came that belong to no call.
   *
   * @param cost how many, those that make more work being more
   * @param last the last of them, in words
   * @return false if these were too many, and the connection is at its end
   */
  boolean control(int cost, String last) {
    if (controls.spend(cost)) {
      return true;
    }
    refusal.refuse(
        Limit.CONTROL_RATE,
        "it floods the connection: more than "
            + limits.controlRate()
            + " frames a second that belong to no call (controlRate), the last of them "
            + last);
    return false;
  }

  /** The caller has cancelled a stream that was open. */
  void cancelled() {
    reset("cancels them");
  }

  /** The gateway resets a stream, which may be for the frames that the caller sent on it. */
  void resets(boolean open, long errorCode) {
    if (errorCode == Http2Error.NO_ERROR.code() || errorCode == GrpcDrain.GRACEFUL_SHUTDOWN) {
      return;
    }
    if (open) {
      reset("has them reset for its errors");
    } else {
      // What was on its way when the stream ended costs little, and honest callers cannot help it.
      control(1, "one of a stream that is not open");
    }
  }

  private void reset(String does) {
    if (!resets.spend(1)) {
      refusal.refuse(
          Limit.RESET_RATE,
          "it opens streams and "
              + does
              + ": more than "
              + limits.resetRate()
              + " a second beyond those that were answered (resetRate)");
    }
  }

  /** Something of a response goes to the caller, who may have to say something about it. */
  void responds(int bytes) {
    controls.earn(ANSWERS + bytes / BYTES_PER_ANSWER);
  }

  /** The gateway ends a stream on which the caller may be sending. */
  void endsEarly() {
    controls.earn(ON_ITS_WAY);
  }

  /** The caller has sent something of a request. */
  void requested() {
    controls.earn(1);
  }

  /** A call has been answered to its end. */
  void answered() {
    resets.earn(1);
  }
}
