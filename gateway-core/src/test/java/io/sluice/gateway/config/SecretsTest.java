package io.sluice.gateway.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.sluice.api.FilterFactory;
import io.sluice.api.Secret;
import io.sluice.api.Setting;
import io.sluice.gateway.config.Configs.Remembering;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where secrets come from, and that nobody sees them. */
class SecretsTest {
  record Settings(
      @Setting(value = "", required = true, pattern = "\\S+") Secret token,
      @Setting("") List<Secret> more) {}

  private static final FilterFactory<Settings> FACTORY = Configs.remembering("f", Settings.class);

  @TempDir private Path folder;

  private LoadedConfig load(String with) {
    String text = Configs.MINIMAL + "filters:\n  - use: f\n    with: " + with + "\n";
    return ConfigLoader.load(folder.resolve("g.yaml").toString(), text, List.of(FACTORY));
  }

  private Settings settings(String with) {
    return (Settings) ((Remembering) load(with).filters().get(0).filter()).settings();
  }

  private void assertFaults(String with, String... faults) {
    ConfigException e = catchThrowableOfType(ConfigException.class, () -> load(with));
    assertThat(e).as("the refusal").isNotNull();
    assertThat(e.getMessage().lines())
        .containsExactly(
            Arrays.stream(faults).map(fault -> folder + "/g.yaml:" + fault).toArray(String[]::new));
  }

  private Path write(String name, String content) throws IOException {
    return Files.writeString(folder.resolve(name), content);
  }

  @Test
  void aSecretIsATextAVariableOrAFile() throws IOException {
    Files.createDirectory(folder.resolve("keys"));
    write("keys/token", "of a file\n");
    Files.createSymbolicLink(folder.resolve("link"), write("target", "of a link\r\n"));

    Settings settings =
        settings(
            "{token: plain, more: [{env: PATH}, {file: keys/token}, {file: link}, {file: "
                + write("absolute", "two\n\n")
                + "}]}");
    assertThat(settings.token().value()).isEqualTo("plain");
    assertThat(settings.more())
        .extracting(Secret::value)
        .containsExactly(System.getenv("PATH"), "of a file", "of a link", "two\n");
  }

  @Test
  void whatCannotBeReadIsAFaultInItsPlace() throws IOException {
    write("empty", "\n");
    write("large", "x".repeat(Secrets.MAX_FILE + 1));
    Files.write(folder.resolve("binary"), new byte[] {(byte) 0xff, 'a'});

    assertFaults(
        "{token: {file: none}}",
        "4:26: there is no file 'none': relative paths begin where this file is");
    assertFaults("{token: {file: .}}", "4:26: file '.' is no plain file");
    assertFaults("{token: {file: empty}}", "4:26: file 'empty' is empty");
    assertFaults("{token: {file: large}}", "4:26: file 'large' is too large: at most 65536 bytes");
    assertFaults("{token: {file: binary}}", "4:26: file 'binary' is no text: it must be UTF-8");
    assertFaults(
        "{token: {env: SLUICE_NO_SUCH_THING}}",
        "4:25: environment variable 'SLUICE_NO_SUCH_THING' is not set");
    assertFaults(
        "{token: {env: not a name}}",
        "4:25: that is no name of an environment variable: write one such as TOKEN");
  }

  @Test
  void noFaultQuotesWhatStandsInItsPlace() throws IOException {
    write("spaced", "hunter2 hunter2");

    for (String wrong :
        List.of(
            "hunter2 hunter2",
            "[hunter2]",
            "{hunter2: hunter2}",
            "{env: [hunter2]}",
            "{file: spaced}",
            "{file: a, hunter2: b}")) {
      ConfigException e =
          catchThrowableOfType(ConfigException.class, () -> load("{token: " + wrong + "}"));
      assertThat(e).as(wrong).isNotNull();
      assertThat(e.getMessage()).doesNotContain("hunter2").contains("g.yaml:4:");
    }
    assertFaults("{token: a b}", "4:19: the secret does not fit: it must match \\S+");
  }

  @Test
  void nothingPrintsIt() {
    Settings settings = settings("{token: hunter2}");

    assertThat(settings.toString()).doesNotContain("hunter2").contains("***");
    assertThat(load("{token: hunter2}").toString()).doesNotContain("hunter2").contains("***");
    assertThat(settings.token().is("hunter2")).isTrue();
    assertThat(settings.token().is("hunter3")).isFalse();
  }

  @Test
  void aFilterGoesOnUnlessItsSecretHasChanged() throws IOException {
    write("token", "one");
    LoadedConfig first = load("{token: {file: token}}");
    assertThat(reload(first).filters().get(0).filter()).isSameAs(first.filters().get(0).filter());

    Files.write(folder.resolve("token"), "two".getBytes(StandardCharsets.UTF_8));
    assertThat(reload(first).filters().get(0).filter())
        .isNotSameAs(first.filters().get(0).filter());
  }

  private LoadedConfig reload(LoadedConfig before) {
    String text = Configs.MINIMAL + "filters:\n  - use: f\n    with: {token: {file: token}}\n";
    return ConfigLoader.load(folder.resolve("g.yaml").toString(), text, List.of(FACTORY), before);
  }
}
