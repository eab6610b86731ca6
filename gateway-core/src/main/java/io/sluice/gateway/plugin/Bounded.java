package io.sluice.gateway.plugin;

import io.sluice.gateway.filter.InTime;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/** Runs code of a plugin that may not come back, and refuses the plugin then. */
final class Bounded {
  private Bounded() {}

  /**
   * Runs it on a thread of its own.
   *
   * @param what names the thread
   * @param tooLate is given what the code returns when nobody waits for it any more; on its thread
   * @throws PluginRefused what the code throws, or if it has not come back in time, see {@link
   *     InTime#run}
   */
  static <T> T run(String what, long seconds, Callable<T> code, Consumer<T> tooLate)
      throws PluginRefused {
    try {
      return InTime.run("plugin-" + what, seconds, code, tooLate);
    } catch (TimeoutException e) {
      throw new PluginRefused(
          "its code " + e.getMessage(),
          "constructors and static initialisers must not wait; a filter's start() may");
    } catch (ExecutionException e) {
      throw e.getCause() instanceof PluginRefused refused
          ? refused
          : new PluginRefused("its code failed", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new PluginRefused("the gateway stops", "");
    }
  }
}
