package io.sluice.interop.soak;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.interop.soak.Swarm.Attacker;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Hostile connections beside honest ones, on a gateway with 128 MiB of heap and as much direct
 * memory: see {@link Siege}. What messages may claim is in {@link HostileMessagesTest}.
 */
@Timeout(value = 20, unit = TimeUnit.MINUTES)
final class HostileInputTest {
  private static final int MIB = 1 << 20;
  private static final int ROUNDS = Soak.pick(2, 10);
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private static final String MEMORY = Siege.MEMORY;
  private static final String SLOW_FRAME = Siege.SLOW_FRAME;
  private static final String SLOW_START = Siege.SLOW_START;

  private static byte[] voidCall(int seqId) {
    return Wire.framed(Wire.message("Void", seqId, Wire.binary(Wire.ascii("x"))));
  }

  @Test
  void whatIsNoCallIsRefusedAtOnce() {
    record Lie(byte[] bytes, String refusal) {}

    Map<String, Lie> lies = new TreeMap<>();
    String head = "8001 0001 00000004 56 6f 69 64 00000001";
    lies.put("framed, 2 GiB", new Lie(Wire.hex("7fffffff" + head), "message of 2147483647 bytes"));
    lies.put("framed, 4 GiB", new Lie(Wire.hex("ffffffff" + head), "message of 4294967295 bytes"));
    lies.put(
        "framed, method of 2 GiB",
        new Lie(
            Wire.hex("00000020 8001 0001 7fffffff 566f6964 00000001"),
            "method name of 2147483647"));
    lies.put(
        "TTHeader, 2 GiB",
        new Lie(Wire.hex("7fffffff 1000 0000 00000001 0001 0000 0000"), "TTHeader payload of"));
    lies.put(
        "TTHeader, 4 GiB",
        new Lie(Wire.hex("ffffffff 1000 0000 00000001 0001 0000 0000"), "TTHeader payload of"));
    lies.put(
        "TTHeader longer than its frame",
        new Lie(
            Wire.hex("00000020 1000 0000 00000001 ffff 0000"), "header is longer than its frame"));
    lies.put(
        "TTHeader of no bytes",
        new Lie(Wire.hex("00000020 1000 0000 00000001 0000 0000 0000"), "header size of 0"));
    lies.put(
        "TTHeader, frame of 2 GiB within",
        new Lie(
            Wire.hex("00000030 1000 0000 00000001 0001 0000 0000 7fffffff" + head),
            "contradict each other"));
    lies.put(
        "ttstream, 2 GiB",
        new Lie(Wire.hex("7fffffff 1000 0002 00000001 0001 1000 0000"), "TTHeader payload of"));
    lies.put(
        "ttstream, 4 GiB",
        new Lie(Wire.hex("ffffffff 1000 0002 00000001 0001 1000 0000"), "TTHeader payload of"));
    lies.put(
        "HTTP/1.1",
        new Lie(Wire.ascii("GET / HTTP/1.1\r\nHost: gateway\r\n\r\n"), "looks like HTTP/1.x"));
    lies.put(
        "HTTP/1.1 POST",
        new Lie(Wire.ascii("POST /InteropService/Void HTTP/1.1\r\n\r\n"), "looks like HTTP/1.x"));
    lies.put(
        "TLS",
        new Lie(
            Wire.hex("16 03 01 00 c8 01 00 00 c4 03 03 0102030405060708 090a0b0c0d0e0f10"),
            "looks like TLS"));
    Siege.besiege(
        "refused at once",
        // Two thousand of them may take a while to say something on a busy machine.
        ", firstBytesTimeout: 20s",
        ROUNDS,
        (siege, swarm, random) -> {
          // 1,000 claims and as many of all else.
          lies.forEach(
              (kind, lie) -> {
                for (int i = 0; i < (kind.contains("GiB") ? 143 : 70); i++) {
                  swarm.send(kind, lie.bytes());
                }
              });
          for (int i = 0; i < 500; i++) {
            byte[] bytes = new byte[8 + random.nextInt(4096)];
            random.nextBytes(bytes);
            swarm.send("random bytes", bytes);
          }
          swarm.run(swarm::isAllClosed, PATIENCE);
          lies.forEach((kind, lie) -> siege.assertRefused(swarm, kind, lie.refusal()));
          siege.assertRefused(
              swarm, "random bytes", "no protocol of ours", "looks like", "TTHeader");
        });
  }

  @Test
  void slowAndHalfFramesAreCut() {
    byte[] call = Wire.framed(Wire.message("Blob", 7, Wire.binary(new byte[4000])));
    byte[] enveloped = Wire.ttheader(0, 7, Wire.service("InteropService"), call);
    byte[] stream = Wire.ttheader(2, 1, Wire.integers(9, "Echo", 27, 2), new byte[4000]);
    Siege.besiege(
        "slow and half frames",
        ROUNDS,
        (siege, swarm, random) -> {
          // Few enough to be connected before the first of them are late.
          for (int i = 0; i < 100; i++) {
            swarm.send("nothing", () -> null);
            swarm.send("3 bytes", Arrays.copyOf(call, 3));
            swarm.send("a byte a second", call).dripping();
            swarm.send("half framed", Arrays.copyOf(call, 2000));
            swarm.send("half TTHeader", Arrays.copyOf(enveloped, 20));
            swarm.send("half behind a TTHeader", Arrays.copyOf(enveloped, 2000));
            swarm.send("half ttstream", Arrays.copyOf(stream, 2000));
            swarm.send("half behind a whole", Arrays.copyOf(Wire.join(voidCall(1), call), 1000));
          }
          swarm.run(swarm::isAllClosed, PATIENCE);
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
    Siege.besiege(
        "full TTHeaders",
        ROUNDS,
        (siege, swarm, random) -> {
          for (int i = 0; i < 1000; i++) {
            swarm.send("whole", whole.get(i % whole.size()));
          }
          swarm.run(
              () -> swarm.all().stream().allMatch(a -> a.isClosed() || a.received() > 0), PATIENCE);
          assertThat(swarm.all(a -> !a.isClosed() && a.received() == 0))
              .as("calls neither answered nor cut")
              .isEmpty();
          siege.tell("whole", swarm);
          siege.beginPhase();
          for (int i = 0; i < 1000; i++) {
            byte[] bytes = whole.get(i % whole.size());
            swarm.send("a byte short", Arrays.copyOf(bytes, 14 + Wire.MAX_WORDS * 4 - 1));
          }
          swarm.run(
              () -> swarm.all().stream().allMatch(a -> a.isClosed() || a.kind().equals("whole")),
              PATIENCE);
          // All of it is more than may come in before the last has begun.
          siege.assertRefused(swarm, "a byte short", SLOW_START, SLOW_FRAME, MEMORY);
        });
  }

  @Test
  void damagedCallsHarmNobody() {
    Siege.besiege(
        "damaged calls",
        ROUNDS,
        (siege, swarm, random) -> {
          for (int i = 0; i < Soak.pick(1500, 5000); i++) {
            swarm.send("damaged", Vectors.damaged(random));
          }
          // Some are calls still and stay open; all that are cut are cut by then.
          long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(Siege.FRAME_MILLIS + 1000);
          swarm.run(() -> System.nanoTime() > end || swarm.isAllClosed(), PATIENCE);
          assertThat(swarm.all(a -> !a.isAllSent() && !a.isClosed())).isEmpty();
        });
  }

  @Test
  void repliesThatNobodyReadsAreBounded() {
    byte[] call = Wire.framed(Wire.message("Blob", 7, Wire.binary(new byte[4096])));
    Siege.besiege(
        "pipelined calls, replies not read",
        ROUNDS,
        (siege, swarm, random) -> {
          int connections = 20;
          for (int i = 0; i < connections; i++) {
            int[] left = {10_000};
            swarm.send("pipelining", () -> left[0]-- > 0 ? ByteBuffer.wrap(call) : null).deaf();
          }
          // Until all is sent, or nothing of it moves for a while: then the gateway reads no more.
          swarm.runUntilStill(PATIENCE);
          Soak.say(
              "pipelining: %d of %d MiB were taken",
              swarm.all().stream().mapToLong(Attacker::sent).sum() / MIB,
              (long) connections * 10_000 * call.length / MIB);
        });
  }

  @Test
  void hugeRequestsAndRepliesThatStopAreCut() {
    byte[] huge = Wire.framed(Wire.message("Blob", 7, Wire.binary(new byte[8 * MIB])));
    Siege.besiege(
        "8 MiB that stop",
        ROUNDS,
        (siege, swarm, random) -> {
          for (int i = 0; i < 16; i++) {
            swarm.send("half of 8 MiB", Arrays.copyOf(huge, huge.length / 2));
            swarm.send("8 MiB, reply not read", huge).deaf();
          }
          awaitRefusals(siege, swarm);
          swarm.all().forEach(Attacker::listen);
          swarm.run(swarm::isAllClosed, PATIENCE);
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

  @Test
  void streamsThatNobodyReadsAreBounded() {
    byte[] open = Wire.join(Wire.service("InteropStream"), Wire.integers(9, "Echo", 27, 2));
    byte[] data = Wire.integers(9, "Echo", 27, 3);
    // Msg {3: binary}
    byte[] message = Wire.join(Wire.hex("0b 0003 00001000"), new byte[4096], Wire.hex("00"));
    int streams = 20;
    Siege.besiege(
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
          swarm.runUntilStill(PATIENCE);
          Soak.say(
              "ttstream: %d of %d MiB were taken",
              swarm.all().stream().mapToLong(Attacker::sent).sum() / MIB,
              5L * streams * 1000 * message.length / MIB);
        });
  }

  /** Hostile to nobody: each frame comes at once, but one has always begun. */
  @Test
  void busyStreamsAreNotCut() {
    byte[] open = Wire.join(Wire.service("InteropStream"), Wire.integers(9, "Echo", 27, 2));
    byte[] data = Wire.integers(9, "Echo", 27, 3);
    byte[] message = Wire.join(Wire.hex("0b 0003 00001000"), new byte[4096], Wire.hex("00"));
    byte[] frame = Wire.ttheader(2, 1, data, message);
    Siege.besiege(
        "busy ttstream",
        1,
        (siege, swarm, random) -> {
          long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(2 * Siege.FRAME_MILLIS);
          byte[] first = Wire.ttheader(2, 1, open, new byte[0]);
          for (int i = 0; i < 2; i++) {
            boolean[] opened = {false};
            swarm.send(
                "busy",
                () -> {
                  boolean begun = opened[0];
                  opened[0] = true;
                  return ByteBuffer.wrap(begun ? frame : first);
                });
          }
          swarm.run(() -> System.nanoTime() > end, PATIENCE);
          for (Attacker attacker : swarm.all()) {
            Soak.say(
                "busy ttstream: %d frames sent, %d MiB received, %s",
                attacker.sent() / frame.length,
                attacker.received() / MIB,
                attacker.isClosed() ? "cut" : "open");
          }
          assertThat(siege.refusals()).as("connections cut in the middle of their work").isEmpty();
          assertThat(swarm.all(Attacker::isClosed)).isEmpty();
        });
  }

  @Test
  void grpcStreamsThatNobodyReadsAreBounded() {
    // A window of 0: nothing that is answered may be sent.
    byte[] opening = Wire.http2Opening(Wire.hex("0004 00000000"));
    byte[] headers = Wire.grpcHead("/interop.pb.InteropPb/Emit");
    // Msg {4: Plan {2: 64, 6: 8192}}: 64 answers of 8 KiB, more than the window of a stream.
    byte[] question = Wire.hex("00 00000007 22 05 10 40 30 80 40");
    int streams = 200;
    Siege.besiege(
        "gRPC, answers not read",
        ROUNDS,
        (siege, swarm, random) -> {
          for (int i = 0; i < 5; i++) {
            int[] next = {-1};
            swarm.send(
                "gRPC",
                () -> {
                  int n = next[0]++;
                  if (n < 0) {
                    return ByteBuffer.wrap(opening);
                  }
                  if (n >= streams) {
                    return null;
                  }
                  int id = 2 * n + 1;
                  return ByteBuffer.wrap(
                      Wire.join(Wire.http2(1, 4, id, headers), Wire.http2(0, 1, id, question)));
                });
          }
          long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(6);
          swarm.run(() -> System.nanoTime() > end || swarm.isAllClosed(), PATIENCE);
        });
  }

  @Test
  void halfAnHttp2FrameIsCut() {
    byte[] opening = Wire.http2Opening();
    int preface = opening.length - 9;
    Siege.besiege(
        "half HTTP/2 frames",
        1,
        (siege, swarm, random) -> {
          for (int i = 0; i < 100; i++) {
            swarm.send("half preface", Arrays.copyOf(opening, 12));
            swarm.send("half SETTINGS", Arrays.copyOf(opening, preface + 5));
            swarm.send("half HEADERS", Wire.join(opening, Wire.hex("000100 01 04 00000001 82")));
          }
          swarm.run(swarm::isAllClosed, Duration.ofMillis(Siege.FRAME_MILLIS + 4000));
          siege.assertRefused(swarm, "half preface", SLOW_FRAME);
          siege.assertRefused(swarm, "half SETTINGS", SLOW_FRAME);
          siege.assertRefused(swarm, "half HEADERS", SLOW_FRAME);
        });
  }
}
