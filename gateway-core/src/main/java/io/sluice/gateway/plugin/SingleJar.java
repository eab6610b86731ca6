package io.sluice.gateway.plugin;

import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A jar that is loaded by itself, beside any plugins folder: to look it over, or to test it. Passes
 * all checks that the host makes. Blocks.
 */
public final class SingleJar implements AutoCloseable {
  private static final long LOAD_SECONDS = 10;

  private final Path copies;
  private final LoadedPlugin plugin;

  private SingleJar(Path copies, LoadedPlugin plugin) {
    this.copies = copies;
    this.plugin = plugin;
  }

  /**
   * Checks and loads a jar.
   *
   * @param api the version of the API that the gateway has
   * @throws PluginRefused with what is wrong with it
   * @throws IOException if it cannot be read, or not be copied
   */
  public static SingleJar load(Path jar, String api) throws PluginRefused, IOException {
    Path copies = Files.createTempDirectory("sluice-plugin-");
    try {
      Staged staged = new Staging(copies).copy(jar);
      try {
        PluginManifest manifest = JarCheck.check(staged, api);
        LoadedPlugin plugin =
            Bounded.run(
                manifest.id(),
                LOAD_SECONDS,
                () -> LoadedPlugin.load(staged, manifest, api, 1),
                LoadedPlugin::release);
        return new SingleJar(copies, plugin);
      } catch (PluginRefused | IOException e) {
        staged.delete();
        throw e;
      }
    } catch (PluginRefused | IOException e) {
      Files.deleteIfExists(copies);
      throw e;
    }
  }

  /** The plugin; held until this is closed. */
  public LoadedPlugin plugin() {
    return plugin;
  }

  /**
   * What keeps code in memory that should have been collected, as far as that can be seen.
   *
   * @param code the class loader of a plugin that was unloaded
   * @return in plain words; empty if nothing is seen
   */
  public static List<String> holders(ClassLoader code) {
    return CodeHolders.of(code, List.of());
  }

  /** Lets go of it; it goes when nobody else holds it. */
  @Override
  public void close() throws IOException {
    plugin.release();
    try {
      Files.delete(copies);
    } catch (DirectoryNotEmptyException e) {
      copies.toFile().deleteOnExit(); // the copy in it goes with the last holder
    }
  }
}
