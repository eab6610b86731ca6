package io.sluice.gateway.client;

import io.sluice.gateway.call.ResponseSink;
import io.sluice.gateway.call.RpcCall;

/**
 * The outbound leg of one call on a shared connection.
 *
 * @param <C> the connection
 */
abstract class StreamLeg<C extends SharedConnection> extends Leg<C> {
  private int window;
  private boolean headSeen;
  private boolean halfClosed;

  StreamLeg(ClusterClient cluster, RpcCall call, ResponseSink response) {
    super(cluster, call, response);
  }

  /** Bytes of the response that are on their way to the caller. */
  final int window() {
    return window;
  }

  /** So many bytes more of the response are on their way to the caller. */
  final void received(int bytes) {
    window += bytes;
  }

  /** So many of them the caller has, or nobody wants any more. */
  final void delivered(int bytes) {
    window -= bytes;
    connection().taken(bytes);
  }

  final boolean headSeen() {
    return headSeen;
  }

  void sawHead() {
    headSeen = true;
    firstByteCame();
  }

  final boolean isHalfClosed() {
    return halfClosed;
  }

  /** What was said is to be said again. */
  final void notHalfClosed() {
    halfClosed = false;
  }

  @Override
  void writeEnd(C connection) {
    halfClosed = true;
    if (call().isUnary()) {
      awaitFirstByte();
    }
  }
}
