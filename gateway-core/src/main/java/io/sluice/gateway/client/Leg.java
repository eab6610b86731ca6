package io.sluice.gateway.client;

import io.netty.buffer.ByteBuf;
import io.sluice.api.Call.Phase;
import io.sluice.api.Status;
import io.sluice.gateway.call.CallEnd;
import io.sluice.gateway.call.RequestSink;
import io.sluice.gateway.call.ResponseSink;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.loop.Timers;
import io.sluice.gateway.wire.WireException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The outbound leg of one call: asks endpoints for a connection until one gives it, holds the
 * request meanwhile, then speaks through that connection.
 *
 * @param <C> the connection
 */
abstract class Leg<C> implements RequestSink, ConnectionPool.Waiter<C> {
  private final ClusterClient cluster;
  private final RpcCall call;
  private final ResponseSink response;

  /** The endpoint asked last; null before the first. */
  private @Nullable Endpoint asked;

  /** Endpoints that have failed this call. */
  private List<Endpoint> tried = List.of();

  /** Where a connection is awaited; null before and after. */
  private @Nullable ConnectionPool<C> pool;

  private @Nullable C connection;
  private @Nullable ArrayDeque<ByteBuf> early;
  private boolean earlyEnd;
  private @Nullable FirstByte firstByte;
  private boolean heard;
  private boolean over;

  Leg(ClusterClient cluster, RpcCall call, ResponseSink response) {
    this.cluster = cluster;
    this.call = call;
    this.response = response;
  }

  /** The pool of this leg's protocol at an endpoint. */
  abstract ConnectionPool<C> poolOf(Endpoint endpoint);

  /**
   * Begins the call on the connection.
   *
   * @throws WireException if what the call carries does not fit the wire
   */
  abstract void open(C connection);

  /**
   * Writes a part of the request.
   *
   * @param part handed over
   */
  abstract void write(C connection, ByteBuf part);

  /** The request is whole. */
  abstract void writeEnd(C connection);

  /**
   * Writes the last part of the request.
   *
   * @param part handed over
   */
  void writeLast(C connection, ByteBuf part) {
    write(connection, part);
    writeEnd(connection);
  }

  /** Tells the downstream that the call is given up. */
  abstract void writeCancel(C connection, Status why);

  /** The call has ended for this leg. */
  void over() {}

  final RpcCall call() {
    return call;
  }

  final ResponseSink response() {
    return response;
  }

  final ClusterClient cluster() {
    return cluster;
  }

  /** The connection that carries the call, also after the call's end; null until there is one. */
  final @Nullable C connection() {
    return connection;
  }

  final boolean isOver() {
    return over;
  }

  /** Asks the next endpoint for a connection. */
  final void connect() {
    Endpoint endpoint = cluster.balancer().pick(call, tried);
    if (endpoint == null) {
      end(CallEnd.of(call, cluster.noEndpoint()));
      return;
    }
    call.attempt();
    if (asked == null) {
      cluster.callBegins();
    }
    asked = endpoint;
    endpoint.callBegins();
    ConnectionPool<C> next = poolOf(endpoint);
    pool = next;
    next.acquire(this);
  }

  @Override
  public final void failed(Status why) {
    pool = null;
    if (over) {
      return;
    }
    if (tried.size() + 1 >= cluster.balancer().size()) {
      end(CallEnd.of(call, why));
      return;
    }
    // Nothing was sent, so another endpoint may serve.
    if (tried.isEmpty()) {
      tried = new ArrayList<>(2);
    }
    tried.add(asked);
    asked.callEnds();
    connect();
  }

  /**
   * The downstream has not begun the call: asks for another connection, of another endpoint if
   * there is one.
   *
   * @param said all of the request so far, handed over
   * @param whole whether that is all of it
   */
  final void moveOn(ByteBuf said, boolean whole) {
    connection = null;
    early = new ArrayDeque<>(2);
    early.add(said);
    earlyEnd = whole;
    if (tried.size() + 1 < cluster.balancer().size()) {
      tried = new ArrayList<>(tried);
      tried.add(asked);
    }
    asked.callEnds();
    if (firstByte != null) {
      // From the new connection on it has its time again.
      cluster.loop().timers().cancel(firstByte);
    }
    connect();
  }

  @Override
  public final void connected(C connection) {
    pool = null;
    asked.backoff().succeeded();
    call.connected(asked.name());
    try {
      open(connection);
    } catch (WireException e) {
      end(CallEnd.of(call, Status.untranslatable(e.getMessage())));
      return;
    }
    this.connection = connection;
    ArrayDeque<ByteBuf> parts = early;
    // What comes meanwhile, as these are taken, stands behind them.
    while (parts != null && early == parts && !parts.isEmpty()) {
      write(connection, parts.poll());
    }
    if (early != parts) {
      return;
    }
    early = null;
    if (earlyEnd) {
      requestEnd();
    }
  }

  /** Whether what comes is passed on at once. */
  private boolean isThrough() {
    return connection != null && early == null;
  }

  @Override
  public final void requestData(ByteBuf part, boolean endOfMessage) {
    if (over) {
      part.release();
    } else if (isThrough()) {
      write(connection, part);
    } else {
      if (early == null) {
        early = new ArrayDeque<>(2);
      }
      early.add(waiting(part));
    }
  }

  /**
   * Makes a part of the request as small as may be that waits for a connection.
   *
   * @param part handed over; of a ping-pong message the bytes in front of it belong to it too, so
   *     it stays where it is
   * @return handed over
   */
  ByteBuf waiting(ByteBuf part) {
    return part;
  }

  @Override
  public final void requestEnd() {
    if (over) {
      return;
    }
    if (isThrough()) {
      call.reached(Phase.SENT);
      writeEnd(connection);
    } else {
      earlyEnd = true;
    }
  }

  @Override
  public final void requestLast(ByteBuf part, boolean endOfMessage) {
    if (over || !isThrough()) {
      requestData(part, endOfMessage);
      requestEnd();
    } else {
      call.reached(Phase.SENT);
      writeLast(connection, part);
    }
  }

  @Override
  public final void requestCancel(Status why) {
    if (over) {
      return;
    }
    finish();
    if (connection != null) {
      writeCancel(connection, why);
    } else if (pool != null) {
      pool.forget(this);
      pool = null;
    }
  }

  /** The last of this leg. */
  final void end(CallEnd end) {
    if (over) {
      return;
    }
    finish();
    response.responseEnd(end);
  }

  /** Ends the call for both sides; the downstream is told where its protocol has a word for it. */
  final void giveUp(Status why) {
    if (over) {
      return;
    }
    requestCancel(why);
    response.responseEnd(CallEnd.of(call, why));
  }

  /** The request is whole: the reply has to begin within the time that is set for it. */
  final void awaitFirstByte() {
    Duration most = cluster.cluster().config().firstByteTimeout();
    if (most != null && !over && !heard) {
      if (firstByte == null) {
        firstByte = new FirstByte(most);
      }
      cluster.loop().timers().set(firstByte, most.toNanos());
    }
  }

  /** Something of the reply is there. */
  final void firstByteCame() {
    if (!heard) {
      heard = true;
      call.reached(Phase.ANSWERED);
    }
    if (firstByte != null) {
      cluster.loop().timers().cancel(firstByte);
    }
  }

  private final class FirstByte extends Timers.Timer {
    private final Duration most;

    FirstByte(Duration most) {
      this.most = most;
    }

    @Override
    protected void fire() {
      giveUp(
          Status.deadlineExceeded(
              "no byte of a reply within %dms (firstByteTimeout), to=%s, method=%s, remote=%s"
                  .formatted(
                      most.toMillis(), cluster.cluster().name(), call.method(), asked.name())));
    }
  }

  private void finish() {
    over = true;
    over();
    if (asked != null) {
      asked.callEnds();
      cluster.callEnds();
    }
    if (firstByte != null) {
      cluster.loop().timers().cancel(firstByte);
    }
    if (early != null) {
      early.forEach(ByteBuf::release);
      early = null;
    }
  }
}
