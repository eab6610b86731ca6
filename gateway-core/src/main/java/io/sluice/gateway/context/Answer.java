package io.sluice.gateway.context;

import io.netty.util.concurrent.EventExecutor;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * An answer on its way to whoever has asked: told on the event loop of the asker, else on the
 * thread that gives it. Only the first counts.
 */
final class Answer<T> {
  private final Promise<T> promise = Promise.promise();
  private final @Nullable EventExecutor asker;

  /** For whoever asks now, on this thread. */
  Answer(Loops loops) {
    this.asker = loops.current();
  }

  Future<T> future() {
    return promise.future();
  }

  void succeed(@Nullable T result) {
    tell(() -> promise.tryComplete(result));
  }

  void fail(Throwable why) {
    tell(() -> promise.tryFail(why));
  }

  private void tell(Runnable telling) {
    if (asker == null || asker.inEventLoop()) {
      telling.run();
      return;
    }
    try {
      asker.execute(telling);
    } catch (RejectedExecutionException e) { // the loop has ended
      telling.run();
    }
  }
}
