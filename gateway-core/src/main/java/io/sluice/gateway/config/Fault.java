package io.sluice.gateway.config;

import java.util.Comparator;

/**
 * One thing that is wrong with a configuration file.
 *
 * @param file the file's name, as the user gave it
 * @param line from 1; 0 if the fault is of the file as a whole, such as its absence
 * @param column from 1; 0 if the fault is of the file as a whole
 * @param what what is wrong
 * @param right what would be right; empty if {@code what} says all there is to say
 */
public record Fault(String file, int line, int column, String what, String right) {

  /** In the order of the file. */
  static final Comparator<Fault> BY_PLACE =
      Comparator.comparingInt(Fault::line).thenComparingInt(Fault::column);

  /** A fault of the file as a whole. */
  static Fault ofFile(String file, String what, String right) {
    return new Fault(file, 0, 0, what, right);
  }

  /**
   * The one line that a user is shown, such as {@code conf/gateway.yaml:12:5: unknown key
   * 'clutser': did you mean 'cluster'?}.
   */
  @Override
  public String toString() {
    String place = line == 0 ? file : file + ":" + line + ":" + column;
    return place + ": " + what + (right.isEmpty() ? "" : ": " + right);
  }
}
