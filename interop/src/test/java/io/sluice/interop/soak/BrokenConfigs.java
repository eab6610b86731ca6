package io.sluice.interop.soak;

import java.util.List;

/** Changes of a configuration that a gateway must refuse, each with the place in the file. */
final class BrokenConfigs {

  /**
   * One of them.
   *
   * @param from what it replaces in the right one
   * @param at what in it is the place that is told
   * @param words what is said
   */
  record Broken(String from, String to, String at, String words) {

    String text(String right) {
      if (!right.contains(from)) {
        throw new IllegalArgumentException(from + " is not in the configuration");
      }
      return right.replace(from, to);
    }

    /** As {@code file:line:column: words}. */
    String told(String file, String broken) {
      int index = broken.indexOf(at);
      String before = broken.substring(0, index);
      long line = before.chars().filter(c -> c == '\n').count() + 1;
      int column = index - before.lastIndexOf('\n');
      return file + ":" + line + ":" + column + ": " + words;
    }
  }

  static final List<Broken> ALL =
      List.of(
          new Broken(
              "cluster: backend", "cluster: bakend", "bakend", "cluster 'bakend' is not defined"),
          new Broken("timeout: 50m", "timeout: 50x", "50x", "'50x' is not a duration"),
          new Broken("timeout: 50m", "timeout: 500h", "500h", "'500h' is too long"),
          new Broken("routes:", "rutes:", "rutes:", "unknown key 'rutes'"),
          new Broken("use: stamp-first", "use: stamp-fist", "stamp-fist", "unknown filter"),
          new Broken("transport: ttheader-framed", "transport: carrier", "carrier", "'carrier'"));

  private BrokenConfigs() {}
}
