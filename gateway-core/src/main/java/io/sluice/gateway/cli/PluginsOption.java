package io.sluice.gateway.cli;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The option that names the plugins folder. */
public final class PluginsOption {
  @Option(
      names = "--plugins",
      paramLabel = "FOLDER",
      description = "Where the jars of plugins are (default: plugins/ of the distribution).")
  private @Nullable Path folder;

  /** Null for none. */
  public @Nullable Path folder() {
    return folder == null ? Plugins.defaultFolder() : folder;
  }
}
