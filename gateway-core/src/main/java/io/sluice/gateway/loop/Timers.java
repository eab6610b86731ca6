package io.sluice.gateway.loop;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A wheel of timers for one loop. Setting and cancelling are a few writes and allocate nothing; a
 * timer fires up to {@value #TICK_MILLIS} ms late, never early. The loop is woken only for slots
 * that hold a timer.
 */
public final class Timers {
  private static final Logger LOG = LoggerFactory.getLogger(Timers.class);
  static final int TICK_MILLIS = 10;
  private static final int SLOTS = 1024;
  private static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(TICK_MILLIS);
  private static final long NEVER = Long.MAX_VALUE;

  /** Something that can be waiting for its time, once at a time. */
  public abstract static class Timer {
    @Nullable Timer previous;
    @Nullable Timer next;
    long tick = -1;

    /** The time has come; runs on the loop. */
    protected abstract void fire();

    /** Whether it is waiting. */
    public final boolean isSet() {
      return tick >= 0;
    }
  }

  private static final class Head extends Timer {
    @Override
    protected void fire() {
      throw new AssertionError("the head of a slot is no timer");
    }
  }

  private final EventLoop eventLoop;
  private final long origin = System.nanoTime();
  private final Head[] slots = new Head[SLOTS];
  private final Runnable turn = this::turn;
  private int waiting;

  /** Every timer of a tick up to this one has been fired. */
  private long done;

  private long wakeTick = NEVER;
  private @Nullable ScheduledFuture<?> wake;

  Timers(EventLoop eventLoop) {
    this.eventLoop = eventLoop;
    for (int i = 0; i < SLOTS; i++) {
      Head head = new Head();
      head.next = head;
      head.previous = head;
      slots[i] = head;
    }
  }

  /**
   * Sets the timer, or sets it anew.
   *
   * @param delayNanos not negative
   */
  public void set(Timer timer, long delayNanos) {
    cancel(timer);
    long now = System.nanoTime() - origin;
    if (waiting == 0) {
      // Nothing waits, so there is nothing to fire between the last turn and now.
      done = now / TICK_NANOS;
    }
    long due = now + Math.min(delayNanos, Long.MAX_VALUE / 4);
    long tick = Math.max(done + 1, (due + TICK_NANOS - 1) / TICK_NANOS);
    timer.tick = tick;
    Head head = slots[(int) (tick & (SLOTS - 1))];
    timer.previous = head.previous;
    timer.next = head;
    head.previous.next = timer;
    head.previous = timer;
    waiting++;
    if (tick < wakeTick) {
      wakeAt(tick, now);
    }
  }

  /** Does nothing if the timer is not set. */
  public void cancel(Timer timer) {
    if (timer.tick < 0) {
      return;
    }
    timer.previous.next = timer.next;
    timer.next.previous = timer.previous;
    timer.previous = null;
    timer.next = null;
    timer.tick = -1;
    waiting--;
  }

  private void wakeAt(long tick, long now) {
    if (wake != null) {
      wake.cancel(false);
    }
    wakeTick = tick;
    wake = eventLoop.schedule(turn, tick * TICK_NANOS - now, TimeUnit.NANOSECONDS);
  }

  private void turn() {
    wake = null;
    wakeTick = NEVER;
    long now = System.nanoTime() - origin;
    long until = now / TICK_NANOS;
    long from = Math.max(done + 1, until - SLOTS + 1);
    // Before firing, so that what fires can set a timer behind this turn only.
    done = Math.max(done, until);
    for (long tick = from; tick <= until; tick++) {
      fireSlot(slots[(int) (tick & (SLOTS - 1))], until);
    }
    if (waiting > 0) {
      long next = nextUsedTick();
      if (next < wakeTick) {
        wakeAt(next, System.nanoTime() - origin);
      }
    }
  }

  private void fireSlot(Head head, long until) {
    Timer timer = head.next;
    while (timer != head) {
      if (timer.tick <= until) {
        cancel(timer);
        try {
          timer.fire();
        } catch (RuntimeException e) {
          // The other timers are not to blame.
          LOG.error("a timer failed", e);
        }
        // What fired may have changed the slot in any way.
        timer = head.next;
      } else {
        timer = timer.next;
      }
    }
  }

  /** The next tick whose slot holds a timer, be it of a later round. */
  private long nextUsedTick() {
    for (long tick = done + 1; tick < done + SLOTS; tick++) {
      Head head = slots[(int) (tick & (SLOTS - 1))];
      if (head.next != head) {
        return tick;
      }
    }
    return done + SLOTS;
  }
}
