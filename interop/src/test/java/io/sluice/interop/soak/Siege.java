package io.sluice.interop.soak;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.interop.harness.GatewayProcess;
import io.sluice.interop.harness.LogLine;
import io.sluice.interop.harness.Peers;
import io.sluice.interop.soak.Swarm.Attacker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.assertj.core.api.SoftAssertions;

/**
 * A gateway with little memory, its honest callers, and what is watched of it while others attack.
 * The honest ones must not notice; memory and open files must not grow from round to round.
 */
final class Siege implements AutoCloseable {
  private static final int MIB = 1 << 20;

  /** What the honest callers speak, each a process, if nothing else is said. */
  private static final List<String> NEIGHBOURS = List.of("framed", "ttheader-framed", "ttstream");

  /** Of the heap, which is touched at the start so that its growth hides nothing. */
  private static final int HEAP_MIB = 128;

  private static final int DIRECT_MIB = 128;

  /** Code, classes, threads, the collector's own: what a JVM needs beside. */
  private static final int BESIDE_MIB = 160;

  /** Options of a JVM with so little. */
  static final String[] SMALL_MEMORY = {
    "-Xms" + HEAP_MIB + "m",
    "-Xmx" + HEAP_MIB + "m",
    "-XX:+AlwaysPreTouch",
    "-XX:MaxDirectMemorySize=" + DIRECT_MIB + "m"
  };

  /**
   * What the later half of the rounds may add to the greatest of the first half, in which code is
   * compiled and pools grow to their size. In the short form that half is one round, and the next
   * may still add as much as the gateway lets connections hold.
   */
  private static final int GROWTH_MIB = Soak.pick(DIRECT_MIB / 2, 32);

  /** What the first 8 bytes may take, if nothing else is said. */
  static final int FIRST_BYTES_MILLIS = 1000;

  /** What a frame that has begun may take. */
  static final int FRAME_MILLIS = 3000;

  /** Why connections are closed that are too slow, or hold too much when all hold too much. */
  static final String SLOW_START = "no 8 bytes within " + FIRST_BYTES_MILLIS + " ms";

  static final String SLOW_FRAME = "a frame was not complete within " + FRAME_MILLIS + " ms";
  static final String MEMORY = "memory is short";

  /** One attack; ends when all that is to be seen of it was seen. */
  interface Attack {
    void run(Siege siege, Swarm swarm, Random random);
  }

  private final String name;
  private final Peers.Server server = Peers.server();
  final GatewayProcess gateway;
  private final List<Peers.Load> neighbours = new ArrayList<>();
  private final AtomicLong peak = new AtomicLong();
  private final Thread sampler;
  private volatile boolean sampling = true;
  private int logSeen;

  /**
   * What each of the honest callers speaks, with its calls that were answered when a phase began.
   */
  private final Map<String, Double> answered = new TreeMap<>();

  /**
   * @param limits more of the listener's, each behind a comma
   * @param transports what the honest callers speak
   */
  Siege(String name, String limits, List<String> transports) {
    this.name = name;
    String all =
        limits.contains("firstBytesTimeout")
            ? limits
            : ", firstBytesTimeout: " + FIRST_BYTES_MILLIS + "ms" + limits;
    gateway =
        GatewayProcess.with(
                """
                listeners:
                  rpc:
                    address: "127.0.0.1:0"
                    limits: {frameTimeout: %dms%s}
                  admin: {address: "127.0.0.1:0", serves: admin}
                clusters:
                  backend:
                    endpoints: ["127.0.0.1:%d"]
                    transport: ttheader-framed
                    idleTimeout: 1s
                routes:
                  - cluster: backend
                    timeout: 4s
                """
                    .formatted(FRAME_MILLIS, all, server.address().getPort()))
            .java(SMALL_MEMORY)
            .start();
    sampler = new Thread(this::sample, "rss");
    sampler.setDaemon(true);
    sampler.start();
    for (String transport : transports) {
      answered.put(transport.startsWith("grpc") ? "grpc" : transport, 0.0);
      neighbours.add(
          Soak.endless(gateway.address(), transport, "--connections", "1", "--tolerate-errors"));
    }
  }

  /** An attack, again and again, on a gateway of its own. */
  static void besiege(String name, int rounds, Attack attack) {
    besiege(name, "", rounds, attack);
  }

  static void besiege(String name, String limits, int rounds, Attack attack) {
    besiege(name, limits, NEIGHBOURS, rounds, attack);
  }

  static void besiege(
      String name, String limits, List<String> transports, int rounds, Attack attack) {
    try (Siege siege = new Siege(name, limits, transports)) {
      // Here, so that all that was started ends if one of them is never answered.
      siege.neighbours.forEach(load -> load.awaitRunning(Duration.ofSeconds(30)));
      siege.rounds(rounds, attack);
    }
  }

  private void sample() {
    try {
      while (sampling && gateway.isAlive()) {
        peak.accumulateAndGet(gateway.rss(), Math::max);
        TimeUnit.MILLISECONDS.sleep(50);
      }
    } catch (InterruptedException | RuntimeException e) {
      // It ended while it was looked at.
    }
  }

  /** From here on ports may be used again: what the log said of them before is past. */
  void beginPhase() {
    logSeen = gateway.log().size();
    answered.replaceAll((protocol, before) -> answered(protocol));
  }

  private double answered(String protocol) {
    return gateway.metric("sluice_calls_total", "protocol=\"" + protocol + '"', "status=\"ok\"");
  }

  /** Each of the honest callers has been answered in this phase. */
  void assertNeighboursGoOn(String beside) {
    answered.forEach(
        (protocol, before) ->
            await("answers by " + protocol + " beside " + beside)
                .atMost(Duration.ofSeconds(30))
                .until(() -> answered(protocol) > before));
  }

  /** Why the gateway closed which connection of this phase, by the caller's port. */
  Map<Integer, List<String>> refusals() {
    Map<Integer, List<String>> refusals = new HashMap<>();
    List<LogLine> log = gateway.log();
    for (LogLine line : log.subList(logSeen, log.size())) {
      String peer = line.values().getOrDefault("peer", "");
      if (line.level().equals("WARN") && peer.contains(":")) {
        refusals
            .computeIfAbsent(
                Integer.valueOf(peer.substring(peer.lastIndexOf(':') + 1)),
                port -> new ArrayList<>())
            .add(line.message());
      }
    }
    return refusals;
  }

  /** Each connection of a kind was closed, and one line of the log says why. */
  void assertRefused(Swarm swarm, String kind, String... reasons) {
    List<Attacker> ofKind = swarm.all(attacker -> attacker.kind().equals(kind));
    assertThat(ofKind).as(kind).isNotEmpty();
    assertThat(ofKind.stream().filter(attacker -> !attacker.isClosed()).count())
        .as("%s: connections that were not closed, of %d", kind, ofKind.size())
        .isZero();
    Map<Integer, List<String>> refusals = new HashMap<>();
    await(kind + ": the log")
        .atMost(Duration.ofSeconds(10))
        .until(
            () -> {
              refusals.clear();
              refusals.putAll(refusals());
              return ofKind.stream().allMatch(attacker -> refusals.containsKey(attacker.port()));
            });
    for (Attacker attacker : ofKind) {
      assertThat(refusals.get(attacker.port()))
          .as("%s: lines of the log about port %d", kind, attacker.port())
          .hasSize(1);
      assertThat(refusals.get(attacker.port()).get(0))
          .as("%s: why it was closed", kind)
          .matches(said -> Arrays.stream(reasons).anyMatch(said::contains));
    }
  }

  /** Runs the same attack again and again, and looks at memory and open files after each. */
  void rounds(int rounds, Attack attack) {
    int filesBefore = gateway.openFiles();
    long idle = gateway.rss();
    List<Long> after = new ArrayList<>();
    List<Long> peaks = new ArrayList<>();
    for (int round = 0; round < rounds; round++) {
      beginPhase();
      peak.set(0);
      try (Swarm swarm = new Swarm(gateway.address())) {
        // The same bytes in each round: a difference is then one of the gateway.
        try {
          attack.run(this, swarm, new Random(Soak.SEED));
        } finally {
          tell("round " + round, swarm);
        }
      }
      assertThat(gateway.isAlive()).as("the gateway lives\n%s", gateway.output()).isTrue();
      assertNeighboursGoOn(name);
      // Its callers' connections are gone at once, those to the server when they were idle.
      await(name + ": open files return to " + filesBefore)
          .atMost(Duration.ofSeconds(30))
          .until(() -> gateway.openFiles() <= filesBefore + neighbours.size());
      after.add(gateway.rss() / MIB);
      peaks.add(peak.get() / MIB);
    }
    Soak.say(
        "%s: RSS in MiB idle %d, after each round %s, peaks %s; open files %d, then %d",
        name, idle / MIB, after, peaks, filesBefore, gateway.openFiles());
    SoftAssertions all = new SoftAssertions();
    int half = (rounds + 1) / 2;
    long warm = Collections.max(after.subList(0, half));
    for (long rss : after.subList(half, rounds)) {
      all.assertThat(rss)
          .as("%s: RSS in MiB after a later round, of the first ones at most %d", name, warm)
          .isLessThanOrEqualTo(warm + GROWTH_MIB);
    }
    for (long rss : peaks) {
      all.assertThat(rss)
          .as("%s: greatest RSS in MiB", name)
          .isLessThanOrEqualTo(HEAP_MIB + DIRECT_MIB + BESIDE_MIB);
    }
    all.assertAll();
  }

  void tell(String phase, Swarm swarm) {
    Map<Integer, List<String>> refusals = refusals();
    Map<String, int[]> byKind = new TreeMap<>();
    for (Attacker attacker : swarm.all()) {
      int[] counts = byKind.computeIfAbsent(attacker.kind(), kind -> new int[4]);
      counts[0]++;
      counts[1] += attacker.isClosed() ? 1 : 0;
      counts[2] += attacker.received() > 0 ? 1 : 0;
      counts[3] += refusals.getOrDefault(attacker.port(), List.of()).size();
    }
    StringBuilder text = new StringBuilder();
    byKind.forEach(
        (kind, counts) ->
            text.append(
                String.format(
                    "; %s %d (closed %d, answered %d, WARN %d)",
                    kind, counts[0], counts[1], counts[2], counts[3])));
    Soak.say("%s, %s%s", name, phase, text);
    Map<String, Integer> reasons = new TreeMap<>();
    List<LogLine> log = gateway.log();
    for (LogLine line : log.subList(logSeen, log.size())) {
      if (line.level().equals("WARN") || line.level().equals("ERROR")) {
        String said = line.message().replaceAll("first bytes .*|[0-9]{4,}", "…");
        int count = reasons.merge(line.level() + ' ' + said, 1, Integer::sum);
        if (count == 1 && line.level().equals("ERROR")) {
          Soak.say("%s, %s: %.3000s", name, phase, line.raw());
        }
      }
    }
    Soak.say("%s, %s, log: %s", name, phase, reasons);
  }

  /** The neighbours have seen nothing, and the log has no error in it. */
  @Override
  public void close() {
    try {
      List<JsonNode> reports = new ArrayList<>();
      for (Peers.Load neighbour : neighbours) {
        reports.add(neighbour.stop(Duration.ofSeconds(30)));
      }
      sampling = false;
      for (JsonNode report : reports) {
        Soak.say("%s: neighbour %s %s", name, Soak.figures(report), report.path("errorTexts"));
      }
      SoftAssertions all = new SoftAssertions();
      reports.forEach(report -> all.check(() -> Soak.assertFlawless(report)));
      all.check(gateway::close);
      all.assertAll();
    } finally {
      sampling = false;
      neighbours.forEach(Peers.Load::close);
      if (gateway.isAlive()) {
        gateway.kill();
      }
      server.close();
    }
  }
}
