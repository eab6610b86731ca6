package io.sluice.gateway.route;

import io.sluice.api.ByteSize;
import io.sluice.gateway.config.RateConfig;
import io.sluice.gateway.config.RateConfig.Beyond;
import org.jspecify.annotations.Nullable;

/**
 * What may pass in one direction of a stream in a second.
 *
 * @param key what a user calls it
 * @param messages 0 for any number
 * @param bytes 0 for any number
 * @param ends whether a stream that goes beyond it is ended, else its sender waits
 */
public record StreamRate(String key, int messages, long bytes, boolean ends) {

  /** That which a route is given; null if it is given none. */
  static @Nullable StreamRate of(String key, @Nullable RateConfig config) {
    return config == null
        ? null
        : new StreamRate(
            key,
            config.messages(),
            config.bytes() == null ? 0 : config.bytes().bytes(),
            config.beyond() == Beyond.END);
  }

  /** In words, as {@code 10 messages, 64KiB a second}. */
  @Override
  public String toString() {
    String text = messages == 0 ? "" : messages + " messages";
    if (bytes > 0) {
      text += (text.isEmpty() ? "" : ", ") + new ByteSize(bytes);
    }
    return text + " a second";
  }
}
