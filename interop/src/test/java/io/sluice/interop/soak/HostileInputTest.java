package io.sluice.interop.soak;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.interop.harness.GatewayProcess;
import io.sluice.interop.harness.LogLine;
import io.sluice.interop.harness.Peers;
import io.sluice.interop.soak.Swarm.Attacker;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Hostile callers beside honest ones, on a gateway with 128 MiB of heap and as much direct memory.
 * The honest ones must not notice; memory and open files must not grow from round to round.
 */
@Timeout(value = 20, unit = TimeUnit.MINUTES)
final class HostileInputTest {
  private static final int MIB = 1 << 20;

  /** Of the heap, which is touched at the start so that its growth hides nothing. */
  private static final int HEAP_MIB = 128;

  private static final int DIRECT_MIB = 128;

  /** Code, classes, threads, the collector's own: what a JVM needs beside. */
  private static final int BESIDE_MIB = 160;

  /** What later rounds may add to the first: a handful of the allocator's chunks of 4 MiB. */
  private static final int GROWTH_MIB = 32;

  private static final int FIRST_BYTES_MILLIS = 1000;
  private static final int FRAME_MILLIS = 4000;
  private static final int ROUNDS = Soak.pick(3, 10);
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final String MEMORY = "memory is short";
  private static final String SLOW_FRAME = "a frame was not complete within 4000 ms";
  private static final String SLOW_START = "no 8 bytes within 1000 ms";

  /** One attack; ends when all that is to be seen of it was seen. */
  private interface Attack {
    void run(Siege siege, Swarm swarm, Random random);
  }

  /** A gateway, its honest callers, and what is watched of it. */
  private static final class Siege implements AutoCloseable {
    private final String name;
    private final Peers.Server server = Peers.server();
    final GatewayProcess gateway;
    private final List<Peers.Load> neighbours = new ArrayList<>();
    private final AtomicLong peak = new AtomicLong();
    private final Thread sampler;
    private volatile boolean sampling = true;
    private int logSeen;

    Siege(String name) {
      this.name = name;
      gateway =
          GatewayProcess.with(
                  """
                  listeners:
                    rpc:
                      address: "127.0.0.1:0"
                      limits: {firstBytesTimeout: %dms, frameTimeout: %dms}
                    admin: {address: "127.0.0.1:0", serves: admin}
                  clusters:
                    backend:
                      endpoints: ["127.0.0.1:%d"]
                      transport: ttheader-framed
                      idleTimeout: 1s
                  routes:
                    - cluster: backend
                      timeout: 6s
                  """
                      .formatted(FIRST_BYTES_MILLIS, FRAME_MILLIS, server.address().getPort()))
              .java(
                  "-Xms" + HEAP_MIB + "m",
                  "-Xmx" + HEAP_MIB + "m",
                  "-XX:+AlwaysPreTouch",
                  "-XX:MaxDirectMemorySize=" + DIRECT_MIB + "m")
              .start();
      sampler = new Thread(this::sample, "rss");
      sampler.setDaemon(true);
      sampler.start();
      for (String transport : List.of("framed", "ttheader-framed", "ttstream")) {
        neighbours.add(
            Soak.endless(gateway.address(), transport, "--connections", "1", "--tolerate-errors"));
      }
      neighbours.forEach(load -> load.awaitRunning(Duration.ofSeconds(30)));
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

    /** Why the gateway closed which connection of this round, by the caller's port. */
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
        assertThat(refusals.get(attacker.port())).as("%s: lines of the log", kind).hasSize(1);
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
        logSeen = gateway.log().size();
        peak.set(0);
        long begin = System.nanoTime();
        try (Swarm swarm = new Swarm(gateway.address())) {
          // The same bytes in each round: a difference is then one of the gateway.
          attack.run(this, swarm, new Random(Soak.SEED));
          tell(round, swarm, System.nanoTime() - begin);
        }
        assertThat(gateway.isAlive()).as("the gateway lives\n%s", gateway.output()).isTrue();
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
      for (long rss : after) {
        all.assertThat(rss)
            .as("%s: RSS in MiB after a round, after the first %d", name, after.get(0))
            .isLessThanOrEqualTo(after.get(0) + GROWTH_MIB);
      }
      for (long rss : peaks) {
        all.assertThat(rss)
            .as("%s: greatest RSS in MiB", name)
            .isLessThanOrEqualTo(HEAP_MIB + DIRECT_MIB + BESIDE_MIB);
      }
      all.assertAll();
    }

    private void tell(int round, Swarm swarm, long nanos) {
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
      Soak.say("%s, round %d, %.1f s%s", name, round, nanos / 1e9, text);
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

  private static void besiege(String name, int rounds, Attack attack) {
    try (Siege siege = new Siege(name)) {
      siege.rounds(rounds, attack);
    }
  }

  private static boolean allClosed(Swarm swarm) {
    return swarm.all().stream().allMatch(Attacker::isClosed);
  }

  private static byte[] hex(String hex) {
    return HexFormat.of().parseHex(hex.replace(" ", ""));
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private static byte[] voidCall(int seqId) {
    return Wire.framed(
        Wire.message("Void", seqId, Wire.binary("x".getBytes(StandardCharsets.UTF_8))));
  }

  @Test
  void whatIsNoCallIsRefusedAtOnce() {
    Map<String, byte[]> lies = new TreeMap<>();
    String head = "8001 0001 00000004 56 6f 69 64 00000001";
    lies.put("framed, 2 GiB", hex("7fffffff" + head));
    lies.put("framed, 4 GiB", hex("ffffffff" + head));
    lies.put("framed, method of 2 GiB", hex("00000020 8001 0001 7fffffff 566f6964 00000001"));
    lies.put("TTHeader, 2 GiB", hex("7fffffff 1000 0000 00000001 0001 0000 0000"));
    lies.put("TTHeader, 4 GiB", hex("ffffffff 1000 0000 00000001 0001 0000 0000"));
    lies.put(
        "TTHeader, header longer than its frame", hex("00000020 1000 0000 00000001 ffff 0000"));
    lies.put("TTHeader, no header", hex("00000020 1000 0000 00000001 0000 0000 0000"));
    lies.put(
        "TTHeader, frame of 2 GiB within",
        hex("00000030 1000 0000 00000001 0001 0000 0000 7fffffff" + head));
    lies.put("ttstream, 2 GiB", hex("7fffffff 1000 0002 00000001 0001 1000 0000"));
    lies.put("ttstream, 4 GiB", hex("ffffffff 1000 0002 00000001 0001 1000 0000"));
    lies.put("HTTP/1.1", ascii("GET / HTTP/1.1\r\nHost: gateway\r\n\r\n"));
    lies.put("HTTP/1.1 POST", ascii("POST /InteropService/Void HTTP/1.1\r\n\r\n"));
    lies.put(
        "TLS",
        hex("16 03 01 00 c8 01 00 00 c4 03 03 0102030405060708 090a0b0c0d0e0f10 1112131415161718"));
    besiege(
        "refused at once",
        ROUNDS,
        (siege, swarm, random) -> {
          // 1,000 claims and as many of all else.
          lies.forEach(
              (kind, bytes) -> {
                for (int i = 0; i < (kind.contains("GiB") ? 143 : 70); i++) {
                  swarm.send(kind, bytes);
                }
              });
          for (int i = 0; i < 500; i++) {
            byte[] bytes = new byte[8 + random.nextInt(4096)];
            random.nextBytes(bytes);
            swarm.send("random bytes", bytes);
          }
          swarm.run(() -> allClosed(swarm), PATIENCE);
          lies.forEach(
              (kind, bytes) ->
                  siege.assertRefused(
                      swarm,
                      kind,
                      kind.startsWith("HTTP/1")
                          ? "looks like HTTP/1.x"
                          : kind.startsWith("TLS")
                              ? "looks like TLS"
                              : kind.contains("method") ? "method name of" : " "));
          siege.assertRefused(
              swarm, "random bytes", "no protocol of ours", "looks like", "TTHeader");
        });
  }

  @Test
  void slowAndHalfFramesAreCut() {
    byte[] call = Wire.framed(Wire.message("Blob", 7, Wire.binary(new byte[4000])));
    byte[] enveloped = Wire.ttheader(0, 7, Wire.service("InteropService"), call);
    byte[] stream = Wire.ttheader(2, 1, Wire.integers(9, "Echo", 27, 2), new byte[4000]);
    besiege(
        "slow and half frames",
        Soak.pick(2, 8),
        (siege, swarm, random) -> {
          for (int i = 0; i < 200; i++) {
            swarm.send("nothing", () -> null);
            swarm.send("3 bytes", Arrays.copyOf(call, 3));
            swarm.send("a byte a second", call).dripping();
            swarm.send("half framed", Arrays.copyOf(call, 2000));
            swarm.send("half TTHeader", Arrays.copyOf(enveloped, 20));
            swarm.send("half behind a TTHeader", Arrays.copyOf(enveloped, 2000));
            swarm.send("half ttstream", Arrays.copyOf(stream, 2000));
            swarm.send("half behind a whole", Arrays.copyOf(Wire.join(voidCall(1), call), 1000));
          }
          swarm.run(() -> allClosed(swarm), PATIENCE);
          siege.assertRefused(swarm, "nothing", SLOW_START);
          siege.assertRefused(swarm, "3 bytes", SLOW_START);
          siege.assertRefused(swarm, "a byte a second", SLOW_START);
          for (String kind :
              List.of(
                  "half framed",
                  "half TTHeader",
                  "half behind a TTHeader",
                  "half ttstream",
                  "half behind a whole")) {
            siege.assertRefused(swarm, kind, SLOW_FRAME);
          }
          assertThat(swarm.all(a -> a.kind().equals("half behind a whole") && a.received() == 0))
              .as("whole calls without an answer")
              .isEmpty();
        });
  }

  @Test
  void fullTTHeadersStayWithinTheBudget() {
    byte[] padding = new byte[Wire.MAX_WORDS * 4 - 2];
    byte[] fewLong = Wire.strings(4, 65_500);
    byte[] manyShort = Wire.strings(1000, 250);
    List<byte[]> whole = new ArrayList<>();
    for (byte[] section : List.of(padding, fewLong, manyShort)) {
      whole.add(Wire.ttheader(0, 9, Arrays.copyOf(section, padding.length), voidCall(9)));
    }
    besiege(
        "full TTHeaders",
        Soak.pick(2, 8),
        (siege, swarm, random) -> {
          for (int i = 0; i < 1000; i++) {
            swarm.send("whole", whole.get(i % whole.size()));
          }
          swarm.run(
              () -> swarm.all().stream().allMatch(a -> a.isClosed() || a.received() > 0), PATIENCE);
          assertThat(swarm.all(a -> !a.isClosed() && a.received() == 0))
              .as("calls neither answered nor cut")
              .isEmpty();
          for (int i = 0; i < 1000; i++) {
            byte[] bytes = whole.get(i % whole.size());
            swarm.send("a byte short", Arrays.copyOf(bytes, 14 + Wire.MAX_WORDS * 4 - 1));
          }
          swarm.run(
              () -> swarm.all().stream().allMatch(a -> a.isClosed() || a.kind().equals("whole")),
              PATIENCE);
          siege.assertRefused(swarm, "a byte short", SLOW_FRAME, MEMORY);
        });
  }

  @Test
  void damagedCallsHarmNobody() {
    besiege(
        "damaged calls",
        ROUNDS,
        (siege, swarm, random) -> {
          for (int i = 0; i < Soak.pick(1500, 5000); i++) {
            swarm.send("damaged", Vectors.damaged(random));
          }
          // Some are calls still and stay open; all that are cut are cut by then.
          long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(FRAME_MILLIS + 1000);
          swarm.run(() -> System.nanoTime() > end || allClosed(swarm), PATIENCE);
          assertThat(swarm.all(a -> !a.isAllSent() && !a.isClosed())).isEmpty();
        });
  }

  @Test
  void repliesThatNobodyReadsAreBounded() {
    byte[] call = Wire.framed(Wire.message("Blob", 7, Wire.binary(new byte[4096])));
    besiege(
        "pipelined calls, replies not read",
        ROUNDS,
        (siege, swarm, random) -> {
          int connections = 20;
          for (int i = 0; i < connections; i++) {
            int[] left = {10_000};
            swarm.send("pipelining", () -> left[0]-- > 0 ? ByteBuffer.wrap(call) : null).deaf();
          }
          // Until all is sent, or nothing of it moves for a while: then the gateway reads no more.
          awaitStandstill(swarm);
          Soak.say(
              "pipelining: %d of %d MiB were taken",
              swarm.all().stream().mapToLong(Attacker::sent).sum() / MIB,
              (long) connections * 10_000 * call.length / MIB);
        });
  }

  @Test
  void hugeRequestsAndRepliesThatStopAreCut() {
    byte[] huge = Wire.framed(Wire.message("Blob", 7, Wire.binary(new byte[8 * MIB])));
    besiege(
        "8 MiB that stop",
        Soak.pick(2, 8),
        (siege, swarm, random) -> {
          for (int i = 0; i < 16; i++) {
            swarm.send("half of 8 MiB", Arrays.copyOf(huge, huge.length / 2));
            swarm.send("8 MiB, reply not read", huge).deaf();
          }
          awaitRefusals(siege, swarm);
          swarm.all().forEach(Attacker::listen);
          swarm.run(() -> allClosed(swarm), PATIENCE);
          siege.assertRefused(swarm, "half of 8 MiB", SLOW_FRAME, "memory is short");
          siege.assertRefused(swarm, "8 MiB, reply not read", "a reply broke off", MEMORY);
        });
  }

  private static void awaitRefusals(Siege siege, Swarm swarm) {
    long[] nextLook = {0};
    swarm.run(
        () -> {
          long now = System.nanoTime();
          if (now < nextLook[0]) {
            return false;
          }
          nextLook[0] = now + TimeUnit.MILLISECONDS.toNanos(200);
          Map<Integer, List<String>> refusals = siege.refusals();
          return swarm.all().stream().allMatch(a -> refusals.containsKey(a.port()));
        },
        PATIENCE);
  }

  /** Runs until everything is sent or refused, or for 2 s nothing could be sent. */
  private static void awaitStandstill(Swarm swarm) {
    long[] state = {-1, System.nanoTime()};
    swarm.run(
        () -> {
          long sent = swarm.all().stream().mapToLong(Attacker::sent).sum();
          long now = System.nanoTime();
          if (sent != state[0]) {
            state[0] = sent;
            state[1] = now;
          }
          return now - state[1] > TimeUnit.SECONDS.toNanos(2)
              || swarm.all().stream().allMatch(a -> a.isAllSent() || a.isClosed());
        },
        PATIENCE);
  }

  @Test
  void streamsThatNobodyReadsAreBounded() {
    byte[] open = Wire.join(Wire.service("InteropStream"), Wire.integers(9, "Echo", 27, 2));
    byte[] data = Wire.integers(9, "Echo", 27, 3);
    // Msg {3: binary}
    byte[] message = Wire.join(hex("0b 0003 00001000"), new byte[4096], hex("00"));
    int streams = 20;
    besiege(
        "ttstream, answers not read",
        ROUNDS,
        (siege, swarm, random) -> {
          for (int i = 0; i < 5; i++) {
            int[] step = {0};
            swarm
                .send(
                    "ttstream",
                    () -> {
                      int n = step[0]++;
                      int id = 1 + n % streams;
                      if (n < streams) {
                        return ByteBuffer.wrap(Wire.ttheader(2, id, open, new byte[0]));
                      }
                      return n < streams * 1000
                          ? ByteBuffer.wrap(Wire.ttheader(2, id, data, message))
                          : null;
                    })
                .deaf();
          }
          awaitStandstill(swarm);
          Soak.say(
              "ttstream: %d of %d MiB were taken",
              swarm.all().stream().mapToLong(Attacker::sent).sum() / MIB,
              5L * streams * 1000 * message.length / MIB);
        });
  }

  @Test
  void halfAnHttp2FrameIsCut() {
    byte[] preface = ascii("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    byte[] settings = hex("000000 04 00 00000000");
    besiege(
        "half HTTP/2 frames",
        1,
        (siege, swarm, random) -> {
          for (int i = 0; i < 100; i++) {
            swarm.send("half preface", Arrays.copyOf(preface, 12));
            swarm.send("half SETTINGS", Wire.join(preface, Arrays.copyOf(settings, 5)));
            swarm.send(
                "half HEADERS", Wire.join(preface, settings, hex("000100 01 04 00000001 82")));
          }
          swarm.run(() -> allClosed(swarm), Duration.ofMillis(FRAME_MILLIS + 4000));
          siege.assertRefused(swarm, "half preface", SLOW_FRAME);
          siege.assertRefused(swarm, "half SETTINGS", SLOW_FRAME);
          siege.assertRefused(swarm, "half HEADERS", SLOW_FRAME);
        });
  }
}
