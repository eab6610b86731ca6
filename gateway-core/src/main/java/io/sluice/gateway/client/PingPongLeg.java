package io.sluice.gateway.client;

import io.netty.buffer.ByteBuf;
import io.sluice.api.Status;
import io.sluice.gateway.call.CallEnd;
import io.sluice.gateway.call.RequestSink;
import io.sluice.gateway.call.ResponseSink;
import io.sluice.gateway.call.RpcCall;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** The outbound leg of one ping-pong call: waits for a connection, then speaks through it. */
final class PingPongLeg implements RequestSink {
  private final ClusterClient cluster;
  private final RpcCall call;
  private final ResponseSink response;
  private final int start;
  private int attempts;

  /** Where a connection is awaited; null before and after. */
  private @Nullable PingPongPool pool;

  private @Nullable PingPongConnection connection;
  private @Nullable ArrayDeque<ByteBuf> early;
  private boolean over;

  PingPongLeg(ClusterClient cluster, RpcCall call, ResponseSink response) {
    this.cluster = cluster;
    this.call = call;
    this.response = response;
    this.start = cluster.nextStart();
  }

  RpcCall call() {
    return call;
  }

  ResponseSink response() {
    return response;
  }

  ClusterClient cluster() {
    return cluster;
  }

  /** Asks the next endpoint for a connection. */
  void connect() {
    PingPongPool next = cluster.endpoint(start, attempts++).pingPong();
    pool = next;
    next.acquire(this);
  }

  /** There is no connection to be had there. Nothing was sent, so another endpoint may serve. */
  void failed(String why) {
    pool = null;
    if (over) {
      return;
    }
    if (attempts < cluster.size()) {
      connect();
    } else {
      end(CallEnd.of(call, Status.unavailable(why)));
    }
  }

  /** Has its connection. */
  void connected(PingPongConnection connection) {
    pool = null;
    this.connection = connection;
    ArrayDeque<ByteBuf> parts = early;
    early = null;
    if (parts != null) {
      for (ByteBuf part = parts.poll(); part != null; part = parts.poll()) {
        if (over) {
          part.release();
        } else {
          connection.write(part);
        }
      }
    }
  }

  @Override
  public void requestData(ByteBuf part, boolean endOfMessage) {
    if (over) {
      part.release();
    } else if (connection != null) {
      connection.write(part);
    } else {
      if (early == null) {
        early = new ArrayDeque<>(2);
      }
      early.add(part);
    }
  }

  @Override
  public void requestEnd() {
    // The message's length has said so already.
  }

  @Override
  public void requestCancel(Status why) {
    if (over) {
      return;
    }
    over = true;
    release();
    if (pool != null) {
      pool.forget(this);
      pool = null;
    }
    if (connection != null) {
      PingPongConnection used = connection;
      connection = null;
      used.abandon();
    }
  }

  @Override
  public void responseTaken(int bytes) {
    if (connection != null) {
      connection.taken(bytes);
    }
  }

  /** The last of this leg. */
  void end(CallEnd end) {
    if (over) {
      return;
    }
    over = true;
    connection = null;
    release();
    response.responseEnd(end);
  }

  private void release() {
    if (early != null) {
      early.forEach(ByteBuf::release);
      early = null;
    }
  }
}
