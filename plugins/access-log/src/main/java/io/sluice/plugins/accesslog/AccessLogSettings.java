package io.sluice.plugins.accesslog;

import io.sluice.api.AccessLogSink;
import io.sluice.api.ByteSize;
import io.sluice.api.Setting;
import io.sluice.api.Use;
import org.jspecify.annotations.Nullable;

/**
 * Where the lines go, and which calls get one.
 *
 * @param file null if there is a sink
 * @param sink null if there is a file
 */
public record AccessLogSettings(
    @Setting(
            value =
                "The file to append to, made with its folders if need be; '-' is standard output.",
            pattern = "[^%()\\\\\\x00-\\x1f]+")
        @Nullable String file,
    @Setting("What takes the lines instead of a file, of a plugin.")
        @Nullable Use<AccessLogSink> sink,
    @Setting(
            value = "A file of this size is put aside and a new one begun.",
            fallback = "100MiB",
            min = 64 << 10,
            max = 16L << 30)
        ByteSize maxFileSize,
    @Setting(
            value = "How many files put aside are kept, as FILE.1 (the newest), FILE.2, ….",
            fallback = "10",
            min = 1,
            max = 20)
        int maxFiles,
    @Setting(
            value = "The share of calls that get a line; those that failed always do.",
            fallback = "1",
            min = 0,
            max = 1)
        double sample,
    @Setting(
            value =
                "How many calls of an event loop may wait to be written, with 1 KiB for each on the"
                    + " average; those beyond are dropped and counted.",
            fallback = "8192",
            min = 64,
            max = 1 << 20)
        int queue) {

  /** Written for standard output. */
  static final String STDOUT = "-";

  /**
   * @throws IllegalArgumentException if not exactly one says where the lines go
   */
  public AccessLogSettings {
    if ((file == null) == (sink == null)) {
      throw new IllegalArgumentException("either 'file' or 'sink' says where the lines go");
    }
  }
}
