package io.sluice.interop.harness;

import static org.awaitility.Awaitility.await;

import io.sluice.interop.harness.Guide.Part;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Does what a guide says, in one folder and two terminals. */
public final class Shell implements AutoCloseable {
  /** A build may take so long, and a first start. */
  private static final Duration LIMIT = Duration.ofMinutes(4);

  /** So long may a gateway take to follow a change; it is to be a second or two. */
  private static final Duration CHANGE = Duration.ofSeconds(60);

  private static final Pattern COLOUR = Pattern.compile("\u001B\\[[0-9;]*m");

  private final Path folder;
  private @Nullable ChildProcess first;

  /** Lines of the first terminal that were asked for already. */
  private int seen;

  public Shell(Path folder) {
    this.folder = folder;
  }

  /**
   * Runs a part of the guide, which is to print what the guide says. Where a gateway has to follow
   * a change first, the same command prints something else a moment before: it is run again then.
   */
  public void follow(Part part) {
    System.out.println("[guide] " + part.commands().replace("\n", "\n[guide] "));
    if (!part.first()) {
      followHere(part);
      return;
    }
    boolean starts = !part.commands().isEmpty();
    if (starts) {
      first = start(part.commands());
    }
    await()
        .atMost(starts ? LIMIT : CHANGE)
        .failFast(this::assertGoesOn)
        .untilAsserted(() -> seen = assertPrints(part, first.out(), seen));
  }

  private void assertGoesOn() {
    if (!first.isAlive()) {
      throw new AssertionError("the first terminal has ended\n" + first.output());
    }
  }

  private void followHere(Part part) {
    List<String> printed = run(part);
    long end = System.nanoTime() + CHANGE.toNanos();
    while (!prints(part, printed) && System.nanoTime() < end) {
      printed = run(part);
    }
    assertPrints(part, printed, 0);
  }

  private static boolean prints(Part part, List<String> printed) {
    try {
      assertPrints(part, printed, 0);
      return true;
    } catch (AssertionError e) {
      return false;
    }
  }

  /** What it prints; that it succeeds is wanted where the guide does not say what that is. */
  private List<String> run(Part part) {
    try (ChildProcess child = start(part.commands())) {
      int status = child.awaitExit(LIMIT);
      if (status != 0 && part.prints().isEmpty()) {
        throw new IllegalStateException(
            part.commands() + " ended with " + status + '\n' + child.output());
      }
      List<String> printed = new ArrayList<>(child.out());
      printed.addAll(child.err());
      printed.replaceAll(line -> COLOUR.matcher(line).replaceAll(""));
      return printed;
    }
  }

  private ChildProcess start(String commands) {
    return ChildProcess.start(
        "guide", new ProcessBuilder("bash", "-ec", commands).directory(folder.toFile()));
  }

  /**
   * Looks for the lines of the guide.
   *
   * @return the line behind the last of them
   */
  private static int assertPrints(Part part, List<String> printed, int from) {
    int at = from;
    for (String wanted : part.prints()) {
      while (at < printed.size() && !fits(printed.get(at), wanted)) {
        at++;
      }
      if (at == printed.size()) {
        throw new AssertionError(
            "no line '"
                + wanted
                + "' where it should be, after\n"
                + part.commands()
                + "\nbut\n"
                + String.join("\n", printed.subList(from, printed.size())));
      }
      at++;
    }
    return at;
  }

  private static boolean fits(String printed, String wanted) {
    String[] parts = wanted.strip().split("…", -1);
    String rest = printed.strip();
    if (!rest.startsWith(parts[0]) || parts.length == 1 && !rest.equals(parts[0])) {
      return false;
    }
    for (String part : parts) {
      int at = rest.indexOf(part.strip());
      if (at < 0) {
        return false;
      }
      rest = rest.substring(at + part.strip().length());
    }
    return true;
  }

  @Override
  public void close() {
    if (first != null) {
      first.close();
    }
  }
}
