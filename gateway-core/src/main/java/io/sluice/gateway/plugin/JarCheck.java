package io.sluice.gateway.plugin;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.jspecify.annotations.Nullable;

/**
 * Looks through a jar, without loading a class of it: whether it is whole, harmless to unpack, and
 * a plugin. Blocks.
 */
final class JarCheck {
  /** How many files a jar may hold. */
  static final int MAX_ENTRIES = 20_000;

  /** How large they may be together when unpacked, in bytes. */
  static final long MAX_UNPACKED = 256L << 20;

  /** So much may each grow; real classes and texts come to a tenth of it. */
  private static final int MAX_RATIO = 200;

  /** Up to here nobody asks how much a file has grown, in bytes. */
  private static final int SMALL = 1 << 20;

  private static final String INDEX = "META-INF/extensions.idx";
  private static final int MAX_EXTENSIONS = 100;

  /** Of the manifest and of the index, in bytes: they are read as a whole. */
  private static final int MAX_READ = 256 << 10;

  private static final String VERSIONS = "META-INF/versions/";

  /** What the gateway itself has, and plugins share with it. */
  static final List<String> SHARED =
      List.of("io.sluice.api.", "io.vertx.", "org.slf4j.", "org.jspecify.", "org.pf4j.");

  private final JarFile jar;
  private final Set<String> names = new HashSet<>();
  private final byte[] part = new byte[64 << 10];
  private long unpacked;

  private JarCheck(JarFile jar) {
    this.jar = jar;
  }

  /**
   * Checks a jar.
   *
   * @param api the version of the API that the gateway has
   * @throws PluginRefused with what is wrong with it
   */
  static PluginManifest check(Staged staged, String api) throws PluginRefused {
    try (JarFile jar =
        new JarFile(staged.file().toFile(), false, ZipFile.OPEN_READ, JarFile.runtimeVersion())) {
      return new JarCheck(jar).check(api);
    } catch (IOException e) { // the copy has been read once, so it is its content
      throw new PluginRefused(
          "it is no whole jar (" + e.getMessage() + ")", "it is cut off, or no jar at all");
    } catch (IllegalArgumentException e) { // names that are no text
      throw new PluginRefused("it is no whole jar (" + e.getMessage() + ")", "build it anew");
    }
  }

  private PluginManifest check(String api) throws PluginRefused, IOException {
    if (jar.size() > MAX_ENTRIES) {
      throw new PluginRefused(
          "it holds " + jar.size() + " files", "at most " + MAX_ENTRIES + " are taken");
    }
    for (var entries = jar.entries(); entries.hasMoreElements(); ) {
      ZipEntry entry = entries.nextElement();
      checkName(entry.getName());
      checkBytes(entry);
    }
    PluginManifest manifest = PluginManifest.of(manifest(), api);
    checkExtensions();
    return manifest;
  }

  private @Nullable Manifest manifest() throws PluginRefused {
    try {
      return jar.getManifest();
    } catch (IOException e) {
      throw new PluginRefused("its manifest is none (" + e.getMessage() + ")", "build it anew");
    }
  }

  private void checkName(String name) throws PluginRefused {
    if (name.chars().anyMatch(Character::isISOControl)) {
      throw new PluginRefused("it holds a file whose name is no text", "build it anew");
    }
    if (name.startsWith("/") || name.contains("\\") || List.of(name.split("/")).contains("..")) {
      throw new PluginRefused("it holds a file outside of itself, '" + name + "'", "");
    }
    if (!names.add(name)) {
      throw new PluginRefused("it holds '" + name + "' twice", "build it anew");
    }
    String path = name;
    if (name.startsWith(VERSIONS)) {
      path = name.substring(name.indexOf('/', VERSIONS.length()) + 1);
    }
    for (String shared : SHARED) {
      if (path.startsWith(shared.replace('.', '/')) && path.endsWith(".class")) {
        throw new PluginRefused(
            "it bundles " + shared + "*, which the gateway has",
            "give that dependency the scope 'provided'");
      }
    }
  }

  private void checkBytes(ZipEntry entry) throws PluginRefused, IOException {
    CRC32 crc = new CRC32();
    long size = 0;
    long allowed = Math.max(SMALL, entry.getCompressedSize() * MAX_RATIO);
    try (InputStream in = jar.getInputStream(entry)) {
      for (int n = in.read(part); n >= 0; n = in.read(part)) {
        size += n;
        unpacked += n;
        if (size > allowed || unpacked > MAX_UNPACKED) {
          throw new PluginRefused(
              "it unpacks to more than it should ('" + entry.getName() + "')",
              "at most "
                  + MAX_UNPACKED
                  + " bytes, and of each file "
                  + MAX_RATIO
                  + " times its size");
        }
        crc.update(part, 0, n);
      }
    }
    boolean isRead =
        entry.getName().equalsIgnoreCase(JarFile.MANIFEST_NAME) || entry.getName().equals(INDEX);
    if (isRead && size > MAX_READ) {
      throw new PluginRefused(
          entry.getName() + " has " + size + " bytes", "at most " + MAX_READ + " are read");
    }
    if (crc.getValue() != entry.getCrc()) {
      throw new PluginRefused("'" + entry.getName() + "' in it is damaged", "copy it again");
    }
  }

  private void checkExtensions() throws PluginRefused, IOException {
    List<String> extensions = extensions();
    if (extensions.isEmpty()) {
      throw new PluginRefused(
          "it holds no extension: " + INDEX + " is missing or empty",
          "annotate a FilterFactory with @Extension, and compile with annotation processing"
              + " (on JDK 23 and later: -proc:full)");
    }
    if (extensions.size() > MAX_EXTENSIONS) {
      throw new PluginRefused(
          "it names " + extensions.size() + " extensions", "at most " + MAX_EXTENSIONS);
    }
    for (String extension : extensions) {
      if (!names.contains(extension.replace('.', '/') + ".class")) {
        throw new PluginRefused(
            INDEX + " names '" + extension + "', which is not in the jar", "build it anew");
      }
    }
  }

  /** As PF4J reads it: a name a line, and what stands after a {@code #} is a comment. */
  private List<String> extensions() throws IOException {
    ZipEntry index = jar.getEntry(INDEX);
    List<String> extensions = new ArrayList<>();
    if (index == null) {
      return extensions;
    }
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(jar.getInputStream(index), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        String name = line.replaceFirst("#.*", "").strip();
        if (!name.isEmpty()) {
          extensions.add(name);
        }
      }
    }
    return extensions;
  }
}
