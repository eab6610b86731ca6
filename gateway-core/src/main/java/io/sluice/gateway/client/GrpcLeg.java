package io.sluice.gateway.client;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.Http2FrameStream;
import io.sluice.api.Status;
import io.sluice.gateway.call.ResponseSink;
import io.sluice.gateway.call.RpcCall;

/** The outbound leg of one gRPC call. */
final class GrpcLeg extends StreamLeg<GrpcConnection> {
  private GrpcConnection connection;
  private Http2FrameStream stream;
  private int window;
  private boolean headSeen;
  private boolean halfClosed;

  GrpcLeg(ClusterClient cluster, RpcCall call, ResponseSink response) {
    super(cluster, call, response);
  }

  @Override
  SharedPool<GrpcConnection> poolOf(Endpoint endpoint) {
    return endpoint.grpc();
  }

  @Override
  void open(GrpcConnection connection) {
    this.connection = connection;
    stream = connection.open(this);
  }

  @Override
  void write(ByteBuf part) {
    connection.write(this, part);
  }

  @Override
  void writeEnd() {
    halfClosed = true;
    connection.writeEnd(this);
  }

  @Override
  void writeCancel(Status why) {
    connection.cancel(this);
  }

  @Override
  public void responseTaken(int bytes) {
    if (connection == null) {
      return;
    }
    if (!isOver()) {
      window -= bytes;
      connection.taken(bytes);
    }
    connection.giveBack(stream, bytes);
  }

  void received(int bytes) {
    window += bytes;
  }

  /** The leg is over: what it had under way is nobody's any more. */
  void forgetWindow() {
    int bytes = window;
    window = 0;
    connection.taken(bytes);
  }

  Http2FrameStream stream() {
    return stream;
  }

  boolean headSeen() {
    return headSeen;
  }

  boolean isHalfClosed() {
    return halfClosed;
  }

  void sawHead() {
    headSeen = true;
  }
}
