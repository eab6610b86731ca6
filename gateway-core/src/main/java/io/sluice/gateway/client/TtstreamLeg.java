package io.sluice.gateway.client;

import io.netty.buffer.ByteBuf;
import io.sluice.gateway.call.ResponseSink;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.loop.Budget;

/** The outbound leg of one ttstream call. */
final class TtstreamLeg extends NumberedLeg<TtstreamConnection> {

  TtstreamLeg(ClusterClient cluster, RpcCall call, ResponseSink response) {
    super(cluster, call, response);
  }

  @Override
  ConnectionPool<TtstreamConnection> poolOf(Endpoint endpoint) {
    return endpoint.ttstream();
  }

  @Override
  void open(TtstreamConnection connection) {
    connection.open(this);
  }

  @Override
  void write(TtstreamConnection connection, ByteBuf part) {
    super.write(connection, part);
    connection.write(this, part);
  }

  @Override
  void writeEnd(TtstreamConnection connection) {
    // First, as it is not half-closed if the end cannot be told.
    connection.writeEnd(this);
    super.writeEnd(connection);
  }

  @Override
  void eased(TtstreamConnection connection) {
    connection.eased(this);
  }

  @Override
  ByteBuf waiting(ByteBuf part) {
    return Budget.compact(part);
  }
}
