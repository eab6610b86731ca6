package io.sluice.gateway.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.sluice.api.ApiVersion;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.PluginJar;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpServerRequest;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PluginCommandTest {
  private static final String FACTORY =
      """
      import io.sluice.api.*;
      import java.util.List;
      import org.pf4j.Extension;

      @Extension
      public final class Refuse implements FilterFactory<Refuse.Settings> {
        public record Settings(
            @Setting(value = "Callers.", required = true) List<String> callers,
            @Setting(value = "A number.", fallback = "1", min = 1, max = 3) int times) {}

        public String name() {
          return "refuse";
        }

        public Class<Settings> settings() {
          return Settings.class;
        }

        public Filter create(Settings settings) {
          if (settings.callers().contains("")) {
            throw new IllegalArgumentException("callers: an empty name");
          }
          return new Filter() {};
        }
      }
      """;

  private static PluginJar whole;

  @TempDir private Path folder;

  @BeforeAll
  static void compile() {
    whole = PluginJar.of("refuse", "1.2.0").with(FACTORY);
  }

  private static Ran plugin(Object... args) {
    return Ran.of(
        new PluginCommand(), Stream.of(args).map(Object::toString).toArray(String[]::new));
  }

  private Path jar() {
    return whole.writeTo(folder.resolve("refuse.jar"));
  }

  private List<String> files(Path of) throws IOException {
    try (Stream<Path> all = Files.walk(of)) {
      return all.filter(Files::isRegularFile)
          .map(file -> of.relativize(file).toString())
          .sorted()
          .toList();
    }
  }

  @Test
  void withoutACommandTheUsageIsTold() {
    Ran ran = plugin();
    assertThat(ran.err()).contains("new", "verify");
    assertThat(ran.code()).isEqualTo(2);
  }

  // new

  @Test
  void aProjectIsMadeOfTheName() throws IOException {
    Path project = folder.resolve("a b/my-filter");
    PluginProject.write(
        project, "my-filter", "org.acme", new Distribution(Path.of("/opt/a & b"), "1.5.0"));
    assertThat(files(project))
        .containsExactly(
            ".gitignore",
            "README.md",
            "pom.xml",
            "src/main/java/org/acme/MyFilter.java",
            "src/main/java/org/acme/MyFilterFactory.java",
            "src/main/java/org/acme/MyFilterSettings.java",
            "src/main/java/org/acme/package-info.java",
            "src/test/java/org/acme/MyFilterTest.java");
    assertThat(Files.readString(project.resolve("pom.xml")))
        .contains(
            "<artifactId>my-filter</artifactId>",
            "<sluice.version>1.5.0</sluice.version>",
            "<sluice.repository>file:///opt/a%20&amp;%20b/repository</sluice.repository>",
            "<Plugin-Requires>&gt;=" + ApiVersion.CURRENT + " &amp; &lt;");
    // Where Maven gets the rest from is for its own settings to say.
    assertThat(Files.readString(project.resolve("pom.xml")))
        .doesNotContainPattern("https?://(?!maven\\.apache\\.org/|www\\.w3\\.org/)");
    for (String file : files(project)) {
      assertThat(Files.readString(project.resolve(file)))
          .as(file)
          .doesNotContainPattern("@[a-z]+@");
    }
  }

  @Test
  void theGuideShowsWhatIsInIt() throws IOException {
    PluginProject.write(
        folder, "my-filter", "com.example.filters", new Distribution(Path.of("/opt"), "1.5.0"));
    StringBuilder project = new StringBuilder();
    for (String file : files(folder)) {
      project.append(Files.readString(folder.resolve(file)).indent(-99));
    }
    String guide = Files.readString(Path.of("../docs/plugins.md"));
    for (String heading : List.of("### 2. The plugin", "### Tests")) {
      int begin = guide.indexOf("```java\n", guide.indexOf(heading + "\n")) + 8;
      String shown = guide.substring(begin, guide.indexOf("```", begin));
      assertThat(project.toString()).contains(shown.indent(-99));
    }
  }

  /** As the API's own test counts: below 1.0 a second number that grows breaks plugins. */
  @ParameterizedTest
  @CsvSource({
    "0.1.0, >=0.1.0 & <0.2.0",
    "0.9.3, >=0.9.3 & <0.10.0",
    "1.0.0, >=1.0.0 & <2.0.0",
    "2.3.4, >=2.3.4 & <3.0.0"
  })
  void itRequiresAnApiThatBreaksNothing(String version, String requires) {
    assertThat(PluginProject.compatible(version)).isEqualTo(requires);
  }

  @Test
  void aNameWithoutTheWordFilterGetsItForTheClass() throws IOException {
    PluginProject.write(
        folder, "refuse-2-callers", "a", new Distribution(Path.of("/opt"), "1.5.0"));
    assertThat(files(folder))
        .contains(
            "src/main/java/a/Refuse2CallersFilter.java",
            "src/main/java/a/Refuse2CallersFactory.java",
            "src/test/java/a/Refuse2CallersFilterTest.java");
  }

  @Test
  void nothingIsWrittenOver() throws IOException {
    Files.writeString(folder.resolve("pom.xml"), "mine");
    assertThatExceptionOfType(FileAlreadyExistsException.class)
        .isThrownBy(
            () ->
                PluginProject.write(
                    folder, "my-filter", "a", new Distribution(Path.of("/opt"), "1.5.0")));
    assertThat(files(folder)).containsExactly("pom.xml");
    assertThatExceptionOfType(FileAlreadyExistsException.class)
        .isThrownBy(
            () ->
                PluginProject.write(
                    folder.resolve("pom.xml"),
                    "my-filter",
                    "a",
                    new Distribution(Path.of("/opt"), "1.5.0")))
        .withMessage("it is a file already");
  }

  @ParameterizedTest
  @ValueSource(strings = {"My-Filter", "my_filter", "a--b", "1a", "filter", "../a"})
  void aNameThatCannotBeIsRefused(String name) {
    Ran ran = plugin("new", name, "--dir", folder.resolve("new"));
    assertThat(ran.err()).contains("cannot be the name: write lower case words joined by '-'");
    assertThat(ran.code()).isEqualTo(2);
    assertThat(folder.resolve("new")).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(strings = {"a..b", "a/b", "1a", "a.", "a b", "com.acme.new", "_"})
  void aPackageThatCannotBeIsRefused(String name) {
    Ran ran = plugin("new", "my-filter", "--package", name, "--dir", folder.resolve("new"));
    assertThat(ran.err()).contains("is no package: write one such as com.example.filters");
    assertThat(ran.code()).isEqualTo(2);
  }

  /** So that a local repository which has built the gateway has what a plugin is built with. */
  @Test
  void theProjectIsBuiltWithTheToolsOfTheGateway() throws IOException {
    Pattern plugin =
        Pattern.compile("<artifactId>(maven-[a-z]+-plugin)</artifactId>\\s*<version>([^<]+)<");
    PluginProject.write(folder, "my-filter", "a", new Distribution(Path.of("/opt"), "1.5.0"));
    String ours = Files.readString(Path.of("../pom.xml"));
    assertThat(plugin.matcher(Files.readString(folder.resolve("pom.xml"))).results())
        .hasSize(5)
        .allSatisfy(
            used ->
                assertThat(plugin.matcher(ours).results())
                    .anySatisfy(
                        there -> {
                          assertThat(there.group(1)).isEqualTo(used.group(1));
                          assertThat(there.group(2)).isEqualTo(used.group(2));
                        }));
  }

  // verify

  @Test
  void aGoodJarIsDescribed() {
    Path jar = jar();
    Ran ran = plugin("verify", jar);
    assertThat(ran.err()).isEmpty();
    assertThat(ran.out())
        .startsWith(jar + " is right\n")
        .contains("plugin       refuse 1.2.0", "filters      refuse", "SHA-256      ");
    assertThat(ran.code()).isZero();
  }

  @Test
  void aBadJarIsRefusedWithTheReason() {
    Path jar = jar();
    PluginJar.of("refuse", "1.2.0").writeTo(jar);
    Ran ran = plugin("verify", jar);
    assertThat(ran.err()).startsWith(jar + " is refused: it holds no extension: ");
    assertThat(ran.code()).isEqualTo(1);
    ran = plugin("verify", folder.resolve("none.jar"));
    assertThat(ran.err().strip()).isEqualTo(folder.resolve("none.jar") + ": there is no such file");
    assertThat(ran.code()).isEqualTo(1);
  }

  @Test
  void aTypeOfSettingsThatNoFileFitsIsRefused() {
    Path jar = jar();
    PluginJar.of("refuse", "1.2.0")
        .with(FACTORY.replace("@Setting(value = \"Callers.\", required = true)", ""))
        .writeTo(jar);
    Ran ran = plugin("verify", jar);
    assertThat(ran.err())
        .startsWith(jar + " is refused: the gateway cannot use what Refuse makes: ")
        .contains("Refuse$Settings.callers has no @Setting");
    assertThat(ran.code()).isEqualTo(1);
  }

  @Test
  void aJarWithoutFiltersIsDescribedByWhatItHas() {
    Path jar =
        PluginJar.of("first", "1.0.0")
            .with(
                """
                import io.sluice.api.*;
                import org.pf4j.Extension;

                @Extension
                public final class First implements LoadBalancerFactory<First.Settings> {
                  public record Settings() {}

                  public String name() {
                    return "first";
                  }

                  public Class<Settings> settings() {
                    return Settings.class;
                  }

                  public LoadBalancer create(Settings settings) {
                    return (call, endpoints) -> 0;
                  }
                }
                """)
            .writeTo(folder.resolve("first.jar"));
    assertThat(plugin("verify", jar).out())
        .contains("others       first")
        .doesNotContain("filters");
    Ran ran = plugin("verify", jar, "--with", "{}");
    assertThat(ran.err().strip()).isEqualTo("the jar has no filter, and --with is for those");
    assertThat(ran.code()).isEqualTo(1);
  }

  @Test
  void settingsAreTried() throws IOException {
    Path jar = jar();
    Ran ran = plugin("verify", jar, "--with", "{callers: [mallory], times: 2}");
    assertThat(ran.out()).startsWith(jar + " is right, and so are the settings\n");
    assertThat(ran.code()).isZero();

    Path settings = Files.writeString(folder.resolve("a.yaml"), "callers: [mallory]\ntimes: 9\n");
    ran = plugin("verify", jar, "--with", settings, "--filter", "refuse");
    assertThat(ran.err())
        .startsWith(jar + " is right, but these settings are not:\n" + settings + ":2:8: ");
    assertThat(ran.out()).isEmpty();
    assertThat(ran.code()).isEqualTo(1);

    ran = plugin("verify", jar, "--with", folder.resolve("none.yaml"));
    assertThat(ran.err().strip())
        .isEqualTo(folder.resolve("none.yaml") + ": there is no such file");
    assertThat(ran.code()).isEqualTo(1);

    assertThat(plugin("verify", jar, "--with", "callers: ['']").err())
        .contains("settings: filter 'refuse': callers: an empty name");
    assertThat(plugin("verify", jar, "--with", "").err())
        .contains("settings: missing key 'callers'");
    assertThat(plugin("verify", jar, "--with", "{}", "--filter", "other").err().strip())
        .isEqualTo("the jar has no filter 'other': refuse");
  }

  // list

  private static final String PAGE =
      """
      {"api": "0.1.0", "plugins": [
        {"jar": "refuse-1.jar", "state": "running", "id": "refuse", "version": "1.2.0",
         "generation": 2, "sha256": "0123456789abcdef", "calls": 17, "reason": ""},
        {"jar": "bad.jar", "state": "refused", "id": "", "version": "", "generation": 0,
         "sha256": "", "calls": 0, "reason": "the jar has no\\u001b manifest"}]}
      """;

  private Ran listOf(String answer) {
    return listOf((vertx, request) -> request.response().end(answer));
  }

  private Ran listOf(BiConsumer<Vertx, HttpServerRequest> answer) {
    Vertx vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1));
    try {
      int port =
          vertx
              .createHttpServer()
              .requestHandler(request -> answer.accept(vertx, request))
              .listen(0, "127.0.0.1")
              .await()
              .actualPort();
      return plugin("list", "--admin", "127.0.0.1:" + port);
    } finally {
      vertx.close().await();
    }
  }

  @Test
  void thePluginsOfAGatewayAreListed() {
    Ran ran = listOf(PAGE);
    assertThat(ran.err()).isEmpty();
    assertThat(ran.out().lines())
        .containsExactly(
            "id      version  generation  calls  hash          state    jar           reason",
            "------  -------  ----------  -----  ------------  -------  ------------  ------------------------",
            "refuse  1.2.0    2           17     0123456789ab  running  refuse-1.jar",
            "                 0           0                    refused  bad.jar       the jar has no  manifest");
    assertThat(ran.code()).isZero();
  }

  /** A client of Vert.x that nobody holds is closed with its requests. */
  @Test
  void anAnswerThatComesAfterACollectionOfGarbageIsListedToo() {
    Ran ran =
        listOf(
            (vertx, request) -> {
              System.gc();
              vertx.setTimer(300, later -> request.response().end(PAGE));
            });
    assertThat(ran.err()).isEmpty();
    assertThat(ran.out()).contains("refuse-1.jar");
  }

  @Test
  void whatIsNoGatewayIsTold() throws IOException {
    assertThat(listOf("hello").err()).contains("there is no page about plugins");
    assertThat(plugin("list", "--admin", "127.0.0.1:" + Downstream.refusingPort()).err())
        .startsWith("cannot ask 127.0.0.1:");
    Path config =
        Files.writeString(folder.resolve("a.yaml"), "listeners: {rpc: {address: '127.0.0.1:0'}}\n");
    Ran ran = plugin("list", "--config", config);
    assertThat(ran.err().strip())
        .isEqualTo(config + " has no admin listener with a port: give --admin");
    assertThat(ran.code()).isEqualTo(1);
  }
}
