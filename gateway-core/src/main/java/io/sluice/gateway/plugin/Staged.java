package io.sluice.gateway.plugin;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A jar of the plugins folder as the gateway has copied it, so that nobody changes it any more.
 *
 * @param name the file's name in the plugins folder
 * @param file the copy
 * @param sha256 of its bytes, as 64 hexadecimal digits in lower case
 */
record Staged(String name, Path file, String sha256) {
  private static final Logger LOG = LoggerFactory.getLogger(Staged.class);

  /** Removes the copy. */
  void delete() {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      LOG.atWarn()
          .setMessage("copy of a plugin cannot be removed")
          .addKeyValue("file", file)
          .setCause(e)
          .log();
    }
  }
}
