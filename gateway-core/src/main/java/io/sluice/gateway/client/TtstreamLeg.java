package io.sluice.gateway.client;

import io.netty.buffer.ByteBuf;
import io.sluice.api.Status;
import io.sluice.gateway.call.ResponseSink;
import io.sluice.gateway.call.RpcCall;

/** The outbound leg of one ttstream call. */
final class TtstreamLeg extends StreamLeg<TtstreamConnection> {
  private int streamId;
  private int unacknowledged;

  TtstreamLeg(ClusterClient cluster, RpcCall call, ResponseSink response) {
    super(cluster, call, response);
  }

  @Override
  ConnectionPool<TtstreamConnection> poolOf(Endpoint endpoint) {
    return endpoint.ttstream();
  }

  @Override
  void open(TtstreamConnection connection) {
    streamId = connection.open(this);
  }

  @Override
  void write(TtstreamConnection connection, ByteBuf part) {
    unacknowledged += part.readableBytes();
    connection.write(this, part);
  }

  @Override
  void writeEnd(TtstreamConnection connection) {
    super.writeEnd(connection);
    connection.writeEnd(this);
  }

  @Override
  void writeCancel(TtstreamConnection connection, Status why) {
    connection.cancel(this, why);
  }

  @Override
  public void responseTaken(int bytes) {
    if (connection() != null && !isOver()) {
      delivered(bytes);
    }
  }

  /** What was written has left, or may be taken as if. */
  void acknowledge() {
    int bytes = unacknowledged;
    unacknowledged = 0;
    if (bytes > 0 && !isOver()) {
      response().requestTaken(bytes);
    }
  }

  int streamId() {
    return streamId;
  }
}
