package io.sluice.gateway.cli;

import io.sluice.gateway.config.ConfigLoader;
import io.sluice.gateway.config.ConfigSource;
import io.sluice.gateway.config.LoadedConfig;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads a configuration for commands that only look at it. */
final class ConfigFile {
  private ConfigFile() {}

  /**
   * Reads it as a start would. Nothing is started.
   *
   * @param plugins the folder, null for none
   * @throws io.sluice.gateway.config.ConfigException if there are faults in it
   * @throws UncheckedIOException if the folder cannot be read
   */
  static LoadedConfig load(Path file, @Nullable Path plugins) {
    Vertx vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1));
    try {
      ConfigSource source = new ConfigSource(vertx, file);
      String text = source.read().await();
      Set<String> allowed = ConfigLoader.allowedPlugins(source.name(), text);
      try (Plugins taken = Plugins.of(plugins, allowed)) {
        return ConfigLoader.load(source.name(), text, taken.factories());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      vertx.close().await();
    }
  }
}
