package io.sluice.interop.harness;

import java.nio.file.Path;
import java.time.Duration;

/** Builds commands of the Go modules beside the tests. */
final class GoBuild {
  private static final Duration LIMIT = Duration.ofMinutes(10);

  private GoBuild() {}

  /**
   * Builds a command.
   *
   * @param module the module's folder
   * @param command its package, of the module or of one that it requires
   * @param name of the file, in the folder that tests may write to
   */
  static Path of(Path module, String command, String name) {
    Path binary = Places.target().resolve(name);
    ProcessBuilder go =
        new ProcessBuilder(Places.go(), "build", "-o", binary.toString(), command)
            .directory(module.toFile());
    try (ChildProcess build = ChildProcess.start("go build " + name, go)) {
      if (build.awaitExit(LIMIT) != 0) {
        throw new IllegalStateException("cannot build " + name + '\n' + build.output());
      }
    }
    return binary;
  }
}
