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
import org.junit.jupiter.api.Test;
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

  private static Map<String, byte[]> classes() throws IOException {
    Map<String, byte[]> files = new LinkedHashMap<>();
    try (Stream<Path> made = Files.walk(CLASSES)) {
      for (Path file : made.filter(f -> f.toString().endsWith(".class")).sorted().toList()) {
        files.put(CLASSES.relativize(file).toString(), Files.readAllBytes(file));
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
    ApiComparison comparison = ApiComparison.of(zip(files(kept)), zip(classes()));
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

  private static Map<String, byte[]> kept() throws IOException {
    return files(baseline());
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
}
