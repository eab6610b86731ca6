package io.sluice.gateway.context;

import io.netty.util.concurrent.EventExecutor;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import org.jspecify.annotations.Nullable;

/**
 * An answer on its way to whoever has asked: told on the event loop of the asker, else on a thread
 * of its worker, so that no code of it runs on threads of others. Only the first counts.
 */
final class Answer<T> {
  private final Promise<T> promise = Promise.promise();
  private final Worker worker;
  private final @Nullable EventExecutor asker;

  /**
   * For whoever asks now, on this thread.
   *
   * @param worker of the asker
   */
  Answer(Loops loops, Worker worker) {
    this.worker = worker;
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
    if (asker == null) {
      worker.tell(telling);
    } else {
      Loops.run(asker, telling);
    }
  }
}
