package io.sluice.interop.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A page with commands for a terminal, and what they print. */
public final class Guide {
  private static final String FIRST = "<!-- first terminal -->";

  private final List<String> lines;

  private Guide(List<String> lines) {
    this.lines = lines;
  }

  /** The page that is this file. */
  public static Guide of(Path file) {
    try {
      return new Guide(Files.readAllLines(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * A block of commands, what stands between {@code ```sh} and {@code ```}, with what it prints.
   *
   * @param first whether it is for the first terminal, whose command goes on while others run
   * @param commands as they stand there; empty if only more is printed there
   * @param prints lines of the block without a language behind it, which are printed in this order,
   *     maybe with more between; {@code …} in them stands for anything. Empty if there is none
   */
  public record Part(boolean first, String commands, List<String> prints) {}

  /** All of it before this line. */
  public List<Part> until(String heading) {
    List<Part> parts = new ArrayList<>();
    boolean first = false;
    for (int i = 0; i < lines.size() && !lines.get(i).equals(heading); i++) {
      String line = lines.get(i);
      if (line.equals(FIRST)) {
        first = true;
      } else if (line.equals("```sh")) {
        List<String> commands = block(i + 1);
        i += commands.size() + 1;
        boolean printed = i + 2 < lines.size() && lines.get(i + 2).equals("```");
        List<String> prints = printed ? block(i + 3) : List.of();
        i += printed ? prints.size() + 3 : 0;
        parts.add(new Part(first, String.join("\n", commands), prints));
        first = false;
      } else if (line.startsWith("```")) {
        List<String> shown = block(i + 1);
        i += shown.size() + 1;
        if (first) {
          parts.add(new Part(true, "", shown));
        }
        first = false;
      }
    }
    return parts;
  }

  /**
   * The blocks of a language below a heading, up to the next heading of its level.
   *
   * @param heading as it stands there, such as {@code ### Settings}
   */
  public List<String> blocks(String heading, String language) {
    String level = heading.substring(0, heading.indexOf(' ') + 1);
    List<String> blocks = new ArrayList<>();
    int i = lines.indexOf(heading) + 1;
    if (i == 0) {
      throw new AssertionError("there is no heading " + heading);
    }
    while (i < lines.size() && !lines.get(i).startsWith(level)) {
      String line = lines.get(i++);
      if (line.startsWith("```")) {
        List<String> block = block(i);
        i += block.size() + 1;
        if (line.equals("```" + language)) {
          blocks.add(String.join("\n", block));
        }
      }
    }
    return blocks;
  }

  private List<String> block(int from) {
    int end = from;
    while (!lines.get(end).equals("```")) {
      end++;
    }
    return lines.subList(from, end);
  }
}
