package io.sluice.gateway.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Lets Jazzer look for inputs that break a decoder, each in a process of its own: for {@code
 * -Dsluice.fuzz.seconds}, those that {@code -Dsluice.fuzz.targets} names with commas between, or
 * all. Not among the tests that a build runs: {@code bin/soak} does.
 *
 * <p>In {@code target/fuzz/TARGET} are then its log, what broke the decoder, and {@code kept.hex}:
 * the fewest inputs that reach all code that was reached, to take the place of those in {@code
 * src/test/resources/fuzz}.
 */
@Timeout(value = 2, unit = TimeUnit.HOURS)
class FuzzRun {
  private static final int SECONDS = Integer.getInteger("sluice.fuzz.seconds", 600);
  private static final String TARGETS = System.getProperty("sluice.fuzz.targets", "");

  /** Longest input, in bytes: room for a few messages. */
  private static final int LONGEST = 2048;

  /** Longest input that is kept, in bytes. */
  private static final int LONGEST_KEPT = 512;

  /** What one input may take, all ways of arriving together. */
  private static final int SECONDS_OF_ONE = 10;

  private static final int MERGE_MINUTES = 10;

  /** Where it matters to Jazzer which code an input reaches. */
  private static final String INSTRUMENTED =
      String.join(
          ":",
          "io.sluice.gateway.wire.**",
          "io.sluice.gateway.call.**",
          "io.sluice.gateway.config.**",
          "org.apache.thrift.**",
          "com.google.protobuf.**",
          "org.snakeyaml.engine.**");

  private final Path place = Path.of("target", "fuzz").toAbsolutePath();

  static Stream<Target> targets() {
    return TARGETS.isEmpty()
        ? Arrays.stream(Target.values())
        : Arrays.stream(TARGETS.split(",")).map(Target::named);
  }

  @ParameterizedTest
  @MethodSource("targets")
  void noInputIsABug(Target target) throws IOException, InterruptedException {
    Path home = place.resolve(target.toString());
    Path corpus = Files.createDirectories(home.resolve("corpus"));
    List<byte[]> seeds = Corpus.of(target);
    for (int i = 0; i < seeds.size(); i++) {
      Files.write(corpus.resolve("seed-" + i), seeds.get(i));
    }
    int status =
        jazzer(
            target,
            home.resolve("log"),
            SECONDS / 60 + MERGE_MINUTES,
            "-max_total_time=" + SECONDS,
            "-max_len=" + LONGEST,
            "-artifact_prefix=" + home + '/',
            corpus.toString());
    System.out.println("[fuzz] " + target + ": " + lastPulse(home.resolve("log")));
    assertThat(status).as("%s: see %s", target, home.resolve("log")).isZero();
    keep(target, home, corpus);
  }

  private static int jazzer(Target target, Path log, int minutes, String... arguments)
      throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                "-Xmx1g",
                "-XX:+EnableDynamicAgentLoading",
                "com.code_intelligence.jazzer.Jazzer",
                "--target_class=" + JazzerEntry.class.getName(),
                "--target_args=" + target,
                "--reproducer_path=" + log.getParent(),
                "--instrumentation_includes=" + INSTRUMENTED,
                // What Jazzer does to all other classes is to find bugs of another kind, and harms
                // Netty's.
                "--custom_hook_includes=" + INSTRUMENTED,
                "-timeout=" + SECONDS_OF_ONE));
    command.addAll(List.of(arguments));
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    try {
      if (!process.waitFor(minutes, TimeUnit.MINUTES)) {
        throw new AssertionError("Jazzer has not ended after " + minutes + " min, see " + log);
      }
      return process.exitValue();
    } finally {
      process.destroyForcibly();
    }
  }

  /** Its last words about how many inputs there were and what they reached. */
  private static String lastPulse(Path log) throws IOException {
    return Files.readAllLines(log).stream()
        .filter(line -> line.contains("cov: "))
        .reduce((first, second) -> second)
        .orElse("no input");
  }

  /** Writes down the fewest inputs that reach what all of them reach. */
  private static void keep(Target target, Path home, Path corpus)
      throws IOException, InterruptedException {
    Path fewest = home.resolve("fewest");
    if (Files.exists(fewest)) {
      for (Path old : list(fewest)) {
        Files.delete(old);
      }
    }
    Files.createDirectories(fewest);
    int status =
        jazzer(
            target,
            home.resolve("merge.log"),
            MERGE_MINUTES,
            "-merge=1",
            "-max_len=" + LONGEST_KEPT,
            fewest.toString(),
            corpus.toString());
    assertThat(status).as("%s: see %s", target, home.resolve("merge.log")).isZero();
    List<String> lines = new ArrayList<>();
    for (Path input : list(fewest)) {
      lines.add(HexFormat.of().formatHex(Files.readAllBytes(input)));
    }
    lines.sort(null);
    Files.write(home.resolve("kept.hex"), lines);
  }

  private static List<Path> list(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }
}
