package io.sluice.interop.harness;

import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;

/** {@code bin/sluice demo} of an unpacked distribution, on free ports, until it is closed. */
public final class DemoProcess implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private final ChildProcess child;

  private DemoProcess(ChildProcess child) {
    this.child = child;
  }

  public static DemoProcess of(Distribution distribution) {
    ProcessBuilder demo =
        new ProcessBuilder(distribution.command().toString(), "demo", "--port-base", "0");
    demo.environment().put("SLUICE_ARCHIVE", "off");
    return new DemoProcess(ChildProcess.start("demo", demo));
  }

  /** All that it has printed. */
  public List<String> lines() {
    return child.out();
  }

  /**
   * Waits until it has printed a line after so many others, and returns how many there are then.
   */
  public int awaitLine(String line, int after) {
    await(line)
        .atMost(PATIENCE)
        .until(() -> !child.isAlive() || lines().lastIndexOf(line) >= after);
    int at = lines().lastIndexOf(line);
    if (at < after) {
      throw new AssertionError("the demo has ended\n" + child.output());
    }
    return at + 1;
  }

  @Override
  public void close() {
    child.close();
  }
}
