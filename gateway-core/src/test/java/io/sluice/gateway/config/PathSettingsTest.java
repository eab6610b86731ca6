package io.sluice.gateway.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.sluice.api.FilterFactory;
import io.sluice.api.Setting;
import io.sluice.gateway.config.Configs.Remembering;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where paths in a configuration begin. */
class PathSettingsTest {
  record Settings(
      @Setting(value = "", fallback = "usual/keys.txt") Path file,
      @Setting(value = "", pattern = "[^*]*") List<Path> more) {}

  private static final FilterFactory<Settings> FACTORY = Configs.remembering("f", Settings.class);

  @TempDir private Path folder;

  private Settings settings(String file, String with) {
    LoadedConfig loaded =
        ConfigLoader.load(
            file,
            Configs.MINIMAL + "filters:\n  - use: f\n    with: " + with + "\n",
            List.of(FACTORY));
    return (Settings) ((Remembering) loaded.filters().get(0).filter()).settings();
  }

  @Test
  void inTheFolderOfTheFile() {
    Settings settings =
        settings(folder.resolve("g.yaml").toString(), "{more: [a, ./b/c, ../d, /e/f]}");
    assertThat(settings.file()).isEqualTo(folder.resolve("usual/keys.txt"));
    assertThat(settings.more())
        .containsExactly(
            folder.resolve("a"), folder.resolve("./b/c"), folder.resolve("../d"), Path.of("/e/f"));
  }

  @Test
  void whichMayBeTheWorkingDirectory() {
    assertThat(settings("g.yaml", "{}").file())
        .isEqualTo(Path.of("usual/keys.txt").toAbsolutePath());
    assertThat(settings("conf/g.yaml", "{}").file())
        .isEqualTo(Path.of("conf/usual/keys.txt").toAbsolutePath());
  }

  @Test
  void whatIsNoneIsAFaultInItsPlace() {
    ConfigException e =
        catchThrowableOfType(
            ConfigException.class,
            () -> settings("g.yaml", "{file: '', more: [\"a\\0b\", '*.txt', [x]]}"));
    assertThat(e.getMessage().lines())
        .containsExactly(
            "g.yaml:4:18: '' is not a path",
            "g.yaml:4:29: 'a\uFFFDb' is not a path",
            "g.yaml:4:37: '*.txt' does not fit: it must match [^*]*",
            "g.yaml:4:46: a list where a path belongs");
  }

  @Test
  void theirTypeIsToldToUsersAndEditors() {
    assertThat(SettingsTable.of(Settings.class))
        .contains("| `file` | path | `usual/keys.txt` |", "| `more` | list of paths | empty |");
    assertThat(
            SchemaCheck.of(List.of(FACTORY))
                .faults(Configs.MINIMAL + "filters: [{use: f, with: {file: a, more: [b, /c]}}]\n"))
        .isEmpty();
  }
}
