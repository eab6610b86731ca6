package io.sluice.interop.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** The zip, unpacked somewhere. */
public final class Distribution {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private final Path home;

  private Distribution(Path home) {
    this.home = home;
  }

  /** Unpacks it with its permissions into the one folder that it has. */
  public static Distribution unpack(Path into) {
    Map<String, Object> options = Map.of("enablePosixFileAttributes", true);
    try (FileSystem zip = FileSystems.newFileSystem(Places.zip(), options);
        Stream<Path> files = Files.walk(zip.getPath("/"))) {
      for (Path file : (Iterable<Path>) files::iterator) {
        if (file.getNameCount() > 0) {
          copy(file, into.resolve(file.toString().substring(1)));
        }
      }
      try (Stream<Path> roots = Files.list(into)) {
        List<Path> all = roots.toList();
        if (all.size() != 1) {
          throw new AssertionError("not one folder but " + all);
        }
        return new Distribution(all.get(0));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    if (Files.isDirectory(from)) {
      Files.createDirectories(to);
    } else {
      Files.copy(from, to);
    }
    Files.setPosixFilePermissions(to, Files.getPosixFilePermissions(from));
  }

  public Path home() {
    return home;
  }

  public Path command() {
    return home.resolve("bin/sluice");
  }

  /**
   * What a command of {@code bin/sluice} did.
   *
   * @param status its exit status
   * @param out lines of standard output
   * @param err lines of standard error
   */
  public record Ran(int status, List<String> out, List<String> err) {}

  /**
   * Runs a command to its end.
   *
   * @param environment in addition to the usual one
   * @param prefix what comes before the command, for example to change the user
   */
  public Ran run(Map<String, String> environment, List<String> prefix, String... arguments) {
    List<String> command = new ArrayList<>(prefix);
    command.add(command().toString());
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).directory(home.getParent().toFile());
    builder.environment().putAll(environment);
    try (ChildProcess child = ChildProcess.start("sluice " + arguments[0], builder)) {
      int status = child.awaitExit(LIMIT);
      return new Ran(status, child.out(), child.err());
    }
  }

  /**
   * A {@code JAVA_HOME} with the java of these tests and none of a JDK's tools.
   *
   * @param at a folder that is not there yet
   */
  public static Path runtimeOnly(Path at) {
    try {
      Files.createDirectories(at.resolve("bin"));
      Path java = at.resolve("bin/java");
      Path real = Path.of(System.getProperty("java.home"), "bin", "java");
      Files.writeString(java, "#!/bin/sh\nexec " + real + " \"$@\"\n");
      Files.setPosixFilePermissions(java, PosixFilePermissions.fromString("rwxr-xr-x"));
      return at;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Takes from all the right to write into a folder, or gives it back to its owner. */
  public void setWritable(String folder, boolean writable) {
    Path path = home.resolve(folder);
    try {
      Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(path);
      permissions.remove(PosixFilePermission.GROUP_WRITE);
      permissions.remove(PosixFilePermission.OTHERS_WRITE);
      if (writable) {
        permissions.add(PosixFilePermission.OWNER_WRITE);
      } else {
        permissions.remove(PosixFilePermission.OWNER_WRITE);
      }
      Files.setPosixFilePermissions(path, permissions);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
