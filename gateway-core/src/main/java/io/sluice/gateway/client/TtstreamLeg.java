package io.sluice.gateway.client;

import io.netty.buffer.ByteBuf;
import io.sluice.api.Status;
import io.sluice.gateway.call.ResponseSink;
import io.sluice.gateway.call.RpcCall;

/** The outbound leg of one ttstream call. */
final class TtstreamLeg extends StreamLeg<TtstreamConnection> {
  private TtstreamConnection connection;
  private int streamId;
  private boolean headSeen;
  private boolean halfClosed;
  private int window;
  private int unacknowledged;

  TtstreamLeg(ClusterClient cluster, RpcCall call, ResponseSink response) {
    super(cluster, call, response);
  }

  @Override
  SharedPool<TtstreamConnection> poolOf(Endpoint endpoint) {
    return endpoint.ttstream();
  }

  @Override
  void open(TtstreamConnection connection) {
    this.connection = connection;
    streamId = connection.open(this);
  }

  @Override
  void write(ByteBuf part) {
    unacknowledged += part.readableBytes();
    connection.write(this, part);
  }

  @Override
  void writeEnd() {
    halfClosed = true;
    connection.writeEnd(this);
  }

  @Override
  void writeCancel(Status why) {
    connection.cancel(this, why);
  }

  @Override
  public void responseTaken(int bytes) {
    if (!isOver() && connection != null) {
      window -= bytes;
      connection.taken(bytes);
    }
  }

  /** The leg is over: what it had under way is nobody's any more. */
  void forgetWindow() {
    int bytes = window;
    window = 0;
    connection.taken(bytes);
  }

  /** Bytes of the response that are on their way to the caller. */
  int window() {
    return window;
  }

  void received(int bytes) {
    window += bytes;
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

  boolean headSeen() {
    return headSeen;
  }

  void sawHead() {
    headSeen = true;
  }

  boolean isHalfClosed() {
    return halfClosed;
  }
}
