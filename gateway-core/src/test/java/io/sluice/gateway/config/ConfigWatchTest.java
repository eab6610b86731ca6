package io.sluice.gateway.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The file changes, and whoever watches it hears of that. */
class ConfigWatchTest {
  @TempDir private Path folder;
  private final Vertx vertx = Vertx.vertx();
  private final List<String> changes = new CopyOnWriteArrayList<>();
  private final List<String> faults = new CopyOnWriteArrayList<>();
  private Path file;
  private ConfigWatch watch;

  @BeforeEach
  void watch() throws IOException {
    file = Files.writeString(folder.resolve("g.yaml"), "one");
    watch =
        new ConfigWatch(
            vertx,
            new ConfigSource(vertx, file),
            "one",
            Duration.ofMillis(5),
            changes::add,
            fault -> faults.add(fault.getMessage()));
  }

  @AfterEach
  void stop() {
    watch.stop();
    vertx.close().await();
  }

  @Test
  void tellsEveryTextThatStaysOnceAndNotTheOneThatIsKnown() throws IOException {
    replace("two");
    await().until(() -> changes.equals(List.of("two")));
    replace("one");
    await().until(() -> changes.equals(List.of("two", "one")));
    assertThat(faults).isEmpty();
  }

  @Test
  void aFileThatGoesIsToldOnceAndIsTakenWhenItIsBack() throws IOException {
    Files.delete(file);
    await().until(() -> faults.size() == 1);
    replace("two");
    await().until(() -> changes.equals(List.of("two")));
    assertThat(faults).containsExactly(file + ": there is no such file");
  }

  @Test
  void aFileThatComesBackAsItWasIsTold() throws IOException {
    Files.delete(file);
    await().until(() -> faults.size() == 1);
    replace("one");
    await().until(() -> changes.equals(List.of("one")));
  }

  private void replace(String text) throws IOException {
    Path written = Files.writeString(folder.resolve("new"), text);
    Files.move(written, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }
}
