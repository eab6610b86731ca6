package io.sluice.gateway.context;

import io.netty.util.concurrent.EventExecutor;
import io.vertx.core.Vertx;
import io.vertx.core.internal.VertxInternal;
import org.jspecify.annotations.Nullable;

/**
 * Finds the event loop of whoever asks. Hooks run on the loops of Netty, where Vert.x knows of no
 * context. Safe for all threads.
 */
final class Loops {
  private final Iterable<EventExecutor> all;

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
}
