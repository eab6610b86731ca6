package io.sluice.gateway.client;

import io.netty.buffer.ByteBuf;
import io.sluice.api.Status;
import io.sluice.gateway.call.ResponseSink;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.call.Weight;
import io.sluice.gateway.loop.Timers;
import org.jspecify.annotations.Nullable;

/**
 * The outbound leg of one call on a connection that tells its calls apart by numbers.
 *
 * @param <C> the connection
 */
abstract class NumberedLeg<C extends NumberedConnection<C, ?>> extends StreamLeg<C> {
  private int id;
  private int unacknowledged;
  private boolean waits;
  private Timers.@Nullable Timer stall;

  NumberedLeg(ClusterClient cluster, RpcCall call, ResponseSink response) {
    super(cluster, call, response);
  }

  /** The call's number on its connection. */
  final int id() {
    return id;
  }

  final void id(int id) {
    this.id = id;
  }

  /** Writes a message, which the part is the whole of. */
  @Override
  void write(C connection, ByteBuf part) {
    unacknowledged += Weight.of(part, true);
  }

  /** What was written has left, or may be taken as if. */
  final void acknowledge() {
    int bytes = unacknowledged;
    unacknowledged = 0;
    if (bytes > 0 && !isOver()) {
      response().requestTaken(bytes);
    }
  }

  @Override
  void writeCancel(C connection, Status why) {
    connection.cancel(id, why);
  }

  @Override
  public final void responseTaken(int bytes) {
    C connection = connection();
    if (connection != null && !isOver()) {
      delivered(bytes);
      eased(connection);
    }
  }

  @Override
  public final boolean responseWaits() {
    waits = true;
    C connection = connection();
    return connection == null || isOver() || connection.waits();
  }

  @Override
  public final void responseGoesOn() {
    waits = false;
    C connection = connection();
    if (connection != null && !isOver()) {
      connection.goesOn();
    }
  }

  /** Whether what has come of its response waits for its time. */
  final boolean isWaiting() {
    return waits;
  }

  /** Tells the connection that the caller has taken something. */
  abstract void eased(C connection);

  /** Whether its caller takes too little, so that other calls of the connection wait. */
  final boolean isStalled() {
    return stall != null;
  }

  /** Runs while it is stalled. */
  final Timers.@Nullable Timer stall() {
    return stall;
  }

  final void stall(Timers.@Nullable Timer stall) {
    this.stall = stall;
  }
}
