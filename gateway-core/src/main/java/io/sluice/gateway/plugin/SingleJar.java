package io.sluice.gateway.plugin;

import io.sluice.api.Factory;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/**
 * A jar that is loaded by itself, beside any plugins folder: to look it over, or to test it. Passes
 * all checks that the host makes. Blocks.
 */
public final class SingleJar implements AutoCloseable {
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
   * @param check throws {@link IllegalArgumentException} if the gateway cannot use what a factory
   *     makes, and says why
   * @throws PluginRefused with what is wrong with it
   * @throws IOException if it cannot be read, or not be copied
   */
  public static SingleJar load(Path jar, String api, Consumer<Factory<?, ?>> check)
      throws PluginRefused, IOException {
    Loading loading = new Loading(api, check, PluginHost.LOAD_SECONDS);
    Path copies = Files.createTempDirectory("sluice-plugin-");
    try {
      Staged staged = new Staging(copies).copy(jar);
      try {
        return new SingleJar(copies, loading.load(staged, loading.check(staged), 1));
      } catch (PluginRefused e) {
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
