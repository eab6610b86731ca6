package io.sluice.gateway.config;

import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Looks at the configuration again and again, and tells when it has become another. A change counts
 * when two looks have seen it: half of a YAML file is most often a YAML file.
 */
public final class ConfigWatch {
  private final Vertx vertx;
  private final ConfigSource source;
  private final long millis;
  private final Consumer<String> changed;
  private final Consumer<ConfigException> unreadable;

  /** What the last look has seen: a text, or the words of a fault. */
  private @Nullable String seen;

  /** What was last told. */
  private String told;

  private boolean stopped;

  /**
   * Begins to watch.
   *
   * @param known what is known of it; a difference to this is a change
   * @param period from one look to the next
   * @param changed is told the whole text, on one event loop
   * @param unreadable is told why it cannot be read, once for each reason; likewise
   */
  public ConfigWatch(
      Vertx vertx,
      ConfigSource source,
      String known,
      Duration period,
      Consumer<String> changed,
      Consumer<ConfigException> unreadable) {
    this.vertx = vertx;
    this.source = source;
    this.told = known;
    this.millis = period.toMillis();
    this.changed = changed;
    this.unreadable = unreadable;
    vertx.runOnContext(start -> later());
  }

  /** Tells nothing more once it has looked for the last time. For any thread. */
  public synchronized void stop() {
    stopped = true;
  }

  private synchronized boolean isStopped() {
    return stopped;
  }

  private void later() {
    if (!isStopped()) {
      vertx.setTimer(millis, now -> look());
    }
  }

  private void look() {
    if (isStopped()) {
      return;
    }
    source
        .read()
        .onComplete(
            read -> {
              if (read.succeeded()) {
                saw(read.result(), () -> changed.accept(read.result()));
              } else if (read.cause() instanceof ConfigException fault) {
                saw(fault.getMessage(), () -> unreadable.accept(fault));
              }
              later();
            });
  }

  private void saw(String what, Runnable tell) {
    boolean settled = what.equals(seen);
    seen = what;
    if (settled && !what.equals(told) && !isStopped()) {
      told = what;
      tell.run();
    }
  }
}
