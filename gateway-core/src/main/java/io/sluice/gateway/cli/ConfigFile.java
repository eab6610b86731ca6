package io.sluice.gateway.cli;

import io.sluice.gateway.config.ConfigLoader;
import io.sluice.gateway.config.ConfigSource;
import io.sluice.gateway.config.LoadedConfig;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.nio.file.Path;

/** Reads a configuration for commands that only look at it. */
final class ConfigFile {
  private ConfigFile() {}

  /**
   * Reads it as a start would. Nothing is started.
   *
   * @throws io.sluice.gateway.config.ConfigException if there are faults in it
   */
  static LoadedConfig load(Path file) {
    Vertx vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1));
    try {
      ConfigSource source = new ConfigSource(vertx, file);
      String text = source.read().await();
      return ConfigLoader.load(source.name(), text, Host.factories());
    } finally {
      vertx.close().await();
    }
  }
}
