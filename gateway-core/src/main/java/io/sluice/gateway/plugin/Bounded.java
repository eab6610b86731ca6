package io.sluice.gateway.plugin;

import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/** Runs code of a plugin that may not come back, and does not wait for it for ever. */
final class Bounded {
  private Bounded() {}

  /**
   * Runs it on a thread of its own.
   *
   * @param what names the thread
   * @param tooLate is given what the code returns when nobody waits for it any more; on its thread
   * @throws PluginRefused what the code throws, or if it has not come back in time; its thread has
   *     been interrupted then, and if that does not end it, it goes on
   */
  static <T> T run(String what, long seconds, Callable<T> code, Consumer<T> tooLate)
      throws PluginRefused {
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
    Thread thread = new Thread(task, "plugin-" + what);
    thread.setDaemon(true);
    thread.start();
    try {
      return task.get(seconds, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      if (task.cancel(true)) {
        throw new PluginRefused(
            "its code has not come back in " + seconds + " s",
            "constructors and static initialisers must not wait; a filter's start() may");
      }
      return result(task); // it has, just now
    } catch (ExecutionException e) {
      throw refusal(e);
    } catch (InterruptedException e) {
      task.cancel(true);
      Thread.currentThread().interrupt();
      throw new PluginRefused("the gateway stops", "");
    }
  }

  private static <T> T result(FutureTask<T> done) throws PluginRefused {
    try {
      return done.get();
    } catch (ExecutionException e) {
      throw refusal(e);
    } catch (InterruptedException | CancellationException e) {
      throw new IllegalStateException(e); // it is done, and was not cancelled
    }
  }

  private static PluginRefused refusal(ExecutionException e) {
    return e.getCause() instanceof PluginRefused refused
        ? refused
        : new PluginRefused("its code failed", e.getCause());
  }
}
