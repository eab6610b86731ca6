package io.sluice.api;

import io.vertx.core.Future;
import org.jspecify.annotations.Nullable;

/** A Redis server, or a cluster of them, of the configuration. Safe for all threads. */
public interface Redis {

  /**
   * Sends a command.
   *
   * @param command such as {@code GET}, {@code EVALSHA}
   * @param arguments as texts, in UTF-8
   * @return completes on the event loop of whoever asks, with a {@code String}, a {@code Long}, a
   *     {@code List} of these, or null; fails with what Redis says, or if it cannot be reached in
   *     time
   */
  Future<@Nullable Object> send(String command, String... arguments);
}
