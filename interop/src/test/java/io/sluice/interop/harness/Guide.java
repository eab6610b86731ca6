package io.sluice.interop.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A page with commands for a terminal, and what they print. */
public final class Guide {
  private static final String BACKGROUND = "<!-- run in the background -->";

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
   * A block of commands: what stands between {@code ```sh} and {@code ```}.
   *
   * @param background whether it goes on while the others run
   * @param commands as they stand there
   * @param prints lines of the block without a language behind it: what it prints, in this order
   *     and maybe with more between; {@code …} stands for anything to the end of the line. Empty if
   *     there is none
   */
  public record Part(boolean background, String commands, List<String> prints) {}

  /** All of it before this line. */
  public List<Part> until(String heading) {
    List<Part> parts = new ArrayList<>();
    boolean background = false;
    for (int i = 0; i < lines.size() && !lines.get(i).equals(heading); i++) {
      String line = lines.get(i);
      if (line.equals(BACKGROUND)) {
        background = true;
      } else if (line.equals("```sh")) {
        List<String> commands = block(i + 1);
        i += commands.size() + 1;
        boolean printed = i + 2 < lines.size() && lines.get(i + 2).equals("```");
        List<String> prints = printed ? block(i + 3) : List.of();
        i += printed ? prints.size() + 3 : 0;
        parts.add(new Part(background, String.join("\n", commands), prints));
        background = false;
      } else if (line.startsWith("```")) {
        i += block(i + 1).size() + 1;
      }
    }
    return parts;
  }

  private List<String> block(int from) {
    int end = from;
    while (!lines.get(end).equals("```")) {
      end++;
    }
    return lines.subList(from, end);
  }
}
