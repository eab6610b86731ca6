package io.sluice.plugins.jwtauth;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.gateway.config.SettingsTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The page that users read says what the code does. */
class ReferenceTest {
  private static final Path PAGE = Path.of("../../docs/plugins/jwt-auth.md");

  @ParameterizedTest
  @ValueSource(classes = {JwtAuthSettings.class, KeySetting.class})
  void thePageHasEveryKeyWithItsDefault(Class<? extends Record> type) throws IOException {
    assertThat(Files.readString(PAGE)).contains(SettingsTable.of(type));
  }
}
