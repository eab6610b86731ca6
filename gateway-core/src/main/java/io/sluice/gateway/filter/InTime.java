package io.sluice.gateway.filter;

import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/** Runs code of others that may not come back, and does not wait for it for ever. */
public final class InTime {
  private InTime() {}

  /**
   * Runs it on a thread of its own.
   *
   * @param thread the name of that
   * @param tooLate is given what the code returns when nobody waits for it any more; on its thread
   * @throws ExecutionException with what the code throws
   * @throws TimeoutException if it has not come back in time; its thread has been interrupted then,
   *     and if that does not end it, it goes on
   * @throws InterruptedException if the calling thread is interrupted; likewise
   */
  public static <T> T run(String thread, long seconds, Callable<T> code, Consumer<T> tooLate)
      throws ExecutionException, TimeoutException, InterruptedException {
    FutureTask<T> task =
        new FutureTask<>(code) {
          @Override
          protected void set(T value) {
            super.set(value);
            if (isCancelled()) {
              tooLate.accept(value);
            }
          }
        };
    Thread own = new Thread(task, thread);
    own.setDaemon(true);
    own.start();
    try {
      return task.get(seconds, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      if (task.cancel(true)) {
        throw e;
      }
      return result(task); // it has, just now
    } catch (InterruptedException e) {
      task.cancel(true);
      throw e;
    }
  }

  private static <T> T result(FutureTask<T> done) throws ExecutionException, InterruptedException {
    try {
      return done.get();
    } catch (CancellationException e) {
      throw new IllegalStateException(e); // it is done, and was not cancelled
    }
  }
}
