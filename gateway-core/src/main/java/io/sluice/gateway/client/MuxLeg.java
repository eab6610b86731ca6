package io.sluice.gateway.client;

import io.netty.buffer.ByteBuf;
import io.sluice.gateway.call.ResponseSink;
import io.sluice.gateway.call.RpcCall;

/** The outbound leg of one ping-pong call on a connection that carries many at once. */
final class MuxLeg extends NumberedLeg<MuxConnection> {
  private boolean asked;

  MuxLeg(ClusterClient cluster, RpcCall call, ResponseSink response) {
    super(cluster, call, response);
  }

  @Override
  ConnectionPool<MuxConnection> poolOf(Endpoint endpoint) {
    return endpoint.mux();
  }

  @Override
  void open(MuxConnection connection) {
    connection.open(this);
  }

  @Override
  void write(MuxConnection connection, ByteBuf part) {
    super.write(connection, part);
    asked = true;
    connection.write(this, part);
  }

  /** Whether the request has been written, so that a reply can be one to it. */
  boolean isAsked() {
    return asked;
  }

  @Override
  void eased(MuxConnection connection) {
    connection.eased(this);
  }
}
