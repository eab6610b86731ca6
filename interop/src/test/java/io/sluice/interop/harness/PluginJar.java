package io.sluice.interop.harness;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import javax.tools.ToolProvider;

/** A plugin's jar, compiled against the packaged gateway. Each change gives another one. */
public final class PluginJar {
  private final Map<String, String> manifest;
  private final Map<String, byte[]> files;

  private PluginJar(Map<String, String> manifest, Map<String, byte[]> files) {
    this.manifest = manifest;
    this.files = files;
  }

  /**
   * Compiles one.
   *
   * @param source of one class, with its extensions
   */
  public static PluginJar of(String id, String className, String source) {
    Map<String, String> manifest = new LinkedHashMap<>();
    manifest.put("Plugin-Id", id);
    manifest.put("Plugin-Version", "1.0.0");
    manifest.put("Plugin-Requires", ">=0.1.0 & <1.0.0");
    manifest.put("Plugin-License", "Apache-2.0");
    manifest.put("Plugin-Description", "Is there for a test.");
    return new PluginJar(manifest, compile(className, source));
  }

  /** Says this in the manifest. */
  public PluginJar says(String key, String value) {
    Map<String, String> changed = new LinkedHashMap<>(manifest);
    changed.put(key, value);
    return new PluginJar(changed, files);
  }

  /** With another file in it. */
  public PluginJar with(String name, byte[] content) {
    Map<String, byte[]> changed = new LinkedHashMap<>(files);
    changed.put(name, content);
    return new PluginJar(manifest, changed);
  }

  /** Without any manifest. */
  public PluginJar withoutManifest() {
    return new PluginJar(Map.of(), files);
  }

  /** As it is written. */
  public byte[] bytes() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JarOutputStream jar = new JarOutputStream(bytes)) {
      if (!manifest.isEmpty()) {
        Manifest made = new Manifest();
        made.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.forEach(made.getMainAttributes()::putValue);
        jar.putNextEntry(new ZipEntry(JarFile.MANIFEST_NAME));
        made.write(jar);
      }
      for (Map.Entry<String, byte[]> file : files.entrySet()) {
        jar.putNextEntry(new ZipEntry(file.getKey()));
        jar.write(file.getValue());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static Map<String, byte[]> compile(String className, String source) {
    try {
      Path folder = Files.createTempDirectory(Places.target(), "plugin-");
      Path file = Files.writeString(folder.resolve(className + ".java"), source);
      Path classes = Files.createDirectory(folder.resolve("classes"));
      ByteArrayOutputStream faults = new ByteArrayOutputStream();
      int failed =
          ToolProvider.getSystemJavaCompiler()
              .run(
                  null,
                  null,
                  faults,
                  "-Xlint:none",
                  "-processor",
                  "org.pf4j.processor.ExtensionAnnotationProcessor",
                  "-cp",
                  gateway(),
                  "-d",
                  classes.toString(),
                  file.toString());
      if (failed != 0) {
        throw new AssertionError(faults.toString(UTF_8));
      }
      Map<String, byte[]> files = read(classes);
      delete(folder);
      return files;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The jars of the packaged gateway, as a class path. */
  private static String gateway() throws IOException {
    try (Stream<Path> jars = Files.list(Places.sluice().getParent().resolveSibling("lib"))) {
      return jars.map(Path::toString)
          .filter(jar -> jar.endsWith(".jar"))
          .collect(Collectors.joining(File.pathSeparator));
    }
  }

  private static Map<String, byte[]> read(Path classes) throws IOException {
    Map<String, byte[]> files = new LinkedHashMap<>();
    try (Stream<Path> all = Files.walk(classes)) {
      for (Path file : all.filter(Files::isRegularFile).sorted().toList()) {
        files.put(classes.relativize(file).toString(), Files.readAllBytes(file));
      }
    }
    return files;
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      List<Path> found = all.toList();
      for (int i = found.size() - 1; i >= 0; i--) {
        Files.delete(found.get(i));
      }
    }
  }
}
