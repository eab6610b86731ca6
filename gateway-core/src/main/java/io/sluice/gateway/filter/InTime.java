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

  /** Code that gives nothing back. */
  public interface Action {
    void run() throws Exception;
  }

  /**
   * Runs it on a thread of its own.
   *
   * @param thread the name of that
   * @throws Exception what the code throws, an error too; or as {@link #run(String, long, Callable,
   *     Consumer)} if it has not come back
   */
  public static <T> T call(String thread, long seconds, Callable<T> code) throws Exception {
    try {
      return run(thread, seconds, code, late -> {});
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Exception failed) {
        throw failed;
      }
      if (e.getCause() instanceof Error failed) {
        throw failed;
      }
      throw e;
    }
  }

  /** The same for code that gives nothing back. */
  public static void run(String thread, long seconds, Action code) throws Exception {
    call(
        thread,
        seconds,
        () -> {
          code.run();
          return true;
        });
  }

  /**
   * Runs it on a thread of its own.
   *
   * @param thread the name of that
   * @param tooLate is given what the code returns when nobody waits for it any more; on its thread
   * @throws ExecutionException with what the code throws
   * @throws TimeoutException if it has not come back in time, with a text such as {@code has not
   *     come back in 5 s, it is in acme.Quota.start}; its thread has been interrupted then, and if
   *     that does not end it, it goes on
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
      String where = where(own);
      if (task.cancel(true)) {
        throw new TimeoutException("has not come back in " + seconds + " s" + where);
      }
      return result(task); // it has, just now
    } catch (InterruptedException e) {
      task.cancel(true);
      throw e;
    }
  }

  /** The innermost method that is not the JDK's; empty if there is none. */
  private static String where(Thread thread) {
    for (StackTraceElement frame : thread.getStackTrace()) {
      if (frame.getModuleName() == null) {
        return ", it is in " + frame.getClassName() + '.' + frame.getMethodName();
      }
    }
    return "";
  }

  private static <T> T result(FutureTask<T> done) throws ExecutionException, InterruptedException {
    try {
      return done.get();
    } catch (CancellationException e) {
      throw new IllegalStateException(e); // it is done, and was not cancelled
    }
  }
}
