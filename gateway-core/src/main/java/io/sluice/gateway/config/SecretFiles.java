package io.sluice.gateway.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The files in which a configuration has its secrets, as they were. Used by one thread at a time.
 */
public final class SecretFiles {

  /**
   * By what a file is known to be the same as before.
   *
   * @param key of the file system, null where it has none
   */
  private record Look(long size, FileTime modified, @Nullable Object key) {}

  private final Map<Path, Optional<Look>> asRead = new HashMap<>();
  private Map<Path, Optional<Look>> last = Map.of();

  /** This file is about to be read; it need not be there. */
  void reading(Path file) {
    asRead.putIfAbsent(file, look(file));
  }

  /**
   * Whether one of them is no more what was read. A change counts when two calls have seen it.
   * Blocks.
   */
  public boolean haveChanged() {
    Map<Path, Optional<Look>> now = new HashMap<>();
    asRead.keySet().forEach(file -> now.put(file, look(file)));
    boolean settled = now.equals(last);
    last = now;
    return settled && !now.equals(asRead);
  }

  private static Optional<Look> look(Path file) {
    try {
      BasicFileAttributes found = Files.readAttributes(file, BasicFileAttributes.class);
      return Optional.of(new Look(found.size(), found.lastModifiedTime(), found.fileKey()));
    } catch (IOException e) { // whoever reads it tells that
      return Optional.empty();
    }
  }
}
