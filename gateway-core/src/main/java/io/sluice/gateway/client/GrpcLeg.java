package io.sluice.gateway.client;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.Http2FrameStream;
import io.sluice.api.Status;
import io.sluice.gateway.call.ResponseSink;
import io.sluice.gateway.call.RpcCall;

/** The outbound leg of one gRPC call. */
final class GrpcLeg extends StreamLeg<GrpcConnection> {
  private Http2FrameStream stream;

  GrpcLeg(ClusterClient cluster, RpcCall call, ResponseSink response) {
    super(cluster, call, response);
  }

  @Override
  ConnectionPool<GrpcConnection> poolOf(Endpoint endpoint) {
    return endpoint.grpc();
  }

  @Override
  void open(GrpcConnection connection) {
    stream = connection.open(this);
  }

  @Override
  void write(GrpcConnection connection, ByteBuf part) {
    connection.write(this, part);
  }

  @Override
  void writeEnd(GrpcConnection connection) {
    super.writeEnd(connection);
    connection.writeEnd(this);
  }

  @Override
  void writeCancel(GrpcConnection connection, Status why) {
    connection.cancel(this);
  }

  @Override
  public void responseTaken(int bytes) {
    if (connection() == null) {
      return;
    }
    if (!isOver()) {
      delivered(bytes);
    }
    connection().giveBack(stream, bytes);
  }

  Http2FrameStream stream() {
    return stream;
  }
}
