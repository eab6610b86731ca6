package io.sluice.gateway.plugin;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A folder of the gateway's own with copies of jars. What is loaded is a copy: the file in the
 * plugins folder may be overwritten or removed at any time, which would crash the code that runs.
 * All methods block.
 */
final class Staging {
  /** The largest jar that is taken, in bytes. */
  static final long MAX_JAR = 64L << 20;

  private static final int PART = 64 << 10;

  private static final FileAttribute<?> OWNER_ONLY =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

  private final Path folder;
  private final UserPrincipal owner;
  private int copies;

  /**
   * @param folder exists and is nobody else's
   * @throws UncheckedIOException if that is not so
   */
  Staging(Path folder) {
    this.folder = folder;
    try {
      owner = Files.getOwner(folder, LinkOption.NOFOLLOW_LINKS);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Copies a jar.
   *
   * @throws PluginRefused if it is no plain file, too large, or was written to meanwhile
   * @throws IOException if it cannot be read, or the copy not be written
   */
  Staged copy(Path jar) throws PluginRefused, IOException {
    BasicFileAttributes before = attributes(jar);
    if (before.isSymbolicLink()) {
      throw new PluginRefused("it is a symbolic link", "copy the jar itself");
    }
    if (!before.isRegularFile()) {
      throw new PluginRefused("it is no plain file", "");
    }
    if (before.size() > MAX_JAR) {
      throw new PluginRefused(
          "it has " + before.size() + " bytes", "at most " + MAX_JAR + " are taken");
    }
    checkFolder();
    Path copy = folder.resolve(++copies + ".jar");
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      long size = copy(jar, copy, digest);
      if (size != before.size() || !isSame(before, attributes(jar))) {
        throw new PluginRefused("it is still being written", "");
      }
      String hash = HexFormat.of().formatHex(digest.digest());
      return new Staged(jar.getFileName().toString(), copy, hash);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java has it
    } catch (PluginRefused | IOException e) {
      Files.deleteIfExists(copy);
      throw e;
    }
  }

  /**
   * Systems remove what has lain in a folder for temporary files for long, and others write there.
   */
  private void checkFolder() throws IOException {
    if (Files.notExists(folder, LinkOption.NOFOLLOW_LINKS)) {
      Files.createDirectory(folder, OWNER_ONLY);
    }
    if (!Files.getOwner(folder, LinkOption.NOFOLLOW_LINKS).equals(owner)) {
      throw new AccessDeniedException(folder.toString(), null, "it is another user's now");
    }
  }

  private static long copy(Path jar, Path copy, MessageDigest digest)
      throws IOException, PluginRefused {
    long size = 0;
    byte[] part = new byte[PART];
    try (InputStream in = Files.newInputStream(jar, LinkOption.NOFOLLOW_LINKS);
        OutputStream out = Files.newOutputStream(copy, StandardOpenOption.CREATE_NEW)) {
      for (int n = in.read(part); n >= 0; n = in.read(part)) {
        size += n;
        if (size > MAX_JAR) {
          throw new PluginRefused("it is still being written", "");
        }
        digest.update(part, 0, n);
        out.write(part, 0, n);
      }
    }
    return size;
  }

  private static BasicFileAttributes attributes(Path jar) throws IOException {
    return Files.readAttributes(jar, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
  }

  private static boolean isSame(BasicFileAttributes a, BasicFileAttributes b) {
    return a.size() == b.size() && a.lastModifiedTime().equals(b.lastModifiedTime());
  }
}
