package io.sluice.gateway.cli;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Bytes that a user writes in hex. */
final class HexOptions {
  @Option(
      names = "--hex",
      paramLabel = "BYTES",
      description = "Bytes in hex; spaces, line breaks and colons do not matter.")
  private @Nullable String hex;

  @Option(names = "--hex-file", paramLabel = "FILE", description = "A file with bytes in hex.")
  private @Nullable Path file;

  boolean isGiven() {
    return hex != null || file != null;
  }

  /**
   * The bytes.
   *
   * @param line for messages
   * @throws ParameterException if they are none, or given twice
   */
  byte[] bytes(CommandLine line) {
    if (hex != null && file != null) {
      throw new ParameterException(line, "--hex and --hex-file: give one of them");
    }
    try {
      String text = hex != null ? hex : Files.readString(file);
      return HexFormat.of().parseHex(text.replaceAll("[\\s:]", ""));
    } catch (IllegalArgumentException e) {
      throw new ParameterException(line, "not hex: " + e.getMessage());
    } catch (IOException e) {
      throw cannotRead(line, file, e);
    }
  }

  /** Says in words why a file that an option names cannot be read. */
  static ParameterException cannotRead(CommandLine line, Path file, IOException cause) {
    String why =
        cause instanceof NoSuchFileException
            ? "there is no such file"
            : cause instanceof AccessDeniedException ? "it is not allowed" : cause.toString();
    return new ParameterException(line, "cannot read " + file + ": " + why);
  }
}
