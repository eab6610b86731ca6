package io.sluice.gateway.call;

import io.netty.buffer.ByteBuf;
import io.sluice.api.Status;

/**
 * The request direction of one call, told to whoever stands nearer to the downstream. Runs on the
 * call's loop.
 *
 * <pre>
 *   (requestData* requestEnd)? requestCancel?
 * </pre>
 *
 * After {@link #requestCancel}, or after the response has ended, nothing more comes.
 */
public interface RequestSink {

  /**
   * A part of a message. Every part is answered by {@link ResponseSink#requestTaken} sooner or
   * later, with its {@link Weight}, which is how a slow reader slows the caller.
   *
   * @param part handed over to the callee
   * @param endOfMessage whether this is the last part of its message; false in all parts of gRPC,
   *     which are cut anywhere
   */
  void requestData(ByteBuf part, boolean endOfMessage);

  /** The caller has said all; a half close, not a cancel. */
  void requestEnd();

  /**
   * Both at once, so that they need not be two frames.
   *
   * @param part as in {@link #requestData}
   */
  default void requestLast(ByteBuf part, boolean endOfMessage) {
    requestData(part, endOfMessage);
    requestEnd();
  }

  /**
   * The call is given up: the caller has gone or cancelled, or its time is over. The response will
   * not be listened to.
   *
   * @param why what to tell the downstream where its protocol has a word for it
   */
  void requestCancel(Status why);

  /** Parts of {@link ResponseSink#responseData} that weigh so many bytes have been passed on. */
  void responseTaken(int bytes);

  /**
   * What has come of the response waits for its time; said again with every part that comes
   * meanwhile, until {@link #responseGoesOn}.
   *
   * @return whether the downstream waits too; false if others would have to wait with it
   */
  default boolean responseWaits() {
    return true;
  }

  /** Nothing of the response waits any more. */
  default void responseGoesOn() {}
}
