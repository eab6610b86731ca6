package io.sluice.plugins.accesslog;

import io.sluice.api.ByteSize;
import io.sluice.api.Setting;

/** Where the lines go, and which calls get one. */
public record AccessLogSettings(
    @Setting(
            value =
                "The file to append to, made with its folders if need be; '-' is standard output.",
            required = true,
            pattern = "[^%()\\\\\\x00-\\x1f]+")
        String file,
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
            value = "How many calls may wait to be written; those beyond are dropped and counted.",
            fallback = "8192",
            min = 64,
            max = 1 << 20)
        int queue) {

  /** Written for standard output. */
  static final String STDOUT = "-";
}
