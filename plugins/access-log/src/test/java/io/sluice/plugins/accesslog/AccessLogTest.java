package io.sluice.plugins.accesslog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Thrifts;
import io.vertx.core.json.JsonObject;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where lines go, which calls get one, and what happens when the file is too slow. */
class AccessLogTest {
  @TempDir Path folder;
  private Downstream downstream;

  @BeforeEach
  void start() {
    downstream = Downstream.echoing();
  }

  @AfterEach
  void stop() {
    downstream.close();
  }

  private String config() {
    return TestGateway.config("framed", "", downstream.port());
  }

  private static void call(TestGateway gateway, int times) {
    try (Peer caller = gateway.connect()) {
      for (int i = 0; i < times; i++) {
        caller.call("echo", i, Thrifts.args("hi"));
      }
    }
  }

  @Test
  void aFullFileIsPutAsideAndTheOldestGo() {
    Path file = folder.resolve("deep/down/access.log");
    try (Lines log = new Lines(config(), file, "maxFileSize: 64KiB, maxFiles: 2")) {
      // Some at a time, so that no batch takes them all.
      for (int i = 1; i <= 20; i++) {
        call(log.gateway, 100);
      }
    }
    Path first = folder.resolve("deep/down/access.log.1");
    Path second = folder.resolve("deep/down/access.log.2");
    assertThat(first).exists();
    assertThat(second).exists();
    assertThat(folder.resolve("deep/down/access.log.3")).doesNotExist();
    assertThat(first.toFile().length()).isBetween(64L << 10, (64L + 62) << 10);
    // Whole lines in each.
    assertThat(Lines.read(second).size() + Lines.read(first).size() + Lines.read(file).size())
        .isBetween(256, 2000);
  }

  /** Else each would push out an old one, and nothing be kept in its place. */
  @Test
  void aFileThatADiskHasNoRoomForIsNotPutAside() throws IOException {
    Path file = folder.resolve("access.log");
    Files.createSymbolicLink(file, Path.of("/dev/full"));
    try (Lines log = new Lines(config(), file, "maxFileSize: 64KiB, maxFiles: 2")) {
      call(log.gateway, 2000);
    }
    assertThat(folder.resolve("access.log.1")).doesNotExist();
  }

  @Test
  void everyLineIsThereOnceAfterAStop() {
    Path file = folder.resolve("access.log");
    try (Lines log = new Lines(config(), file, "")) {
      // On both loops at once.
      IntStream.range(0, 8).parallel().forEach(i -> call(log.gateway, 250));
    }
    Map<String, Long> byPeer =
        Lines.read(file).stream()
            .collect(Collectors.groupingBy(line -> line.getString("peer"), Collectors.counting()));
    assertThat(byPeer).hasSize(8).allSatisfy((peer, lines) -> assertThat(lines).isEqualTo(250));
  }

  @Test
  void aFileThatIsThereIsAppendedTo() throws IOException {
    Path file = folder.resolve("access.log");
    Files.writeString(file, "{\"before\":1}\n");
    try (Lines log = new Lines(config(), file, "")) {
      call(log.gateway, 1);
    }
    assertThat(Lines.read(file)).hasSize(2).first().isEqualTo(new JsonObject("{\"before\":1}"));
  }

  @Test
  void aFileThatIsMovedAwayIsBegunAnew() throws IOException {
    Path file = folder.resolve("access.log");
    Path moved = folder.resolve("moved.log");
    try (Lines log = new Lines(config(), file, "")) {
      call(log.gateway, 1);
      log.awaitLines(1);
      Files.move(file, moved);
      await()
          .atMost(Duration.ofSeconds(20))
          .until(
              () -> {
                call(log.gateway, 1);
                return Files.exists(file) && !log.read().isEmpty();
              });
    }
    assertThat(Lines.read(moved)).isNotEmpty();
  }

  @Test
  void callsThatFailedAreLoggedWhateverTheSample() {
    Path file = folder.resolve("access.log");
    String oneRoute = TestGateway.config("framed", "match: {service: Cart}", downstream.port());
    try (Lines log = new Lines(oneRoute, file, "sample: 0")) {
      call(log.gateway, 10);
    }
    assertThat(Lines.read(file))
        .hasSize(10)
        .allMatch(line -> line.getString("status").equals("unknown_service"));
    Path other = folder.resolve("other.log");
    try (Lines log = new Lines(config(), other, "sample: 0")) {
      call(log.gateway, 10);
    }
    assertThat(Lines.read(other)).isEmpty();
  }

  @Test
  void aSampleIsAShare() {
    Path file = folder.resolve("access.log");
    try (Lines log = new Lines(config(), file, "sample: 0.5")) {
      call(log.gateway, 1000);
    }
    // Ten standard deviations either way.
    assertThat(Lines.read(file)).hasSizeBetween(340, 660);
  }

  /** A pipe takes some 64 KiB, then it makes its writer wait, as a disk may. */
  @Test
  void callsDoNotWaitForAFileThatIsTooSlow() throws Exception {
    Path pipe = folder.resolve("pipe");
    assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
    CompletableFuture<BufferedReader> reading =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return Files.newBufferedReader(pipe);
              } catch (IOException e) {
                throw new IllegalStateException(e);
              }
            });
    int calls = 2000;
    Lines log = new Lines(config(), pipe, "queue: 64");
    call(log.gateway, calls);
    var dropped = log.gateway.registry().get("sluice.access.log.dropped").counter();
    await().until(() -> dropped.count() > 0);
    log.close();
    try (BufferedReader reader = reading.get()) {
      assertThat(reader.lines().map(JsonObject::new).count())
          .isEqualTo(calls - (long) dropped.count());
    }
  }

  @Test
  void standardOutputIsAFileToo() {
    PrintStream before = System.out;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
    try (Lines log = new Lines(config(), Path.of("-"), "")) {
      call(log.gateway, 1);
    } finally {
      System.setOut(before);
    }
    assertThat(new JsonObject(out.toString(StandardCharsets.UTF_8)).getString("method"))
        .isEqualTo("echo");
  }

  @Test
  void aFileThatCannotBeWrittenRefusesTheConfiguration() throws IOException {
    Path notAFolder = Files.writeString(folder.resolve("file"), "");
    assertThatThrownBy(() -> new Lines(config(), notAFolder.resolve("access.log"), ""))
        .hasStackTraceContaining("filter 'access-log' cannot start: cannot write to " + notAFolder);
    assertThatThrownBy(() -> new Lines(config(), folder, ""))
        .hasStackTraceContaining("filter 'access-log' cannot start: cannot write to " + folder);
  }
}
