package io.sluice.gateway.plugin;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.sluice.gateway.testkit.PluginJar;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What is refused of a jar before any of its code runs, and in which words. */
class JarCheckTest {
  private static final String API = "0.1.0";
  private static final String FACTORY =
      """
      package shop;

      import io.sluice.api.Filter;
      import io.sluice.api.FilterFactory;
      import org.pf4j.Extension;

      @Extension
      public class Quiet implements FilterFactory<Quiet.Settings> {
        public record Settings() {}
        @Override public String name() { return "quiet"; }
        @Override public Class<Settings> settings() { return Settings.class; }
        @Override public Filter create(Settings settings) { return new Filter() {}; }
      }
      """;
  private static final String INDEX = "META-INF/extensions.idx";
  private static PluginJar whole;

  @TempDir private Path folder;
  @TempDir private Path copies;
  private Staging staging;

  @BeforeAll
  static void compile() {
    whole = PluginJar.of("quiet", "1.2.3").with(FACTORY);
  }

  @BeforeEach
  void stage() {
    staging = new Staging(copies);
  }

  @Test
  void aWholeOneIsTaken() throws Exception {
    PluginManifest manifest = JarCheck.check(staging.copy(whole.writeTo(jar())), API);

    assertThat(manifest)
        .isEqualTo(
            new PluginManifest(
                "quiet", "1.2.3", ">=0.1.0 & <1.0.0", "Apache-2.0", "Does what a test wants."));
  }

  static Stream<Arguments> wrong() {
    return Stream.of(
        wrong("no manifest", PluginJar::withoutManifest, "the jar has no manifest"),
        wrong("no id", jar -> jar.says("Plugin-Id", null), "the manifest has no Plugin-Id"),
        wrong("an id in capitals", jar -> jar.says("Plugin-Id", "Quiet"), "'Quiet' is no name"),
        wrong(
            "no version of its own",
            jar -> jar.says("Plugin-Version", null),
            "the manifest has no Plugin-Version"),
        wrong(
            "a version that is none",
            jar -> jar.says("Plugin-Version", "first"),
            "'first' is no version: write one such as 1.4.0"),
        wrong(
            "no license",
            jar -> jar.says("Plugin-License", " "),
            "the manifest has no Plugin-License"),
        wrong(
            "a newer API",
            jar -> jar.says("Plugin-Requires", ">=2.0.0"),
            "requires version >=2.0.0 of the API, this gateway has 0.1.0"),
        wrong(
            "a range that is none",
            jar -> jar.says("Plugin-Requires", "any & all"),
            "'any & all' is no range of versions"),
        wrong(
            "another plugin wanted",
            jar -> jar.says("Plugin-Dependencies", "other@1.0.0"),
            "depends on other plugins: put what it needs into its own jar"),
        wrong(
            "no extension",
            jar -> jar.without(INDEX),
            "holds no extension: META-INF/extensions.idx is missing or empty: annotate",
            "-proc:full"),
        wrong(
            "an extension that is not there",
            jar -> jar.with(INDEX, "shop.Loud # yes\n".getBytes(UTF_8)),
            "names 'shop.Loud', which is not in the jar"),
        wrong(
            "the API in it",
            jar -> jar.with("io/sluice/api/Filter.class", new byte[10]),
            "bundles io.sluice.api.*, which the gateway has",
            "the scope 'provided'"),
        wrong(
            "Vert.x in it, for a later Java",
            jar -> jar.with("META-INF/versions/21/io/vertx/core/Future.class", new byte[10]),
            "bundles io.vertx.*"),
        wrong(
            "a way out",
            jar -> jar.with("shop/../../etc/passwd", new byte[1]),
            "a file outside of itself, 'shop/../../etc/passwd'"),
        wrong(
            "a way from the root",
            jar -> jar.with("/etc/passwd", new byte[1]),
            "a file outside of itself"),
        wrong(
            "a bomb",
            jar -> jar.with("zeros", new byte[64 << 20]),
            "unpacks to more than it should ('zeros')"));
  }

  private static Arguments wrong(String name, UnaryOperator<PluginJar> how, String... words) {
    return Arguments.of(name, how, words);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("wrong")
  void aWrongOneIsRefusedInPlainWords(String name, UnaryOperator<PluginJar> how, String[] words)
      throws IOException {
    assertThat(refusal(how.apply(whole.copy()).bytes())).contains(words);
  }

  @Test
  void oneThatIsCutOffIsRefused() throws IOException {
    byte[] bytes = whole.bytes();

    assertThat(refusal(Arrays.copyOf(bytes, bytes.length - 10))).contains("it is no whole jar");
    assertThat(refusal(Arrays.copyOf(bytes, bytes.length / 2))).contains("it is no whole jar");
    assertThat(refusal(new byte[0])).contains("it is no whole jar");
  }

  @Test
  void oneThatIsDamagedInsideIsRefused() throws IOException {
    byte[] bytes =
        whole.copy().with("text", "The quick brown fox".repeat(9).getBytes(UTF_8)).bytes();
    // In the middle of what the first file is packed to.
    bytes[bytes.length / 4] ^= 0x55;

    assertThat(refusal(bytes)).isNotEmpty();
  }

  @Test
  void aLinkIsRefused() throws Exception {
    Path target = whole.writeTo(folder.resolve("target"));
    Path link = Files.createSymbolicLink(jar(), target);

    assertThat(catchThrowableOfType(PluginRefused.class, () -> staging.copy(link)))
        .hasMessage("it is a symbolic link: copy the jar itself");
    assertThat(copies).isEmptyDirectory();
  }

  @Test
  void aFolderIsRefused() throws Exception {
    Path made = Files.createDirectory(jar());

    assertThat(catchThrowableOfType(PluginRefused.class, () -> staging.copy(made)))
        .hasMessage("it is no plain file");
  }

  private Path jar() {
    return folder.resolve("quiet.jar");
  }

  private String refusal(byte[] bytes) throws IOException {
    Path jar = Files.write(jar(), bytes);
    return catchThrowableOfType(PluginRefused.class, () -> JarCheck.check(staging.copy(jar), API))
        .getMessage();
  }
}
