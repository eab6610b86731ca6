package io.sluice.gateway.client;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.collection.IntObjectHashMap;
import io.netty.util.collection.IntObjectMap;
import io.sluice.api.Status;
import io.sluice.gateway.call.Aside;
import io.sluice.gateway.call.CallEnd;
import io.sluice.gateway.call.Weight;
import io.sluice.gateway.config.Address;
import io.sluice.gateway.config.ClusterConfig;
import io.sluice.gateway.loop.Budget;
import io.sluice.gateway.loop.Closing;
import io.sluice.gateway.loop.Flusher;
import io.sluice.gateway.loop.Limit;
import io.sluice.gateway.loop.Timers;
import java.util.ArrayList;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection to a downstream that is shared by calls of one loop, and tells them apart by a
 * number. What is said for a number that has no call is nobody's.
 *
 * <p>There is no flow control for a single call. While there is only one, its caller's slowness
 * stops the reading. While there are more, the others wait for one that holds too much only so long
 * as the protocol gives it; then it is ended.
 *
 * @param <C> the connection itself
 * @param <L> the leg of a call
 */
abstract class NumberedConnection<C extends NumberedConnection<C, L>, L extends NumberedLeg<C>>
    extends ChannelInboundHandlerAdapter implements SharedConnection, Budget.Holder {
  private static final Logger LOG = LoggerFactory.getLogger(NumberedConnection.class);

  /** Beyond this nothing more is read, if the connection carries one call only. */
  private static final int WINDOW = 256 * 1024;

  private static final Status SLOW = Status.overLimit("the caller does not read its answer");

  private final SharedPool<C> pool;
  private final ClusterClient cluster;
  private final IntObjectMap<L> legs = new IntObjectHashMap<>();
  private final Timers.Timer idle = new Idle();
  private final Budget.Share share;

  /** Bytes of all responses that are on their way to the callers. */
  private long underWay;

  private ChannelHandlerContext ctx;
  private Flusher.Target flushTarget;
  private int lastId;

  /** Calls that hold more than they may while others share the connection. */
  private int stalled;

  private boolean draining;
  private boolean failed;

  NumberedConnection(SharedPool<C> pool, ClusterClient cluster) {
    this.pool = pool;
    this.cluster = cluster;
    this.share = Budget.ofProcess().share(cluster.loop().eventLoop(), this);
  }

  /** This connection, by its own type. */
  abstract C self();

  /** How many calls it may carry at once. */
  abstract int maxCalls();

  /** Bytes of one call's response that may be on their way while others share the connection. */
  abstract int callBound();

  /** How long a call may hold more than that while the others wait; 0 to end it at once. */
  abstract long stallNanos();

  /** Whether it may carry another call after one. */
  boolean isKept() {
    return true;
  }

  /** Bytes of memory that what has been read and not passed on occupies. */
  abstract long held();

  /** Lets go of what has been read. */
  abstract void release();

  /** The call with this number is given up, and is no longer among the {@link #legs()}. */
  abstract void writeCancel(L leg, Status why);

  @Override
  public final ChannelHandler[] handlers() {
    return new ChannelHandler[] {this};
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    this.ctx = ctx;
    flushTarget = new Flusher.Target(ctx.channel());
    watchIdle();
  }

  @Override
  public final boolean isReady() {
    return true;
  }

  @Override
  public final int calls() {
    return legs.size();
  }

  @Override
  public boolean hasRoom() {
    return !draining
        && ctx.channel().isActive()
        && legs.size() < maxCalls()
        && (lastId == 0 || isKept())
        && !SharedConnection.isCongested(ctx.channel());
  }

  /** Closes when what has been written has left: a oneway call may be in it. */
  @Override
  public final void close() {
    Closing.afterWrites(ctx.channel());
  }

  final Address address() {
    return pool.address();
  }

  final ClusterConfig config() {
    return cluster.cluster().config();
  }

  final boolean isWritable() {
    return ctx.channel().isWritable();
  }

  /** The call with this number; null if there is none. */
  final @Nullable L leg(int id) {
    return legs.get(id);
  }

  /** A number that no call has, which is not 0. */
  final int nextId() {
    do {
      lastId++;
    } while (lastId == 0 || legs.containsKey(lastId));
    return lastId;
  }

  /** The call has its number, and is open from now on. */
  final void add(L leg) {
    legs.put(leg.id(), leg);
    cluster.loop().timers().cancel(idle);
    limitReading();
  }

  /**
   * Writes what was made; it leaves at the end of this turn of the loop.
   *
   * @param bytes handed over
   */
  final void write(ByteBuf bytes) {
    ctx.write(bytes);
    flush();
  }

  final void flush() {
    cluster.loop().flusher().later(flushTarget);
  }

  final void cancel(int id, Status why) {
    L leg = legs.remove(id);
    if (leg != null) {
      letGo(leg);
      writeCancel(leg, why);
      freed();
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    if (ctx.channel().isWritable()) {
      for (L leg : new ArrayList<>(legs.values())) {
        leg.acknowledge();
      }
      pool.roomy(self());
    }
    ctx.fireChannelWritabilityChanged();
  }

  /** Passes on a part of a response. Ends the call instead if its caller takes too little. */
  final void pass(L leg, ByteBuf part, boolean endOfMessage) {
    int weight = Weight.of(part, endOfMessage);
    leg.received(weight);
    underWay += weight;
    leg.response().responseData(part, endOfMessage);
    passed(leg);
  }

  /** Passes on what is said beside a response; it counts until the caller has taken it. */
  final void pass(L leg, Aside aside) {
    int size = aside.size();
    leg.received(size);
    underWay += size;
    leg.response().responseAside(aside);
    passed(leg);
  }

  /** A read is over: what is not complete counts as well. */
  final void readOver() {
    if (!counted()) {
      cut();
    }
  }

  /** Counts what it holds; false if there is no memory for it. */
  private boolean counted() {
    return failed || share.holds(held() + underWay);
  }

  private void passed(L leg) {
    if (!counted()) {
      cut();
    } else if (legs.get(leg.id()) == leg && leg.window() > callBound() && !leg.isStalled()) {
      stalls(leg);
    }
    limitReading();
  }

  private void stalls(L leg) {
    long nanos = stallNanos();
    if (nanos > 0) {
      stalled++;
      Timers.Timer stall = new Stall(leg);
      leg.stall(stall);
      cluster.loop().timers().set(stall, nanos);
    } else if (legs.size() > 1) {
      leg.giveUp(SLOW);
    }
  }

  /** The call's caller has taken something, or the call is over. */
  final void eased(L leg) {
    if (leg.isStalled() && leg.window() <= callBound()) {
      cluster.loop().timers().cancel(leg.stall());
      leg.stall(null);
      stalled--;
      limitReading();
    }
  }

  /** Nothing of it is on its way any more. */
  private void letGo(L leg) {
    leg.delivered(leg.window());
    eased(leg);
  }

  /** Ends the call that holds most; or all of them, if most is none's yet. */
  @Override
  public void cut() {
    cluster.loop().limits().met(Limit.MEMORY);
    L largest = null;
    for (L leg : legs.values()) {
      if (largest == null || leg.window() > largest.window()) {
        largest = leg;
      }
    }
    if (largest == null || largest.window() < held()) {
      fail("memory is short, and an answer is not complete");
    } else {
      largest.giveUp(SLOW);
    }
  }

  /** So many bytes of a response have been passed on, or are nobody's any more. */
  @Override
  public final void taken(int bytes) {
    underWay -= bytes;
    counted();
    limitReading();
  }

  /**
   * What has come for a call waits; whether its downstream does too, as the call is the only one.
   */
  final boolean waits() {
    limitReading();
    return legs.size() == 1;
  }

  /** Nothing of a call waits any more. */
  final void goesOn() {
    limitReading();
  }

  private void limitReading() {
    boolean read = stalled == 0;
    if (legs.size() == 1) {
      for (L only : legs.values()) {
        read = only.window() < WINDOW && !only.isWaiting();
      }
    }
    if (ctx.channel().config().isAutoRead() != read) {
      ctx.channel().config().setAutoRead(read);
    }
  }

  /** A reply has come that none of the calls waits for. */
  final void unasked() {
    cluster.loop().unaskedReply();
    LOG.atDebug()
        .setMessage("skipped a reply that no call waits for")
        .addKeyValue("cluster", cluster.cluster().name())
        .addKeyValue("endpoint", pool.address())
        .log();
  }

  /** The call is over. */
  final void finish(L leg, CallEnd end) {
    legs.remove(leg.id());
    letGo(leg);
    // First, whatever becomes of those that wait for its place.
    leg.end(end);
    freed();
  }

  private void freed() {
    limitReading();
    if (!isKept()) {
      drain();
      return;
    }
    if (draining && legs.isEmpty()) {
      close();
      return;
    }
    watchIdle();
    pool.roomy(self());
  }

  /** The downstream wants no new calls here; those that are open may end. */
  final void drain() {
    if (!draining) {
      draining = true;
      pool.retired(self());
    }
    if (legs.isEmpty()) {
      close();
    }
  }

  private void watchIdle() {
    if (legs.isEmpty()) {
      cluster.loop().timers().set(idle, config().idleTimeout().toNanos());
    }
  }

  /** The connection cannot be read on: all its calls are lost, and it is closed. */
  final void fail(String why) {
    draining = true;
    failed = true;
    ArrayList<L> lost = new ArrayList<>(legs.values());
    legs.clear();
    underWay = 0;
    share.release();
    ctx.close();
    for (L leg : lost) {
      if (leg.isStalled()) {
        cluster.loop().timers().cancel(leg.stall());
      }
      leg.end(CallEnd.of(leg.call(), Status.unavailable(why)));
    }
  }

  @Override
  public final void channelInactive(ChannelHandlerContext ctx) {
    cluster.loop().timers().cancel(idle);
    pool.lost(self());
    fail("connection to " + pool.address() + " lost");
    ctx.fireChannelInactive();
  }

  @Override
  public final void handlerRemoved(ChannelHandlerContext ctx) {
    release();
  }

  @Override
  public final void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    fail(String.valueOf(cause.getMessage()));
  }

  /** Ends the call for whose caller the others have waited long enough; alone, it may wait. */
  private final class Stall extends Timers.Timer {
    private final L leg;

    Stall(L leg) {
      this.leg = leg;
    }

    @Override
    protected void fire() {
      if (legs.size() > 1) {
        leg.giveUp(SLOW);
      } else {
        cluster.loop().timers().set(this, stallNanos());
      }
    }
  }

  /** Closes the connection when no call has used it for a while. */
  private final class Idle extends Timers.Timer {
    @Override
    protected void fire() {
      if (legs.isEmpty()) {
        pool.retired(self());
        ctx.close();
      }
    }
  }
}
