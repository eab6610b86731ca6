package io.sluice.interop.harness;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * A process of a test. Its output is read all the time, so that it never waits for a reader, and it
 * ends with the JVM of the tests at the latest.
 */
final class ChildProcess implements AutoCloseable {
  private static final Set<ChildProcess> ALIVE = ConcurrentHashMap.newKeySet();

  static {
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(() -> ALIVE.forEach(child -> child.process.destroyForcibly()), "children"));
  }

  private final String name;
  private final Process process;
  private final Thread outReader;
  private final Thread errReader;

  /** Guards both lists; notified of every line and when an output ends. */
  private final Object lock = new Object();

  private final List<String> out = new ArrayList<>();
  private final List<String> err = new ArrayList<>();

  private ChildProcess(String name, Process process) {
    this.name = name;
    this.process = process;
    this.outReader = reader(process.getInputStream(), out);
    this.errReader = reader(process.getErrorStream(), err);
  }

  static ChildProcess start(String name, ProcessBuilder builder) {
    try {
      ChildProcess child = new ChildProcess(name, builder.start());
      ALIVE.add(child);
      child.outReader.start();
      child.errReader.start();
      return child;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot start " + name + ": " + builder.command(), e);
    }
  }

  private Thread reader(InputStream stream, List<String> lines) {
    Thread thread =
        new Thread(
            () -> {
              try (BufferedReader reader =
                  new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
                for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                  synchronized (lock) {
                    lines.add(line);
                    lock.notifyAll();
                  }
                }
              } catch (IOException e) {
                // The process was killed: there is nothing more to read.
              }
              synchronized (lock) {
                lock.notifyAll();
              }
            },
            name + "-output");
    thread.setDaemon(true);
    return thread;
  }

  long pid() {
    return process.pid();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  List<String> out() {
    synchronized (lock) {
      return List.copyOf(out);
    }
  }

  List<String> err() {
    synchronized (lock) {
      return List.copyOf(err);
    }
  }

  /** Waits for a line of standard output. */
  String awaitOut(Predicate<String> wanted, Duration limit) {
    return await(out, outReader, wanted, limit);
  }

  /** Waits for a line of standard error. */
  String awaitErr(Predicate<String> wanted, Duration limit) {
    return await(err, errReader, wanted, limit);
  }

  private String await(
      List<String> lines, Thread reader, Predicate<String> wanted, Duration limit) {
    long end = System.nanoTime() + limit.toNanos();
    int seen = 0;
    synchronized (lock) {
      while (true) {
        for (; seen < lines.size(); seen++) {
          if (wanted.test(lines.get(seen))) {
            return lines.get(seen);
          }
        }
        long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
        if (left <= 0 || !reader.isAlive()) {
          throw new AssertionError(
              name + (left <= 0 ? " did not say it in " + limit : " has ended") + '\n' + output());
        }
        try {
          lock.wait(Math.min(left, 1000));
        } catch (InterruptedException e) {
          throw interrupted(e);
        }
      }
    }
  }

  /** Everything it wrote, for the text of a failure. */
  String output() {
    synchronized (lock) {
      return "--- standard output of "
          + name
          + "\n"
          + String.join("\n", last(out))
          + "\n--- standard error of "
          + name
          + "\n"
          + String.join("\n", last(err));
    }
  }

  private static List<String> last(List<String> lines) {
    return lines.subList(Math.max(0, lines.size() - 200), lines.size());
  }

  /** SIGTERM, and nothing else: {@code Process.destroy()} would close its streams as well. */
  void terminate() {
    process.toHandle().destroy();
  }

  /**
   * Waits until it has ended and all its output is read.
   *
   * @return its exit status
   */
  int awaitExit(Duration limit) {
    try {
      if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
        String report = name + " did not end in " + limit + '\n' + output();
        close();
        throw new AssertionError(report);
      }
      ALIVE.remove(this);
      outReader.join(10_000);
      errReader.join(10_000);
      return process.exitValue();
    } catch (InterruptedException e) {
      close();
      throw interrupted(e);
    }
  }

  /** SIGKILL, if it is still there. */
  @Override
  public void close() {
    process.destroyForcibly();
    try {
      process.waitFor(10, TimeUnit.SECONDS);
      outReader.join(10_000);
      errReader.join(10_000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (!process.isAlive()) {
      ALIVE.remove(this);
    }
  }

  private static AssertionError interrupted(InterruptedException cause) {
    Thread.currentThread().interrupt();
    return new AssertionError("interrupted", cause);
  }
}
