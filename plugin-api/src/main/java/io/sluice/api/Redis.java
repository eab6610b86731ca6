package io.sluice.api;

import io.vertx.core.Future;
import org.jspecify.annotations.Nullable;

/**
 * A Redis server, or a cluster of them, of the configuration. Connections are shared, so commands
 * that change one or wait on it are refused: {@code SELECT}, {@code MULTI}, {@code SUBSCRIBE},
 * {@code BLPOP}, {@code XREAD … BLOCK} and the like; a script does what has to be done at once.
 * Safe for all threads.
 */
public interface Redis {

  /**
   * Sends a command.
   *
   * @param command such as {@code GET}, {@code EVALSHA}
   * @param arguments as texts, in UTF-8
   * @return completes on the event loop of whoever asks, else on a thread of the filter, with a
   *     {@code String}, a {@code Long}, a {@code List} of these, or null, however long that is;
   *     fails with {@link ErrorReply} if Redis refuses, and with a {@link java.io.IOException} if
   *     it cannot be reached, has too many commands waiting, or does not answer within {@code
   *     commandTimeout}
   * @throws IllegalArgumentException if it is a command that shared connections cannot have
   */
  Future<@Nullable Object> send(String command, String... arguments);

  /** What Redis says instead of a result, such as {@code NOSCRIPT …}. It has no stack trace. */
  final class ErrorReply extends RuntimeException {
    private static final long serialVersionUID = 1;

    public ErrorReply(String message) {
      super(message, null, false, false);
    }
  }
}
