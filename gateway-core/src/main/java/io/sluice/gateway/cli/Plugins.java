package io.sluice.gateway.cli;

import io.sluice.api.AccessLogSinkFactory;
import io.sluice.api.ApiVersion;
import io.sluice.api.EndpointSourceFactory;
import io.sluice.api.Factory;
import io.sluice.api.FilterFactory;
import io.sluice.api.LoadBalancerFactory;
import io.sluice.gateway.Reloader;
import io.sluice.gateway.config.SettingsCheck;
import io.sluice.gateway.plugin.PluginHost;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The extensions that a process has: those of its plugins folder, and those on its class path. */
public final class Plugins implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Plugins.class);

  /** A jar counts when it has been seen twice. */
  private static final int LOOKS = 2;

  private final Path copies;
  private final PluginHost host;
  private final List<Factory<?, ?>> others = ofClassPath();

  private Plugins(Path copies, PluginHost host) {
    this.copies = copies;
    this.host = host;
  }

  /** The folder {@code plugins} of the distribution that runs, null if none runs. */
  public static @Nullable Path defaultFolder() {
    String home = System.getProperty("sluice.home");
    return home == null ? null : Path.of(home, "plugins");
  }

  /**
   * Takes up what is in the folder now. Blocks. What is refused is logged.
   *
   * @param folder null for none; may not be there
   * @param allowed the SHA-256 of the jars that may be taken up, see {@link
   *     io.sluice.gateway.config.ConfigLoader#allowedPlugins}
   * @throws IOException if it cannot be read, or there is no place for copies of the jars
   */
  public static Plugins of(@Nullable Path folder, Set<String> allowed) throws IOException {
    Path copies = Files.createTempDirectory("sluice-plugins-");
    Path jars = folder == null ? copies.resolve("none") : folder;
    PluginHost host = new PluginHost(jars, copies, ApiVersion.CURRENT, SettingsCheck::checkOf);
    Plugins plugins = new Plugins(copies, host);
    plugins.take(allowed);
    return plugins;
  }

  /**
   * The same for an instance that is there, before its plugins are in use.
   *
   * @throws IOException if the folder cannot be read
   */
  void take(Set<String> allowed) throws IOException {
    host.allow(allowed);
    for (int i = 0; i < LOOKS; i++) {
      host.update(plugins -> {});
    }
  }

  public PluginHost host() {
    return host;
  }

  private static List<Factory<?, ?>> ofClassPath() {
    List<Factory<?, ?>> factories = new ArrayList<>();
    ServiceLoader.load(FilterFactory.class).forEach(factories::add);
    ServiceLoader.load(LoadBalancerFactory.class).forEach(factories::add);
    ServiceLoader.load(EndpointSourceFactory.class).forEach(factories::add);
    ServiceLoader.load(AccessLogSinkFactory.class).forEach(factories::add);
    return factories;
  }

  /** Those on the class path. */
  List<Factory<?, ?>> others() {
    return others;
  }

  /** All of them, as they are now. */
  public List<Factory<?, ?>> factories() {
    return Reloader.factories(host.plugins(), others);
  }

  /** Removes the copies; no code of a plugin may run any more. */
  @Override
  public void close() {
    if (Files.notExists(copies)) {
      return; // somebody tidied up
    }
    try (Stream<Path> all = Files.walk(copies)) {
      for (Path file : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      LOG.atWarn()
          .setMessage("copies of plugins cannot be removed")
          .addKeyValue("folder", copies)
          .setCause(e)
          .log();
    }
  }
}
