package io.sluice.gateway.context;

import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.EventExecutor;
import io.vertx.core.Vertx;
import io.vertx.core.internal.VertxInternal;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * Finds the event loop of whoever asks. Hooks run on the loops of Netty, where Vert.x knows of no
 * context. Safe for all threads.
 */
final class Loops {
  private final EventLoopGroup all;

  Loops(Vertx vertx) {
    this.all = ((VertxInternal) vertx).nettyEventLoopGroup();
  }

  /** That of the calling thread; null if it is none. */
  @Nullable EventExecutor current() {
    for (EventExecutor loop : all) {
      if (loop.inEventLoop()) {
        return loop;
      }
    }
    return null;
  }

  /** Runs it on one of them. */
  void run(Runnable code) {
    run(all.next(), code);
  }

  /** Runs it on this one; on this thread if it is that of the loop, or if the loop has ended. */
  static void run(EventExecutor loop, Runnable code) {
    if (loop.inEventLoop()) {
      code.run();
      return;
    }
    try {
      loop.execute(code);
    } catch (RejectedExecutionException e) {
      code.run();
    }
  }
}
