package io.sluice.plugins.accesslog;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.gateway.config.SettingsTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The page that users read says what the code does. */
class ReferenceTest {
  static final Path PAGE = Path.of("../../docs/plugins/access-log.md");

  @Test
  void thePageHasEveryKeyWithItsDefault() throws IOException {
    assertThat(Files.readString(PAGE)).contains(SettingsTable.of(AccessLogSettings.class));
  }
}
