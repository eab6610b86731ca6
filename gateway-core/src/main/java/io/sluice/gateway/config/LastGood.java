package io.sluice.gateway.config;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The text of the configuration that ran last, kept in a folder of the gateway's own for a start at
 * which its file is refused. There is one for each path of a file. All methods block; one is to be
 * called after another.
 */
public final class LastGood {
  private static final Logger LOG = LoggerFactory.getLogger(LastGood.class);
  private static final int NAME_BYTES = 8;
  private static final Set<StandardOpenOption> NEW =
      EnumSet.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
  private static final FileAttribute<?> OWNER_ONLY =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

  /**
   * What was kept.
   *
   * @param since when it was written
   */
  public record Kept(String text, Instant since) {}

  private final Path folder;
  private final Path kept;
  private boolean told;

  /**
   * @param folder is made when it is first needed
   * @param file the configuration file that it is kept for
   */
  public LastGood(Path folder, Path file) {
    this.folder = folder;
    this.kept = folder.resolve(file.getFileName() + "." + digest(file.toAbsolutePath()) + ".good");
  }

  private static String digest(Path path) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256")
              .digest(path.normalize().toString().getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest, 0, NAME_BYTES);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java has it
    }
  }

  /** Where it is kept. */
  public Path path() {
    return kept;
  }

  /**
   * What was kept, null if there is nothing, or nothing that can be read; the log says why then.
   */
  public @Nullable Kept read() {
    try {
      if (Files.size(kept) > YamlReader.MAX_LENGTH) {
        throw new IOException("it is too long");
      }
      return new Kept(Files.readString(kept), Files.getLastModifiedTime(kept).toInstant());
    } catch (NoSuchFileException e) {
      return null;
    } catch (IOException e) {
      LOG.atWarn()
          .setMessage("last good configuration cannot be read")
          .addKeyValue("file", kept)
          .setCause(e)
          .log();
      return null;
    }
  }

  /**
   * Keeps a text, in place of the one before and all at once: whoever reads finds the one or the
   * other. Only the owner can read it. If it cannot be written the log says so, once.
   */
  public void write(String text) {
    try {
      Files.createDirectories(folder);
      Path written = folder.resolve(kept.getFileName() + ".new");
      Files.deleteIfExists(written);
      try (FileChannel out = FileChannel.open(written, NEW, OWNER_ONLY)) {
        ByteBuffer bytes = StandardCharsets.UTF_8.encode(text);
        while (bytes.hasRemaining()) {
          out.write(bytes);
        }
        out.force(true);
      }
      Files.move(
          written, kept, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      told = false;
    } catch (IOException e) {
      if (!told) {
        told = true;
        LOG.atWarn()
            .setMessage("the configuration that runs cannot be kept for the next start: {}")
            .addArgument(e.toString())
            .addKeyValue("file", kept)
            .log();
      }
    }
  }
}
