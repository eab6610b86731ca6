package io.sluice.gateway.observe;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.netty.channel.EventLoop;
import io.sluice.gateway.loop.Loop;
import java.util.concurrent.TimeUnit;

/** Wakes up on its loop now and then, and notes by how much that was too late. */
final class LoopWatch implements Runnable {
  private static final long PERIOD_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final Loop loop;
  private final Thread thread = Thread.currentThread();
  private final Timer lag;

  /** In {@link System#nanoTime()}. */
  private volatile long due;

  /** To be made on the loop. */
  LoopWatch(Loop loop, MeterRegistry registry) {
    this.loop = loop;
    this.lag =
        Timer.builder("sluice.event.loop.lag")
            .description("How much later than it should the event loop came to a timer")
            .tag("loop", thread.getName())
            .register(registry);
  }

  Loop loop() {
    return loop;
  }

  Thread thread() {
    return thread;
  }

  Timer lag() {
    return lag;
  }

  /** When it is to wake up next; on any thread. */
  long due() {
    return due;
  }

  /** Whether it never wakes up any more; on any thread. */
  boolean isOver() {
    return loop.eventLoop().isShuttingDown();
  }

  void again() {
    EventLoop eventLoop = loop.eventLoop();
    if (!eventLoop.isShuttingDown()) {
      due = System.nanoTime() + PERIOD_NANOS;
      eventLoop.schedule(this, PERIOD_NANOS, TimeUnit.NANOSECONDS);
    }
  }

  @Override
  public void run() {
    lag.record(Math.max(0, System.nanoTime() - due), TimeUnit.NANOSECONDS);
    again();
  }
}
