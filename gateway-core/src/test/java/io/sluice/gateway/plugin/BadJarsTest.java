package io.sluice.gateway.plugin;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.gateway.config.SettingsCheck;
import io.sluice.gateway.plugin.PluginStatus.State;
import io.sluice.gateway.testkit.PluginJar;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A plugin runs, and a bad jar comes beside it or in its place: it is told, and nothing else. */
class BadJarsTest {
  private static final String FACTORY =
      """
      import io.sluice.api.Filter;
      import io.sluice.api.FilterFactory;
      import io.sluice.api.Setting;
      import org.pf4j.Extension;

      @Extension
      public class Maker implements FilterFactory<Maker.Settings> {
        public record Settings(/*settings*/) {}
        static { /*static*/ }
        public Maker() { /*constructor*/ }
        @Override public String name() { return "made"; }
        @Override public Class<Settings> settings() { return Settings.class; }
        @Override public Filter create(Settings settings) { return new Filter() {}; }
      }
      """;
  private static final PluginJar GOOD = PluginJar.of("made", "1.0.0").with(FACTORY);

  @TempDir private Path folder;
  @TempDir private Path copies;
  private int uses;
  private PluginHost host;

  private static byte[] changed(String place, String code) {
    return PluginJar.of("made", "2.0.0").with(FACTORY.replace(place, code)).bytes();
  }

  private static byte[] settings(String components) {
    return changed("/*settings*/", components);
  }

  static Stream<Arguments> bad() {
    byte[] whole = GOOD.copy().says("Plugin-Version", "2.0.0").bytes();
    return Stream.of(
        Arguments.of(
            "no manifest", GOOD.copy().withoutManifest().bytes(), "the jar has no manifest"),
        Arguments.of(
            "a manifest that is none",
            GOOD.copy()
                .withoutManifest()
                .with("META-INF/MANIFEST.MF", "Plugin-Id is not said\n".getBytes(UTF_8))
                .bytes(),
            "its manifest is none (invalid header field"),
        Arguments.of(
            "a wrong id",
            GOOD.copy().says("Plugin-Id", "My Plugin").bytes(),
            "Plugin-Id 'My Plugin' is no name: write lower case words joined by '-'"),
        Arguments.of("cut off", Arrays.copyOf(whole, whole.length - 30), "it is no whole jar"),
        Arguments.of("half", Arrays.copyOf(whole, whole.length / 2), "it is no whole jar"),
        Arguments.of("no jar", "not a jar".getBytes(UTF_8), "it is no whole jar"),
        Arguments.of(
            "a bomb",
            GOOD.copy().with("zeros", new byte[64 << 20]).bytes(),
            "it unpacks to more than it should ('zeros')"),
        Arguments.of(
            "a way out",
            GOOD.copy().with("../../bin/sluice", new byte[1]).bytes(),
            "it holds a file outside of itself, '../../bin/sluice'"),
        Arguments.of(
            "the API in it",
            GOOD.copy().with("io/sluice/api/Call.class", new byte[9]).bytes(),
            "it bundles io.sluice.api.*, which the gateway has"),
        Arguments.of(
            "a newer API",
            GOOD.copy().says("Plugin-Requires", ">=7.0.0").bytes(),
            "the plugin requires version >=7.0.0 of the API, this gateway has 0.1.0"),
        Arguments.of(
            "files outside of it",
            GOOD.copy().says("Class-Path", "lib/other.jar").bytes(),
            "the manifest has a Class-Path, to files outside of the jar"),
        Arguments.of(
            "a long manifest",
            GOOD.copy().says("More", "x".repeat(300 << 10)).bytes(),
            "META-INF/MANIFEST.MF has"),
        Arguments.of(
            "a constructor that throws",
            changed("/*constructor*/", "throw new IllegalStateException(\"not today\");"),
            "extension Maker cannot be made: java.lang.IllegalStateException: not today"),
        Arguments.of(
            "a static initialiser that throws",
            changed("/*static*/", "if (true) throw new IllegalStateException(\"never\");"),
            "extension Maker cannot be made: java.lang.IllegalStateException: never"),
        Arguments.of(
            "a name that is an error",
            changed("return \"made\";", "throw new AssertionError(\"nameless\");"),
            "its code failed: java.lang.AssertionError: nameless"),
        Arguments.of(
            "settings that are told once only",
            changed(
                "return Settings.class;",
                "if (asked++ > 0) throw new AssertionError(\"twice\"); return Settings.class; }"
                    + " private int asked; { "),
            "the gateway cannot use what Maker makes: java.lang.AssertionError: twice"),
        Arguments.of(
            "settings without words",
            settings("int limit"),
            "the gateway cannot use what Maker makes: Maker$Settings.limit has no @Setting"),
        Arguments.of(
            "settings of a type that no file can have",
            settings("@Setting(\"When.\") java.util.Date when"),
            "Maker$Settings.when has a type that no setting can have: class java.util.Date"),
        Arguments.of(
            "a fallback that is none",
            settings(
                "@Setting(value = \"How long.\", fallback = \"soon\") java.time.Duration time"),
            "Maker$Settings.time: fallback of time: 'soon' is not a duration"),
        Arguments.of(
            "a pattern that is none",
            settings("@Setting(value = \"Who.\", pattern = \"(\") String who"),
            "Maker$Settings.who has a pattern that is none: Unclosed group"));
  }

  @BeforeEach
  void runOne() throws IOException {
    host = new PluginHost(folder, copies, "0.1.0", SettingsCheck::checkOf);
    put("made.jar", GOOD.bytes());
    assertThat(uses).isEqualTo(1);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("bad")
  void itIsRefusedInPlainWordsAndWhatRanGoesOn(String name, byte[] jar, String words)
      throws IOException {
    put("made.jar", jar);
    assertRefused("made.jar", words);
    Files.write(folder.resolve("made.jar"), GOOD.bytes());
    settle();
    assertThat(host.statuses()).extracting(PluginStatus::state).containsExactly(State.RUNNING);

    put("other.jar", jar);
    assertRefused("other.jar", words);
    Files.delete(folder.resolve("other.jar"));
    settle();
    assertThat(host.statuses()).extracting(PluginStatus::state).containsExactly(State.RUNNING);
    assertThat(uses).isEqualTo(1);
  }

  @Test
  void anotherJarWithTheSameIdIsRefused() throws IOException {
    put("other.jar", GOOD.copy().says("Plugin-Version", "2.0.0").bytes());

    assertRefused("other.jar", "plugin 'made' is already there, from made.jar");
  }

  @Test
  void aLinkIsRefused() throws IOException {
    Path target = Files.write(folder.resolve("target"), GOOD.bytes());
    Files.createSymbolicLink(folder.resolve("other.jar"), target);
    settle();

    assertRefused("other.jar", "it is a symbolic link: copy the jar itself");
  }

  @Test
  void whatIsNotOnTheListIsRefused() throws IOException {
    String allowed = host.statuses().get(0).sha256();
    host.allow(Set.of(allowed));
    byte[] other = PluginJar.of("other", "1.0.0").with(FACTORY.replace("made", "other")).bytes();
    put("other.jar", other);

    assertRefused("other.jar", "its SHA-256 is not in 'plugins.allow': add ");
    String sha256 = host.statuses().get(1).sha256();
    assertThat(host.statuses().get(1).reason()).contains(sha256);

    host.allow(Set.of(sha256));
    settle();
    assertThat(host.plugins()).singleElement().hasToString("other 1.0.0 (generation 1)");
    assertThat(host.statuses())
        .extracting(PluginStatus::state)
        .containsExactly(State.REFUSED, State.RUNNING);
  }

  private void put(String name, byte[] jar) throws IOException {
    Path written = Files.write(folder.resolve(name + ".new"), jar);
    Files.move(written, folder.resolve(name), StandardCopyOption.REPLACE_EXISTING);
    settle();
  }

  private void settle() throws IOException {
    for (int i = 0; i < 3; i++) {
      host.update(plugins -> uses++);
    }
  }

  private void assertRefused(String jar, String words) throws IOException {
    assertThat(host.statuses())
        .extracting(PluginStatus::state)
        .containsExactly(State.RUNNING, State.REFUSED);
    PluginStatus refused = host.statuses().get(1);
    assertThat(refused.jar()).isEqualTo(jar);
    assertThat(refused.reason()).contains(words);
    List<LoadedPlugin> running = host.plugins();
    assertThat(running).singleElement().hasToString("made 1.0.0 (generation 1)");
    assertThat(running.get(0).factories().get(0).create(null)).isNotNull();
    assertThat(uses).isEqualTo(1);
    try (Stream<Path> files = Files.list(copies)) {
      assertThat(files).as("copies of jars").hasSize(1);
    }
  }
}
