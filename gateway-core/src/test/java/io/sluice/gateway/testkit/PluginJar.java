package io.sluice.gateway.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;

/** A plugin's jar, compiled and packed as its author would, or wrong in one way. */
public final class PluginJar {
  /** The source of a plugin with a filter {@code made}, which has calls go on. */
  public static final String MADE =
      """
      import io.sluice.api.*;
      import org.pf4j.Extension;

      @Extension
      public class Maker implements FilterFactory<Maker.Settings> {
        public record Settings() {}
        @Override public String name() { return "made"; }
        @Override public Class<Settings> settings() { return Settings.class; }
        @Override public Filter create(Settings settings) {
          return new Filter() {
            @Override public Step onRequest(Call call) { return Step.NEXT; }
          };
        }
      }
      """;

  private static final Pattern TYPE = Pattern.compile("public (?:final )?class (\\w+)");

  private final Map<String, String> manifest = new LinkedHashMap<>();
  private final Map<String, byte[]> files = new LinkedHashMap<>();
  private boolean hasManifest = true;

  private PluginJar() {}

  /** A jar with all that the manifest has to say, and nothing else. */
  public static PluginJar of(String id, String version) {
    PluginJar jar = new PluginJar();
    jar.manifest.put("Plugin-Id", id);
    jar.manifest.put("Plugin-Version", version);
    jar.manifest.put("Plugin-Requires", ">=0.1.0 & <1.0.0");
    jar.manifest.put("Plugin-License", "Apache-2.0");
    jar.manifest.put("Plugin-Description", "Does what a test wants.");
    return jar;
  }

  /** Another one that is so far the same. */
  public PluginJar copy() {
    PluginJar copy = new PluginJar();
    copy.manifest.putAll(manifest);
    copy.files.putAll(files);
    copy.hasManifest = hasManifest;
    return copy;
  }

  /** Says something else in the manifest; null leaves the entry out. */
  public PluginJar says(String key, @Nullable String value) {
    if (value == null) {
      manifest.remove(key);
    } else {
      manifest.put(key, value);
    }
    return this;
  }

  /** Leaves the whole manifest out. */
  public PluginJar withoutManifest() {
    hasManifest = false;
    return this;
  }

  /** Adds a file. */
  public PluginJar with(String name, byte[] content) {
    files.put(name, content);
    return this;
  }

  /** Adds a class, compiled with all annotation processors that the class path has. */
  public PluginJar with(String source) {
    files.putAll(compile(source));
    return this;
  }

  /** Takes a file out again. */
  public PluginJar without(String name) {
    assertThat(files.remove(name)).as(name).isNotNull();
    return this;
  }

  /** Writes the jar. */
  public Path writeTo(Path file) {
    try {
      return Files.write(file, bytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The jar as it would be written; always the same bytes for the same jar. */
  public byte[] bytes() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JarOutputStream jar = new JarOutputStream(bytes)) {
      if (hasManifest) {
        ByteArrayOutputStream says = new ByteArrayOutputStream();
        manifest().write(says);
        write(jar, JarFile.MANIFEST_NAME, says.toByteArray());
      }
      for (Map.Entry<String, byte[]> file : files.entrySet()) {
        write(jar, file.getKey(), file.getValue());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static void write(JarOutputStream jar, String name, byte[] content) throws IOException {
    JarEntry entry = new JarEntry(name);
    entry.setTimeLocal(LocalDateTime.of(2026, 1, 1, 0, 0));
    jar.putNextEntry(entry);
    jar.write(content);
    jar.closeEntry();
  }

  private Manifest manifest() {
    Manifest made = new Manifest();
    made.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    manifest.forEach(made.getMainAttributes()::putValue);
    return made;
  }

  private static Map<String, byte[]> compile(String source) {
    try {
      Path folder = Files.createTempDirectory("plugin");
      try {
        Path file = folder.resolve(find(TYPE, source) + ".java");
        Path classes = Files.createDirectory(folder.resolve("classes"));
        Files.writeString(file, source);
        ByteArrayOutputStream faults = new ByteArrayOutputStream();
        List<String> options = new ArrayList<>(List.of("-Xlint:none", "-d", classes.toString()));
        if (Runtime.version().feature() >= 23) {
          options.add("-proc:full");
        }
        options.add(file.toString());
        int failed =
            ToolProvider.getSystemJavaCompiler()
                .run(null, null, faults, options.toArray(new String[0]));
        assertThat(failed).as(faults.toString(UTF_8)).isZero();
        return read(classes);
      } finally {
        delete(folder);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Map<String, byte[]> read(Path classes) throws IOException {
    Map<String, byte[]> files = new LinkedHashMap<>();
    try (Stream<Path> made = Files.walk(classes)) {
      for (Path file : made.filter(Files::isRegularFile).sorted().toList()) {
        files.put(classes.relativize(file).toString(), Files.readAllBytes(file));
      }
    }
    return files;
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path file : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  private static String find(Pattern pattern, String source) {
    Matcher found = pattern.matcher(source);
    assertThat(found.find()).as(source).isTrue();
    return found.group(1);
  }
}
