package io.sluice.interop.soak;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.interop.harness.Peers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** What the tests of this package share. */
final class Soak {
  /** Whether the long form of each test is to be run. */
  static final boolean LONG = Boolean.getBoolean("sluice.soak");

  /** Of everything random: the same seed gives the same bytes. */
  static final long SEED = Long.getLong("sluice.soak.seed", 20_240_607L);

  private static final String WITHOUT_END = "1000000000";

  private Soak() {}

  static int pick(int shortForm, int longForm) {
    return LONG ? longForm : shortForm;
  }

  /** Prints a line of figures. */
  static void say(String format, Object... arguments) {
    System.out.println("[soak] " + String.format(Locale.ROOT, format, arguments));
  }

  /** Lets what was started go on for so long. */
  static void pass(Duration time) {
    try {
      TimeUnit.NANOSECONDS.sleep(time.toNanos());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }

  /** Sends a signal to a process. */
  static void signal(String name, long pid) {
    try {
      Process kill = new ProcessBuilder("kill", "-" + name, Long.toString(pid)).start();
      if (!kill.waitFor(10, TimeUnit.SECONDS) || kill.exitValue() != 0) {
        throw new AssertionError("kill -" + name + ' ' + pid + " failed");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }

  /** A load that only ends when it is stopped. */
  static Peers.Load endless(InetSocketAddress address, String transport, String... options) {
    return endless(List.of(address), transport, options);
  }

  /** The same with several addresses. */
  static Peers.Load endless(
      List<InetSocketAddress> addresses, String transport, String... options) {
    List<String> all = new ArrayList<>(List.of("--calls", WITHOUT_END));
    all.addAll(List.of(options));
    return Peers.load(addresses, transport, all.toArray(String[]::new));
  }

  /** The figures of a load in a few words. */
  static String figures(JsonNode report) {
    return String.format(
        Locale.ROOT,
        "%s %s: %d ok, %d errors, %d mismatches, %d calls/s, p50 %.1f ms, p99 %.1f ms, slowest"
            + " %.0f ms",
        report.path("transport").asText(),
        report.path("shape").asText(),
        report.path("ok").asLong(),
        report.path("errors").asLong(),
        report.path("mismatches").asLong(),
        report.path("callsPerSecond").asLong(),
        report.path("p50Us").asLong() / 1000.0,
        report.path("p99Us").asLong() / 1000.0,
        report.path("slowest").path("us").asLong() / 1000.0);
  }

  /** The load has seen nothing but right answers. */
  static void assertFlawless(JsonNode report) {
    assertThat(report.path("mismatches").asLong()).as("wrong replies in %s", report).isZero();
    assertThat(report.path("errors").asLong()).as("errors in %s", report).isZero();
    assertThat(report.path("stuck").asLong()).as("stuck callers in %s", report).isZero();
    assertThat(report.path("exit").asInt()).as("exit status, %s", report).isZero();
    assertThat(report.path("ok").asLong()).as("calls in %s", report).isPositive();
  }
}
