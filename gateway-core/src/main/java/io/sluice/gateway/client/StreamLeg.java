package io.sluice.gateway.client;

import io.netty.buffer.ByteBuf;
import io.sluice.api.Status;
import io.sluice.gateway.call.CallEnd;
import io.sluice.gateway.call.RequestSink;
import io.sluice.gateway.call.ResponseSink;
import io.sluice.gateway.call.RpcCall;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * The outbound leg of one stream: waits for a shared connection, then speaks through a stream of
 * it.
 *
 * @param <C> the connection
 */
abstract class StreamLeg<C extends SharedConnection> implements RequestSink, SharedPool.Waiter<C> {
  private final ClusterClient cluster;
  private final RpcCall call;
  private final ResponseSink response;
  private int attempts;
  private @Nullable SharedPool<C> pool;
  private @Nullable ArrayDeque<ByteBuf> early;
  private boolean earlyEnd;
  private boolean connected;
  private boolean over;

  StreamLeg(ClusterClient cluster, RpcCall call, ResponseSink response) {
    this.cluster = cluster;
    this.call = call;
    this.response = response;
  }

  /** The pool of this leg's protocol at an endpoint. */
  abstract SharedPool<C> poolOf(Endpoint endpoint);

  /** Opens the stream. */
  abstract void open(C connection);

  /**
   * Writes a part of the request.
   *
   * @param part handed over
   */
  abstract void write(ByteBuf part);

  abstract void writeEnd();

  /** Tells the downstream that the stream is given up. */
  abstract void writeCancel(Status why);

  final RpcCall call() {
    return call;
  }

  final ResponseSink response() {
    return response;
  }

  final ClusterClient cluster() {
    return cluster;
  }

  final boolean isOver() {
    return over;
  }

  /** Asks the next endpoint for a connection. */
  final void connect() {
    attempts++;
    pool = poolOf(cluster.nextEndpoint());
    pool.acquire(this);
  }

  @Override
  public final void failed(String why) {
    if (over) {
      return;
    }
    if (attempts < cluster.size()) {
      connect();
    } else {
      end(CallEnd.of(call, Status.unavailable(why)));
    }
  }

  @Override
  public final void connected(C connection) {
    connected = true;
    open(connection);
    ArrayDeque<ByteBuf> parts = early;
    early = null;
    if (parts != null) {
      parts.forEach(this::write);
    }
    if (earlyEnd) {
      writeEnd();
    }
  }

  @Override
  public final void requestData(ByteBuf part, boolean endOfMessage) {
    if (over) {
      part.release();
    } else if (connected) {
      write(part);
    } else {
      if (early == null) {
        early = new ArrayDeque<>(4);
      }
      early.add(part);
    }
  }

  @Override
  public final void requestEnd() {
    if (over) {
      return;
    }
    if (connected) {
      writeEnd();
    } else {
      earlyEnd = true;
    }
  }

  @Override
  public final void requestCancel(Status why) {
    if (over) {
      return;
    }
    over = true;
    release();
    if (connected) {
      writeCancel(why);
    } else {
      pool.forget(this);
    }
  }

  /** The last of this leg. */
  final void end(CallEnd end) {
    if (over) {
      return;
    }
    over = true;
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
