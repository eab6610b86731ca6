package io.sluice.interop.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Optional;
import java.util.stream.Stream;

/** Where things are: nothing here depends on the folder that the tests are started in. */
public final class Places {
  private Places() {}

  /** The folder of this Maven module. */
  static Path module() {
    return Path.of(System.getProperty("basedir", ".")).toAbsolutePath().normalize();
  }

  /** Where tests may write. */
  public static Path target() {
    return module().resolve("target");
  }

  /** The sources of the Go peers. */
  static Path kitex() {
    return module().resolve("kitex");
  }

  /** The sources of the grpc-go peers. */
  static Path grpcGo() {
    return module().resolve("grpc-go");
  }

  /** The tokens and keys that PyJWT has made. */
  public static Path pyJwt() {
    return module().resolveSibling("plugins").resolve("jwt-auth/src/test/resources/pyjwt");
  }

  /** The module that says which h2spec is used. */
  static Path h2spec() {
    return module().resolve("h2spec");
  }

  /** The command that starts the packaged gateway. */
  static Path sluice() {
    String home = System.getProperty("sluice.home");
    Path folder =
        home == null ? module().resolveSibling("dist").resolve("target/sluice") : Path.of(home);
    Path command = folder.resolve("bin/sluice");
    if (!Files.isExecutable(command) || !Files.isDirectory(folder.resolve("lib"))) {
      throw new IllegalStateException(
          "no packaged gateway in " + folder + ": run 'mvn package' in the root folder first");
    }
    return command;
  }

  /** The zip that {@code mvn package} made last. */
  static Path zip() {
    Path folder = module().resolveSibling("dist").resolve("target");
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> file.getFileName().toString().matches("sluice-.*\\.zip"))
          .max(Comparator.comparing(file -> file.toFile().lastModified()))
          .orElseThrow(() -> new IllegalStateException("no zip in " + folder));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Go, as bin/tools.sh finds or fetches it. */
  static String go() {
    Optional<Path> found = onPath("go");
    if (found.isPresent()) {
      return found.get().toString();
    }
    Path fetched = module().resolveSibling(".tools").resolve("go/bin/go");
    if (Files.isExecutable(fetched)) {
      return fetched.toString();
    }
    throw new IllegalStateException("no go on the PATH: bin/test fetches it");
  }

  /** Rust's build tool, which is not fetched. */
  static Optional<Path> cargo() {
    return onPath("cargo");
  }

  private static Optional<Path> onPath(String command) {
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(":"))
        .filter(folder -> !folder.isEmpty())
        .map(folder -> Path.of(folder, command))
        .filter(Files::isExecutable)
        .findFirst();
  }
}
