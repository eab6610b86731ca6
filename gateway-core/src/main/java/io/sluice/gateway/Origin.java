package io.sluice.gateway;

import io.sluice.gateway.config.ConfigException;
import io.sluice.gateway.config.LoadedConfig;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a gateway was started with: what is in its file, or what was kept of an earlier one.
 *
 * @param text by which it runs
 * @param config made of that text
 * @param refused what is in the file if that is another text; null if not, or if it cannot be read
 * @param fault why the file is not what runs; null if it is
 * @param since when what was kept in the file's place ran last; null if nothing was
 */
public record Origin(
    String text,
    LoadedConfig config,
    @Nullable String refused,
    @Nullable ConfigException fault,
    @Nullable Instant since) {

  /** The file itself. */
  public static Origin of(String text, LoadedConfig config) {
    return new Origin(text, config, null, null, null);
  }

  /** What a look at the file has found: its text, or the words of a fault. */
  String seen() {
    if (refused != null) {
      return refused;
    }
    return fault == null ? text : String.valueOf(fault.getMessage());
  }
}
