package io.sluice.gateway.cli;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The distribution that runs.
 *
 * @param home its folder, an absolute path
 * @param version of all that is in it
 */
record Distribution(Path home, String version) {

  /** Null if none runs, as in tests. */
  static @Nullable Distribution running() {
    String home = System.getProperty("sluice.home");
    String version = Main.version();
    return home == null || version == null
        ? null
        : new Distribution(Path.of(home).toAbsolutePath().normalize(), version);
  }

  /** The Maven repository with what plugins are built with, as Maven reads it. */
  String repository() {
    String uri = home.resolve("repository").toUri().toString();
    return uri.endsWith("/") ? uri.substring(0, uri.length() - 1) : uri;
  }

  /** What a user types to run it. */
  Path command() {
    return home.resolve("bin/sluice");
  }
}
