package io.sluice.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.interop.harness.Distribution;
import io.sluice.interop.harness.Distribution.Ran;
import io.sluice.interop.harness.GatewayProcess;
import io.sluice.interop.harness.Peers;
import io.sluice.interop.harness.Peers.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The zip, unpacked where nothing else of the project is, with a Java runtime and no JDK. */
final class DistributionTest {
  private static final String ANNOUNCES = "preparing for a faster start (once) ...";

  /** For the part that must not be done as root, who may write everywhere. */
  private static final List<String> AS_NOBODY =
      "root".equals(System.getProperty("user.name"))
          ? List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
          : List.of();

  @TempDir Path folder;
  private Distribution distribution;
  private Path runtime;

  @BeforeEach
  void unpack() throws IOException {
    // For nobody, too.
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    distribution = Distribution.unpack(Files.createDirectory(folder.resolve("opt")));
    runtime = Distribution.runtimeOnly(folder.resolve("jre"));
  }

  private Map<String, String> environment(String... more) {
    Map<String, String> environment = new HashMap<>(Map.of("JAVA_HOME", runtime.toString()));
    for (int i = 0; i < more.length; i += 2) {
      environment.put(more[i], more[i + 1]);
    }
    return environment;
  }

  private List<Path> archives(Path in) throws IOException {
    try (Stream<Path> files = Files.list(in)) {
      return files.filter(file -> file.toString().endsWith(".jsa")).toList();
    }
  }

  @Test
  void hasWhatItNeedsAndNothingOfTheBuild() throws IOException {
    try (Stream<Path> files = Files.list(distribution.home())) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder(
              "bin",
              "lib",
              "plugins",
              "repository",
              "conf",
              "docs",
              "systemd",
              "README.md",
              "CHANGELOG.md",
              "LICENSE");
    }
    assertThat(distribution.command()).isExecutable();
    assertThat(distribution.home().resolve("systemd/sluice.service")).isRegularFile();
    assertThat(distribution.home().resolve("plugins")).isNotEmptyDirectory();
    assertThat(Files.readString(distribution.home().resolve("conf/gateway.yaml")))
        .startsWith("# yaml-language-server: $schema=gateway.schema.json\n");
    assertThat(Files.readString(distribution.home().resolve("conf/gateway.schema.json")))
        .contains("\"header-rewrite\"", "\"access-log\"");
    try (Stream<Path> files = Files.list(distribution.home().resolve("lib"))) {
      assertThat(files).allMatch(file -> file.toString().endsWith(".jar"));
    }
  }

  @Test
  void everyLinkOfItsPagesLeadsToSomethingInIt() throws IOException {
    Pattern link = Pattern.compile("\\]\\(([^)#]+)");
    List<Path> pages;
    try (Stream<Path> files = Files.walk(distribution.home())) {
      pages = files.filter(file -> file.toString().endsWith(".md")).toList();
    }
    assertThat(pages).hasSizeGreaterThan(10);
    for (Path page : pages) {
      link.matcher(Files.readString(page))
          .results()
          .map(found -> found.group(1))
          .filter(target -> !target.startsWith("https://"))
          .forEach(target -> assertThat(page.resolveSibling(target)).as(page.toString()).exists());
    }
  }

  /** What editors show of the API comes from its sources, beside the jars in the repository. */
  @Test
  void theApiAndTheTestKitComeWithTheirSources() throws IOException {
    for (String module : List.of("plugin-api", "plugin-testkit")) {
      try (Stream<Path> files =
          Files.walk(distribution.home().resolve("repository/io/sluice").resolve(module))) {
        assertThat(files.map(file -> file.getFileName().toString()))
            .filteredOn(name -> name.endsWith(".jar"))
            .hasSize(2)
            .anyMatch(name -> name.endsWith("-sources.jar"));
      }
    }
  }

  @Test
  void takesCallsWithARuntimeOnly() throws IOException {
    try (Peers.Server server = Peers.server()) {
      String config = GatewayProcess.configuration("ttheader-framed", server.address());
      for (String start : List.of("first", "second")) {
        GatewayProcess.Builder builder =
            GatewayProcess.with(config)
                .command(distribution.command())
                .env("JAVA_HOME", runtime.toString());
        try (GatewayProcess gateway = builder.start()) {
          assertThat(gateway.admin("/readyz").statusCode()).isEqualTo(200);
          for (String transport : List.of("framed", "ttheader-framed")) {
            Map<String, Outcome> seen =
                Peers.client(gateway.address(), transport, "rich", "typed-error", "oneway");
            assertThat(seen.values()).allMatch(Outcome::ok);
          }
          System.out.println(
              "[distribution] " + start + " start: ready after " + gateway.readyMillis() + " ms");
        }
        assertThat(archives(distribution.home().resolve("lib"))).hasSize(1);
      }
    }
  }

  @Test
  void checksTheConfigurationsThatItBrings() {
    for (String file : List.of("gateway.yaml", "demo.yaml")) {
      Ran ran =
          distribution.run(
              environment("SLUICE_ARCHIVE", "off"),
              List.of(),
              "check",
              distribution.home().resolve("conf").resolve(file).toString());
      assertThat(ran.status()).as("%s", ran).isZero();
    }
  }

  @Test
  void archiveIsMadeOnceForEachUserWhereLibIsReadOnly() throws IOException {
    Path cache = Files.createDirectory(folder.resolve("cache"));
    Files.setPosixFilePermissions(cache, PosixFilePermissions.fromString("rwxrwxrwx"));
    distribution.setWritable("lib", false);
    try {
      Map<String, String> environment = environment("XDG_CACHE_HOME", cache.toString());
      Ran first = distribution.run(environment, AS_NOBODY, "--version");
      assertThat(first.status()).as("%s", first).isZero();
      assertThat(first.err()).containsExactly(ANNOUNCES);
      Ran second = distribution.run(environment, AS_NOBODY, "--version");
      assertThat(second.status()).isZero();
      assertThat(second.err()).isEmpty();
      assertThat(second.out()).hasSize(1).first().asString().startsWith("sluice ");
      assertThat(archives(distribution.home().resolve("lib"))).isEmpty();
    } finally {
      distribution.setWritable("lib", true);
    }
  }

  @Test
  void startsWithoutAnArchiveWhereNothingCanBeWritten() throws IOException {
    distribution.setWritable("lib", false);
    try {
      Map<String, String> environment =
          environment("XDG_CACHE_HOME", "/proc/nowhere", "HOME", "/proc/nowhere");
      Ran ran = distribution.run(environment, AS_NOBODY, "--version");
      assertThat(ran.status()).as("%s", ran).isZero();
      assertThat(ran.err()).isEmpty();
      assertThat(archives(distribution.home().resolve("lib"))).isEmpty();
    } finally {
      distribution.setWritable("lib", true);
    }
  }
}
