package io.sluice.gateway.client;

import io.netty.buffer.ByteBuf;
import io.sluice.api.Status;
import io.sluice.gateway.call.ResponseSink;
import io.sluice.gateway.call.RpcCall;

/**
 * The outbound leg of one call on a connection that tells its calls apart by numbers.
 *
 * @param <C> the connection
 */
abstract class NumberedLeg<C extends NumberedConnection<C, ?>> extends StreamLeg<C> {
  private int id;
  private int unacknowledged;

  NumberedLeg(ClusterClient cluster, RpcCall call, ResponseSink response) {
    super(cluster, call, response);
  }

  /** The call's number on its connection. */
  final int id() {
    return id;
  }

  final void id(int id) {
    this.id = id;
  }

  @Override
  void write(C connection, ByteBuf part) {
    unacknowledged += part.readableBytes();
  }

  /** What was written has left, or may be taken as if. */
  final void acknowledge() {
    int bytes = unacknowledged;
    unacknowledged = 0;
    if (bytes > 0 && !isOver()) {
      response().requestTaken(bytes);
    }
  }

  @Override
  void writeCancel(C connection, Status why) {
    connection.cancel(id, why);
  }

  @Override
  public final void responseTaken(int bytes) {
    if (connection() != null && !isOver()) {
      delivered(bytes);
    }
  }
}
