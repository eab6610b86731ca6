package io.sluice.gateway.client;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.Http2FrameStream;
import io.netty.handler.codec.http2.Http2Headers;
import io.sluice.api.Status;
import io.sluice.gateway.call.CallEnd;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.call.ResponseSink;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.loop.Budget;
import io.sluice.gateway.wire.grpc.GrpcHeaders;
import io.sluice.gateway.wire.grpc.GrpcStatus;

/**
 * The outbound leg of one gRPC call. As long as all that was sent is still held, and no response
 * has begun, it can leave a stream that the downstream has not looked at for another one.
 */
final class GrpcLeg extends StreamLeg<GrpcConnection> {
  /**
   * How often a call may begin again: a downstream that refuses all is not to be asked for ever.
   */
  private static final int MAX_AGAIN = 3;

  private final Replay replay = new Replay();
  private Http2FrameStream stream;
  private int again;

  /** Bytes of the request of which the caller was told that they are gone. */
  private long taken;

  /** Bytes of it that were written to the present stream. */
  private long written;

  /** Those of them that have left. */
  private long sent;

  /** Bytes of the response's metadata. */
  private int headBytes;

  /** Bytes that parts of the request take which wait for the downstream, beside their own. */
  private int waiting;

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
    write(connection, part, false);
  }

  private void write(GrpcConnection connection, ByteBuf part, boolean last) {
    if (!headSeen()) {
      connection.keep(replay, part);
    }
    connection.write(this, part, last);
  }

  @Override
  void writeEnd(GrpcConnection connection) {
    super.writeEnd(connection);
    connection.writeEnd(this);
  }

  @Override
  void writeLast(GrpcConnection connection, ByteBuf part) {
    super.writeEnd(connection);
    write(connection, part, true);
  }

  @Override
  void writeCancel(GrpcConnection connection, Status why) {
    connection.cancel(this);
  }

  /** A header list of the response has come: its head, an interim one, or its end. */
  void headers(Http2Headers headers, boolean last) {
    int http = GrpcHeaders.httpStatus(headers);
    if (last) {
      connection().finish(stream, GrpcHeaders.end(headers));
    } else if (http >= 100 && http < 200) {
      // An interim response, of which the real one follows.
      connection().idleWord();
    } else if (http != 200 || !GrpcHeaders.isGrpc(headers)) {
      // Its body is not to come.
      connection().cancel(this);
      end(CallEnd.of(call(), GrpcStatus.ofHttp(http)));
    } else {
      sawHead();
      Headers head = GrpcHeaders.read(headers);
      headBytes = head.footprint();
      call().responseHeaders(head, null);
      connection().keeps(headBytes);
      if (!isOver()) {
        response().responseHead();
      }
    }
  }

  @Override
  public void responseTaken(int bytes) {
    if (connection() != null && !isOver()) {
      delivered(bytes);
      connection().giveBack(stream, bytes);
    }
  }

  /**
   * So many bytes more are being written to the present stream.
   *
   * @return how many have not left, these included
   */
  long writes(int bytes) {
    written += bytes;
    return written - sent;
  }

  /** So many bytes have left for the downstream on this stream. */
  void sent(Http2FrameStream on, int bytes) {
    if (on != stream || connection() == null || isOver()) {
      return;
    }
    sent += bytes;
    int more = (int) (sent - taken);
    // What is sent once more was taken from the caller before.
    if (more > 0) {
      taken = sent;
      response().requestTaken(more);
    }
  }

  @Override
  void sawHead() {
    super.sawHead();
    letGo();
  }

  @Override
  void over() {
    letGo();
    if (headBytes > 0) {
      connection().taken(headBytes);
      headBytes = 0;
    }
  }

  /** Parts of the request that wait take so many bytes more, beside their own. */
  void waits(int bytes) {
    waiting += bytes;
  }

  /** Bytes that are held: of the response, its metadata included, and for what waits. */
  int held() {
    return window() + headBytes + waiting;
  }

  /** Holds nothing any more that could be sent again. */
  int letGo() {
    int held = replay.letGo();
    if (held > 0) {
      connection().taken(held);
    }
    return held;
  }

  /** Whether the call could begin elsewhere. */
  boolean mayBeginAgain() {
    return replay.isComplete() && !headSeen() && !isOver() && again < MAX_AGAIN;
  }

  /** The downstream has not looked at the call, and it {@link #mayBeginAgain()}. */
  void beginAgain() {
    again++;
    written = 0;
    sent = 0;
    connection().taken(replay.bytes());
    boolean whole = isHalfClosed();
    notHalfClosed();
    moveOn(replay.take(), whole);
  }

  Http2FrameStream stream() {
    return stream;
  }

  @Override
  ByteBuf waiting(ByteBuf part) {
    return Budget.compact(part);
  }
}
