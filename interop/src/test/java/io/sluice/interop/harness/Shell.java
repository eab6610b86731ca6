package io.sluice.interop.harness;

import io.sluice.interop.harness.Guide.Part;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Does what a guide says, in one folder. */
public final class Shell implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofMinutes(4);
  private static final Duration CHANGE = Duration.ofSeconds(30);

  private final Path folder;
  private final List<ChildProcess> background = new ArrayList<>();

  public Shell(Path folder) {
    this.folder = folder;
  }

  /**
   * Runs a part of the guide. What it prints is to be as it says; a gateway may need a moment to
   * take up a change, so a part that prints something else is run again, for 30 s at most.
   */
  public void follow(Part part) {
    System.out.println("[guide] " + part.commands());
    if (part.background()) {
      ChildProcess child = start(part.commands());
      background.add(child);
      part.prints().forEach(line -> child.awaitOut(printed -> fits(printed, line), LIMIT));
      return;
    }
    long began = System.nanoTime();
    List<String> printed = run(part);
    while (!fits(printed, part.prints())) {
      if (System.nanoTime() - began > CHANGE.toNanos()) {
        throw new AssertionError(
            part.commands()
                + "\nprinted\n"
                + String.join("\n", printed)
                + "\nand not\n"
                + String.join("\n", part.prints()));
      }
      printed = run(part);
    }
  }

  /** What it prints; that it succeeds is wanted where nothing is known of that. */
  private List<String> run(Part part) {
    try (ChildProcess child = start(part.commands())) {
      int status = child.awaitExit(LIMIT);
      if (status != 0 && part.prints().isEmpty()) {
        throw new AssertionError(part.commands() + " ended with " + status + '\n' + child.output());
      }
      List<String> printed = new ArrayList<>(child.out());
      printed.addAll(child.err());
      return printed;
    }
  }

  private ChildProcess start(String commands) {
    return ChildProcess.start(
        "guide", new ProcessBuilder("bash", "-c", commands).directory(folder.toFile()));
  }

  private static boolean fits(List<String> printed, List<String> wanted) {
    int at = 0;
    for (String line : printed) {
      if (at < wanted.size() && fits(line, wanted.get(at))) {
        at++;
      }
    }
    return at == wanted.size();
  }

  private static boolean fits(String printed, String wanted) {
    int any = wanted.indexOf('…');
    return any < 0
        ? printed.strip().equals(wanted.strip())
        : printed.startsWith(wanted.substring(0, any));
  }

  @Override
  public void close() {
    background.forEach(ChildProcess::close);
  }
}
