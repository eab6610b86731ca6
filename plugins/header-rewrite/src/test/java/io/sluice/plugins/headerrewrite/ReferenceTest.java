package io.sluice.plugins.headerrewrite;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.gateway.config.SettingsTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The page that users read says what the code does. */
class ReferenceTest {
  private static final Path PAGE = Path.of("../../docs/plugins/header-rewrite.md");

  @ParameterizedTest
  @ValueSource(classes = {HeaderRewriteSettings.class, Rewrite.class})
  void thePageHasEveryKeyWithItsDefault(Class<? extends Record> type) throws IOException {
    assertThat(Files.readString(PAGE)).contains(SettingsTable.of(type));
  }

  @Test
  void thePageHasEveryPlaceholder() throws IOException {
    String page = Files.readString(PAGE);
    for (Placeholder placeholder : Placeholder.values()) {
      assertThat(page).contains("| `{" + placeholder.name().toLowerCase(Locale.ROOT) + "}` |");
    }
    assertThat(page).contains("| `{meta:KEY}` |");
  }
}
