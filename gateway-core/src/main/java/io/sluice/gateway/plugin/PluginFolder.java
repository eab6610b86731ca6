package io.sluice.gateway.plugin;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The jars of the plugins folder, as they come, change and go. A jar counts as it is only when two
 * looks have found it the same: whoever copies it may not be done. Used by one thread; looking
 * blocks.
 */
final class PluginFolder {
  /** How many jars the folder may hold; those behind them, by their names, are left out. */
  static final int MAX_JARS = 1_000;

  private static final String JARS = "*.jar";

  /**
   * By what a file is known to be the same as before.
   *
   * @param key of the file system, null where it has none
   */
  record Look(long size, FileTime modified, @Nullable Object key) {}

  private final Path folder;
  private Map<String, Look> last = Map.of();
  private List<String> unsettled = List.of();

  PluginFolder(Path folder) {
    this.folder = folder;
  }

  Path path(String name) {
    return folder.resolve(name);
  }

  /** Looks once; those that the next look finds the same are there for good. */
  Map<String, Look> look() throws IOException {
    Map<String, Look> now = new TreeMap<>();
    try (DirectoryStream<Path> jars = Files.newDirectoryStream(folder, JARS)) {
      for (Path jar : jars) {
        Look look = lookAt(jar);
        if (look != null) {
          now.put(jar.getFileName().toString(), look);
        }
      }
    } catch (NoSuchFileException e) {
      now.clear(); // no folder, no plugins
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    Map<String, Look> before = last;
    last = now;
    Map<String, Look> settled = new TreeMap<>();
    List<String> others = new ArrayList<>();
    now.forEach(
        (name, look) -> {
          if (!look.equals(before.get(name))) {
            others.add(name);
          } else if (settled.size() < MAX_JARS) {
            settled.put(name, look);
          }
        });
    unsettled = others;
    return settled;
  }

  /** Those that the last look has not found as the one before, in the order of their names. */
  List<String> unsettled() {
    return unsettled;
  }

  /** Whether a jar was there at the last look, done or not. */
  boolean has(String name) {
    return last.containsKey(name);
  }

  private static @Nullable Look lookAt(Path jar) throws IOException {
    try {
      BasicFileAttributes found =
          Files.readAttributes(jar, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
      return new Look(found.size(), found.lastModifiedTime(), found.fileKey());
    } catch (NoSuchFileException e) {
      return null; // removed since the folder was read
    }
  }
}
