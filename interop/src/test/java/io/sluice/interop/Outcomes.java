package io.sluice.interop;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/** Compares what clients saw. */
final class Outcomes {
  private Outcomes() {}

  /**
   * Tells two outcomes apart.
   *
   * @return one line for each field that differs
   */
  static List<String> differences(ObjectNode expected, ObjectNode actual) {
    TreeSet<String> fields = new TreeSet<>();
    expected.fieldNames().forEachRemaining(fields::add);
    actual.fieldNames().forEachRemaining(fields::add);
    List<String> differences = new ArrayList<>();
    for (String field : fields) {
      if (!expected.path(field).equals(actual.path(field))) {
        differences.add(
            field
                + "\n    expected "
                + text(expected, field)
                + "\n    but was  "
                + text(actual, field));
      }
    }
    return differences;
  }

  private static String text(ObjectNode line, String field) {
    return line.has(field) ? line.get(field).toString() : "absent";
  }

  /**
   * Fails if the outcomes are not the same.
   *
   * @param what the case and the transports, for the message
   * @param whole all that the client printed, for the message
   */
  static void assertSame(String what, ObjectNode expected, ObjectNode actual, ObjectNode whole) {
    List<String> differences = differences(expected, actual);
    if (!differences.isEmpty()) {
      throw new AssertionError(
          what
              + "\n  "
              + String.join("\n  ", differences)
              + "\n  all the client printed: "
              + whole);
    }
  }
}
