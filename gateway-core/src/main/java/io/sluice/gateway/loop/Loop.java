package io.sluice.gateway.loop;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.FastThreadLocal;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One event loop, with what its connections share. Every method runs on that loop's thread, but for
 * those that say otherwise.
 */
public final class Loop {
  private static final FastThreadLocal<Loop> CURRENT = new FastThreadLocal<>();

  private final EventLoop eventLoop;
  private final Timers timers;
  private final Flusher flusher;
  private final LimitCounts limits = new LimitCounts();
  private final AtomicLong unaskedReplies = new AtomicLong();

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
}
