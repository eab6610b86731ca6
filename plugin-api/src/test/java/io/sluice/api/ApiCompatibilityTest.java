package io.sluice.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pf4j.DefaultVersionManager;

/** The API is compatible with the one that was kept, or its version says that it is not. */
class ApiCompatibilityTest {
  private static final Path CLASSES = Path.of("target/classes");
  private static final Pattern NAME = Pattern.compile("plugin-api-(\\d+\\.\\d+\\.\\d+)\\.jar");

  private static Path baseline() throws IOException {
    try (Stream<Path> kept = Files.list(Path.of("baseline"))) {
      List<Path> jars = kept.toList();
      assertThat(jars).as("what bin/api-baseline has made").hasSize(1);
      return jars.get(0);
    }
  }

  private static Map<String, byte[]> files(Path jar) throws IOException {
    Map<String, byte[]> files = new LinkedHashMap<>();
    try (ZipInputStream in = new ZipInputStream(Files.newInputStream(jar))) {
      for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
        if (entry.getName().endsWith(".class")) {
          files.put(entry.getName(), in.readAllBytes());
        }
      }
    }
    return files;
  }

  private static Map<String, byte[]> classes(Path folder) throws IOException {
    Map<String, byte[]> files = new LinkedHashMap<>();
    try (Stream<Path> made = Files.walk(folder)) {
      for (Path file : made.filter(f -> f.toString().endsWith(".class")).sorted().toList()) {
        files.put(folder.relativize(file).toString(), Files.readAllBytes(file));
      }
    }
    return files;
  }

  private static byte[] zip(Map<String, byte[]> files) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream out = new ZipOutputStream(bytes)) {
      for (Map.Entry<String, byte[]> file : files.entrySet()) {
        out.putNextEntry(new ZipEntry(file.getKey()));
        out.write(file.getValue());
        out.closeEntry();
      }
    }
    return bytes.toByteArray();
  }

  @Test
  void theVersionSaysWhatHasBecomeOfTheApi() throws IOException {
    Path kept = baseline();
    Matcher name = NAME.matcher(kept.getFileName().toString());
    assertThat(name.matches()).as(kept.toString()).isTrue();
    ApiComparison comparison = ApiComparison.of(zip(files(kept)), zip(classes(CLASSES)));
    String wanted = comparison.versionAfter(name.group(1));
    assertThat(new DefaultVersionManager().compareVersions(ApiVersion.CURRENT, wanted))
        .as(
            """
            The API has changed since %s was kept:
              breaks plugins: %s
              is new: %s
            Take back what breaks plugins if it need not be: add a default method rather than an \
            abstract one, or another method beside the one that is there.
            Else set ApiVersion.CURRENT to %s, and say in CHANGELOG.md what plugins have to change.
            bin/api-baseline keeps the API as it is now; that is for a release, not for a change.\
            """,
            kept.getFileName(), comparison.breaks(), comparison.additions(), wanted)
        .isNotNegative();
  }

  // Whether changes are seen.

  @TempDir private Path folder;

  private static Map<String, byte[]> kept() throws IOException {
    return files(baseline());
  }

  /** The API as it was kept, with this in the place of what is there. */
  private byte[] keptWith(String name, String source) throws IOException {
    Path file = Files.writeString(folder.resolve(name + ".java"), source);
    Path made = Files.createDirectories(folder.resolve("classes"));
    int failed =
        ToolProvider.getSystemJavaCompiler()
            .run(null, null, null, "-proc:none", "-d", made.toString(), file.toString());
    assertThat(failed).isZero();
    Map<String, byte[]> changed = kept();
    changed.putAll(classes(made));
    return zip(changed);
  }

  @Test
  void whatIsTheSameNeedsNoVersion() throws IOException {
    ApiComparison comparison = ApiComparison.of(zip(kept()), zip(kept()));
    assertThat(comparison.breaks()).isEmpty();
    assertThat(comparison.additions()).isEmpty();
    assertThat(comparison.versionAfter("1.2.3")).isEqualTo("1.2.3");
  }

  @Test
  void aClassThatIsGoneBreaks() throws IOException {
    Map<String, byte[]> less = kept();
    less.remove("io/sluice/api/BizStatus.class");
    ApiComparison comparison = ApiComparison.of(zip(kept()), zip(less));
    assertThat(comparison.breaks()).contains("io.sluice.api.BizStatus: CLASS_REMOVED");
    assertThat(comparison.versionAfter("0.1.2")).isEqualTo("0.2.0");
    assertThat(comparison.versionAfter("1.1.2")).isEqualTo("2.0.0");
  }

  @Test
  void aClassThatIsNewIsAnAddition() throws IOException {
    Map<String, byte[]> less = kept();
    less.remove("io/sluice/api/ApiVersion.class");
    ApiComparison comparison = ApiComparison.of(zip(less), zip(kept()));
    assertThat(comparison.breaks()).isEmpty();
    assertThat(comparison.additions()).contains("io.sluice.api.ApiVersion");
    assertThat(comparison.versionAfter("0.1.2")).isEqualTo("0.1.3");
    assertThat(comparison.versionAfter("1.1.2")).isEqualTo("1.2.0");
  }

  @Test
  void aNewDutyOfPluginsBreaks() throws IOException {
    for (String type : List.of("Filter", "LoadBalancer", "EndpointSource", "AccessLogSink")) {
      byte[] before = keptWith(type, "package io.sluice.api; public interface " + type + " {}");
      byte[] now =
          keptWith(type, "package io.sluice.api; public interface " + type + " { void duty(); }");
      assertThat(ApiComparison.of(before, now).breaks())
          .containsExactly("io.sluice.api." + type + ".duty(): METHOD_ADDED_TO_INTERFACE");
    }
    String reader = "package io.sluice.api; public class WatchedFile { public interface Reader {";
    assertThat(
            ApiComparison.of(
                    keptWith("WatchedFile", reader + "}}"),
                    keptWith("WatchedFile", reader + "void duty();}}"))
                .breaks())
        .containsExactly("io.sluice.api.WatchedFile$Reader.duty(): METHOD_ADDED_TO_INTERFACE");
  }

  @Test
  void aNewDutyOfTheGatewayIsAnAddition() throws IOException {
    for (String name : ApiComparison.OF_THE_GATEWAY) {
      assertThat(classes(CLASSES)).containsKey(name.replace('.', '/') + ".class");
    }
    ApiComparison comparison =
        ApiComparison.of(
            keptWith("Cache", "package io.sluice.api; public interface Cache {}"),
            keptWith("Cache", "package io.sluice.api; public interface Cache { void more(); }"));
    assertThat(comparison.breaks()).isEmpty();
    assertThat(comparison.additions()).containsExactly("io.sluice.api.Cache.more()");
  }

  /** Plugins are full of them, so one without a default breaks as a method of a filter would. */
  @Test
  void anElementOfAnAnnotationNeedsADefault() throws IOException {
    String setting = "package io.sluice.api; public @interface Setting { String value();";
    byte[] before = keptWith("Setting", setting + "}");
    ApiComparison without =
        ApiComparison.of(before, keptWith("Setting", setting + " String more();}"));
    assertThat(without.breaks()).isNotEmpty();
    ApiComparison with =
        ApiComparison.of(before, keptWith("Setting", setting + " String more() default \"\";}"));
    assertThat(with.breaks()).isEmpty();
    assertThat(with.additions()).containsExactly("io.sluice.api.Setting.more()");
  }
}
