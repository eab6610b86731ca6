package io.sluice.plugins.jwtauth;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The tokens and keys that {@code pyjwt/make.py} has made. */
final class Tokens {
  static final Path FOLDER = Path.of("src/test/resources/pyjwt").toAbsolutePath();

  private Tokens() {}

  /** A token by its name there. */
  static String token(String name) {
    try {
      return Files.readAllLines(FOLDER.resolve("tokens.txt")).stream()
          .filter(line -> line.startsWith(name + ' '))
          .map(line -> line.substring(name.length() + 1))
          .findFirst()
          .orElseThrow(() -> new IllegalArgumentException(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The path of a file of keys. */
  static Path file(String name) {
    return FOLDER.resolve(name);
  }

  static String text(String name) {
    try {
      return Files.readString(file(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
