package io.sluice.testkit;

import io.sluice.api.ApiVersion;
import io.sluice.api.Factory;
import io.sluice.gateway.config.SettingsCheck;
import io.sluice.gateway.plugin.LoadedPlugin;
import io.sluice.gateway.plugin.PluginRefused;
import io.sluice.gateway.plugin.SingleJar;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The plugins of one gateway. */
final class LoadedJars implements AutoCloseable {
  private final List<SingleJar> jars = new ArrayList<>();

  /**
   * Loads one more.
   *
   * @throws AssertionError if it is refused, saying why
   */
  void load(Path jar) {
    try {
      jars.add(SingleJar.load(jar, ApiVersion.CURRENT, SettingsCheck::checkOf));
    } catch (PluginRefused e) {
      throw new AssertionError(jar.getFileName() + " is refused: " + e.getMessage(), e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  List<LoadedPlugin> plugins() {
    return jars.stream().map(SingleJar::plugin).toList();
  }

  List<Factory<?, ?>> factories() {
    List<Factory<?, ?>> factories = new ArrayList<>();
    plugins().forEach(plugin -> factories.addAll(plugin.factories()));
    return factories;
  }

  /** Lets go of all of them; the gateway has, already. */
  @Override
  public void close() {
    try {
      for (SingleJar jar : jars) {
        jar.close();
      }
      jars.clear();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
