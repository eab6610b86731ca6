package io.sluice.gateway.client;

import io.netty.buffer.ByteBuf;
import io.sluice.api.Status;
import io.sluice.gateway.call.ResponseSink;
import io.sluice.gateway.call.RpcCall;

/** The outbound leg of one ping-pong call. */
final class PingPongLeg extends Leg<PingPongConnection> {

  PingPongLeg(ClusterClient cluster, RpcCall call, ResponseSink response) {
    super(cluster, call, response);
  }

  @Override
  ConnectionPool<PingPongConnection> poolOf(Endpoint endpoint) {
    return endpoint.pingPong();
  }

  @Override
  void open(PingPongConnection connection) {
    connection.begin(this);
  }

  @Override
  void write(PingPongConnection connection, ByteBuf part) {
    connection.write(part);
  }

  @Override
  void writeEnd(PingPongConnection connection) {
    // The message's length has told the downstream already.
    awaitFirstByte();
  }

  @Override
  void writeCancel(PingPongConnection connection, Status why) {
    connection.abandon();
  }

  @Override
  public void responseTaken(int bytes) {
    if (connection() != null && !isOver()) {
      connection().taken(bytes);
    }
  }
}
