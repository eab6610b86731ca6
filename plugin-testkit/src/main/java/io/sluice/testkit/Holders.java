package io.sluice.testkit;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Says what keeps the code of a plugin, as far as it can be seen from outside. */
final class Holders {
  private Holders() {}

  /**
   * The end of a sentence.
   *
   * @param code the plugin's class loader; null if it is collected by now
   */
  static String of(@Nullable ClassLoader code) {
    List<String> threads = new ArrayList<>();
    for (Map.Entry<Thread, StackTraceElement[]> running : Thread.getAllStackTraces().entrySet()) {
      Thread thread = running.getKey();
      if (code != null && isOf(code, thread, running.getValue())) {
        threads.add("thread '" + thread.getName() + "'");
      }
    }
    return threads.isEmpty()
        ? "; no thread runs its code, so look for a static field or a thread-local of another"
            + " library that has one of its objects"
        : " by " + String.join(", ", threads) + ": stop it in stop()";
  }

  private static boolean isOf(ClassLoader code, Thread thread, StackTraceElement[] stack) {
    if (thread.getContextClassLoader() == code || thread.getClass().getClassLoader() == code) {
      return true;
    }
    for (StackTraceElement frame : stack) {
      if (isOf(code, frame.getClassName())) {
        return true;
      }
    }
    return false;
  }

  private static boolean isOf(ClassLoader code, String className) {
    try {
      return Class.forName(className, false, code).getClassLoader() == code;
    } catch (ClassNotFoundException | LinkageError e) {
      return false; // hidden, or of somebody else
    }
  }
}
