package io.sluice.gateway.fuzz;

/** What Jazzer calls, in a process of its own for each {@link Target}. */
public final class JazzerEntry {
  private static Target target;

  private JazzerEntry() {}

  /** Once, with the name of the target. */
  public static void fuzzerInitialize(String[] arguments) {
    target = Target.named(arguments[0]);
  }

  /** For each input. */
  public static void fuzzerTestOneInput(byte[] input) {
    target.run(input);
  }
}
