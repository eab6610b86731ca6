package io.sluice.gateway.loop;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.FastThreadLocal;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.ref.WeakReference;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * One event loop, with what its connections share. Every method runs on that loop's thread, but for
 * those that say otherwise.
 */
public final class Loop {
  private static final FastThreadLocal<Loop> CURRENT = new FastThreadLocal<>();
  private static final VarHandle GUESTS;
  private static final VarHandle GUEST;

  static {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      GUESTS = lookup.findVarHandle(Loop.class, "guests", WeakReference.class);
      GUEST = lookup.findVarHandle(Loop.class, "guest", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final EventLoop eventLoop;
  private final Timers timers;
  private final Flusher flusher;
  private final LimitCounts limits = new LimitCounts();
  private final AtomicLong unaskedReplies = new AtomicLong();

  /** Whose code runs that is not the gateway's: its number among these, 0 for nobody's. */
  private @Nullable WeakReference<?> guests;

  private int guest;

  private Loop(EventLoop eventLoop) {
    this.eventLoop = eventLoop;
    this.timers = new Timers(eventLoop);
    this.flusher = new Flusher(eventLoop);
  }

  /**
   * The loop of the calling thread, made at first use.
   *
   * @throws IllegalStateException if the thread is not the event loop's
   */
  public static Loop of(EventLoop eventLoop) {
    if (!eventLoop.inEventLoop()) {
      throw new IllegalStateException("not on the event loop");
    }
    Loop loop = CURRENT.get();
    if (loop == null || loop.eventLoop != eventLoop) {
      loop = new Loop(eventLoop);
      CURRENT.set(loop);
    }
    return loop;
  }

  public EventLoop eventLoop() {
    return eventLoop;
  }

  /** Deadlines and idleness: coarse, and cheap to set and to cancel. */
  public Timers timers() {
    return timers;
  }

  /** Flushes what was written in this turn of the loop, once a channel. */
  public Flusher flusher() {
    return flusher;
  }

  /** Counts the limits that its connections meet. */
  public LimitCounts limits() {
    return limits;
  }

  /** A downstream has sent a reply that no call waits for. */
  public void unaskedReply() {
    unaskedReplies.lazySet(unaskedReplies.getPlain() + 1);
  }

  /** How many such replies there were so far; on any thread. */
  public long unaskedReplies() {
    return unaskedReplies.get();
  }

  /**
   * Those whose code is about to run. Only numbers are noted of each, since a reference costs more
   * than all the rest; these hardly ever change.
   *
   * @param those the same object for the same guests; weak, so that they may go when they are over
   */
  public void invites(WeakReference<?> those) {
    if (guests != those) {
      GUESTS.setOpaque(this, those);
    }
  }

  /**
   * A guest's code runs from now on. What it costs to know is this one write.
   *
   * @param number from 1, among those invited
   */
  public void enters(int number) {
    GUEST.setOpaque(this, number);
  }

  /** The guest's code has come back. */
  public void leaves() {
    GUEST.setOpaque(this, 0);
  }

  /** The number of the guest whose code runs, 0 if nobody's does; on any thread. */
  public int guest() {
    return (int) GUEST.getOpaque(this);
  }

  /** Those whose code ran last, null if they are over; on any thread. */
  public @Nullable Object guests() {
    WeakReference<?> last = (WeakReference<?>) GUESTS.getOpaque(this);
    return last == null ? null : last.get();
  }
}
