package io.sluice.gateway.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigSourceTest {
  @TempDir private Path folder;
  private Vertx vertx;

  @BeforeEach
  void start() {
    vertx = Vertx.vertx();
  }

  @AfterEach
  void stop() {
    vertx.close().await();
  }

  private String refusal(Path file) {
    ConfigException e =
        catchThrowableOfType(
            ConfigException.class, () -> new ConfigSource(vertx, file).read().await());
    assertThat(e.getStackTrace()).isEmpty();
    assertThat(e.getCause()).isNull();
    return e.getMessage();
  }

  @Test
  void theTextComesAsItIsInTheFile() throws IOException {
    String text = "# é 漢\r\na: 'b'\n\n";
    Path file = Files.writeString(folder.resolve("g.yaml"), text);
    assertThat(new ConfigSource(vertx, file).read().await()).isEqualTo(text);
  }

  @Test
  void everyReadSeesTheFileAsItIsThen() throws IOException {
    Path file = Files.writeString(folder.resolve("g.yaml"), "a");
    ConfigSource source = new ConfigSource(vertx, file);
    assertThat(source.read().await()).isEqualTo("a");
    Files.writeString(file, "b");
    assertThat(source.read().await()).isEqualTo("b");
  }

  @Test
  void anEmptyFileIsAnEmptyText() throws IOException {
    Path file = Files.writeString(folder.resolve("g.yaml"), "");
    assertThat(new ConfigSource(vertx, file).read().await()).isEmpty();
  }

  @Test
  void aMissingFileIsTold() {
    assertThat(refusal(Path.of("conf/no-such.yaml")))
        .isEqualTo("conf/no-such.yaml: there is no such file");
  }

  @Test
  void aFileOnTheClassPathIsNotTakenForOne() {
    assertThat(refusal(Path.of("META-INF/services/io.vertx.config.spi.ConfigStoreFactory")))
        .endsWith("there is no such file");
  }

  @Test
  void aDirectoryIsTold() {
    assertThat(refusal(folder)).isEqualTo(folder + ": is a directory");
  }

  @Test
  void aTooLargeFileIsTold() throws IOException {
    Path file = Files.write(folder.resolve("g.yaml"), new byte[(4 << 20) + 1]);
    assertThat(refusal(file)).isEqualTo(file + ": has 4194305 bytes: at most 4194304 are read");
  }

  @Test
  void aDeviceIsNotRead() {
    assertThat(refusal(Path.of("/dev/zero"))).isEqualTo("/dev/zero: is not a plain file");
  }
}
