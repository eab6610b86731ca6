package io.sluice.gateway.config;

import io.sluice.api.ByteSize;
import io.sluice.api.Setting;
import org.jspecify.annotations.Nullable;

/**
 * What may pass in one direction of a stream in a second, and as much at once.
 *
 * @param messages 0 for any number
 * @param bytes of messages, as they are on the wire; null for any number
 */
public record RateConfig(
    @Setting(
            value = "The most messages a second; 0 for any number.",
            fallback = "0",
            min = 0,
            max = 1_000_000)
        int messages,
    @Setting(
            value = "The most bytes of messages a second, as they are on the wire.",
            min = 1,
            max = 16L << 30)
        @Nullable ByteSize bytes,
    @Setting(
            value =
                "What becomes of a stream that goes beyond it: its sender waits, or it is ended.",
            fallback = "wait")
        Beyond beyond) {

  /** What becomes of a stream that goes beyond its rate. */
  public enum Beyond {
    /** Its sender has to wait. */
    WAIT,
    END
  }

  /**
   * @throws IllegalArgumentException if there is nothing that it limits
   */
  public RateConfig {
    if (messages == 0 && bytes == null) {
      throw new IllegalArgumentException("a rate has 'messages' or 'bytes'");
    }
  }
}
