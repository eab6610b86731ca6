package io.sluice.gateway.call;

import io.netty.buffer.ByteBuf;

/**
 * The response direction of one call, told to whoever stands nearer to the caller. Runs on the
 * call's loop.
 *
 * <pre>
 *   (responseHead responseData*)? responseEnd
 * </pre>
 */
public interface ResponseSink {

  /** The downstream answers: {@link RpcCall#response()} has the head of it. */
  void responseHead();

  /**
   * A part of a message. Every part is answered by {@link RequestSink#responseTaken} with its
   * {@link Weight}.
   *
   * @param part handed over to the callee
   * @param endOfMessage as in {@link RequestSink#requestData}
   */
  void responseData(ByteBuf part, boolean endOfMessage);

  /**
   * Something beside the messages, at any time before the end. Answered by {@link
   * RequestSink#responseTaken} with its size.
   *
   * @param aside handed over to the callee
   * @throws UnsupportedOperationException unless the caller speaks ttstream: nobody else could be
   *     told, so what is for others must end where it is read
   */
  default void responseAside(Aside aside) {
    aside.payload().release();
    throw new UnsupportedOperationException("said beside a call that is not by ttstream");
  }

  /**
   * The last that is heard of this call. May come at any time, also before all of the request has
   * been said.
   */
  void responseEnd(CallEnd end);

  /** Parts of {@link RequestSink#requestData} that weigh so many bytes have been passed on. */
  void requestTaken(int bytes);

  /**
   * What has come of the request waits for its time; said again with every part that comes
   * meanwhile, until {@link #requestGoesOn}.
   *
   * @return whether the caller waits too; false if others would have to wait with it
   */
  default boolean requestWaits() {
    return true;
  }

  /** Nothing of the request waits any more. */
  default void requestGoesOn() {}
}
