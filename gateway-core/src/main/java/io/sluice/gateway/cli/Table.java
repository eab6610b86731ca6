package io.sluice.gateway.cli;

import java.util.ArrayList;
import java.util.List;

/** Lines of cells under each other. Plain ASCII, which every terminal shows. */
public final class Table {
  private final List<List<String>> lines = new ArrayList<>();

  /** One with this line above the others. */
  public Table(String... header) {
    lines.add(List.of(header));
  }

  /** Adds a line of as many cells. */
  public void add(String... cells) {
    lines.add(List.of(cells));
  }

  @Override
  public String toString() {
    List<String> header = lines.get(0);
    int[] widths = new int[header.size()];
    for (List<String> line : lines) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], line.get(i).length());
      }
    }
    List<String> rule = new ArrayList<>();
    for (int width : widths) {
      rule.add("-".repeat(width));
    }
    StringBuilder text = new StringBuilder(line(header, widths)).append(line(rule, widths));
    lines.subList(1, lines.size()).forEach(line -> text.append(line(line, widths)));
    return text.toString();
  }

  private static String line(List<String> cells, int[] widths) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < widths.length; i++) {
      line.append(cells.get(i)).append(" ".repeat(widths[i] - cells.get(i).length() + 2));
    }
    return line.toString().stripTrailing() + '\n';
  }
}
