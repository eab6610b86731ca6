package io.sluice.gateway.config;

import java.util.ArrayList;
import java.util.List;

/** Gathers the faults of one file. Used by one thread. */
final class Faults {
  private static final int SHOWN = 60;

  private final String file;
  private final List<Fault> faults = new ArrayList<>();

  Faults(String file) {
    this.file = file;
  }

  /** Adds a fault; line breaks and the like in its texts become spaces. */
  void add(Mark at, String what, String right) {
    faults.add(new Fault(file, at.line(), at.column(), oneLine(what), oneLine(right)));
  }

  private static String oneLine(String text) {
    return text.replaceAll("\\p{Cntrl}+", " ").strip();
  }

  int count() {
    return faults.size();
  }

  /** In the order of the file, and each once though an alias may lead to it many times. */
  List<Fault> inOrder() {
    return faults.stream().distinct().sorted(Fault.BY_PLACE).toList();
  }

  /** The user's text in quotes: on one line, without control characters, and not too long. */
  static String quote(String text) {
    StringBuilder quoted = new StringBuilder("'");
    text.codePoints()
        .limit(SHOWN)
        .forEach(c -> quoted.appendCodePoint(Character.isISOControl(c) ? '\uFFFD' : c));
    return quoted.append(text.codePointCount(0, text.length()) > SHOWN ? "…'" : "'").toString();
  }
}
