package io.sluice.interop.soak;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.interop.soak.Swarm.Attacker;
import io.sluice.interop.soak.Swarm.Source;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Attacks by frames of HTTP/2 beside honest callers, on a gateway with 128 MiB of heap and as much
 * direct memory: see {@link Siege}. What each frame is answered is in the gateway's own tests.
 */
@Timeout(value = 20, unit = TimeUnit.MINUTES)
final class HostileHttp2Test {
  private static final int MIB = 1 << 20;
  private static final int ROUNDS = Soak.pick(2, 10);
  private static final int OF_EACH = Soak.pick(3, 10);
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final List<String> NEIGHBOURS = List.of("framed", "grpc-pb", "ttstream");

  /** Less than what is usual, so that many attackers at once each meet it on a small machine. */
  private static final String LOW = ", resetRate: 100, controlRate: 1000, maxStreams: 100";

  private static final int DATA = 0;
  private static final int HEADERS = 1;
  private static final int RST_STREAM = 3;
  private static final int WINDOW_UPDATE = 8;
  private static final int CONTINUATION = 9;
  private static final int END_STREAM = 1;
  private static final int END_HEADERS = 4;
  private static final int PADDED = 8;

  /** What becomes of callers that a busy machine keeps from sending anything in time. */
  private static final String LATE = Siege.SLOW_START;

  /** Frames of an attack that are sent at a time. */
  private static final int AT_ONCE = 32;

  private static final byte[] CHAT = Wire.grpcHead("/interop.pb.InteropPb/Chat");

  /**
   * @param refusal in the log
   * @param nth what is sent the n-th time
   */
  private record Flood(String name, String refusal, IntFunction<byte[]> nth) {
    private static final String CONTROL = "floods the connection";
    private static final String RESETS = "opens streams and";

    static Flood of(String name, byte[] frame) {
      return new Flood(name, CONTROL, n -> frame);
    }

    /** One that does the same to stream after stream. */
    static Flood ofStreams(String name, IntFunction<byte[]> each) {
      return new Flood(name, RESETS, n -> Wire.join(open(n), each.apply(2 * n + 1)));
    }

    Source source() {
      int[] next = {-1};
      return () -> {
        int from = next[0];
        if (from < 0) {
          next[0] = 0;
          return ByteBuffer.wrap(Wire.join(Wire.http2Opening(), open(0)));
        }
        next[0] += AT_ONCE;
        byte[][] all = new byte[AT_ONCE][];
        Arrays.setAll(all, i -> nth.apply(from + i + 1));
        return ByteBuffer.wrap(Wire.join(all));
      };
    }
  }

  /** A call that the downstream does not answer before it has said something. */
  private static byte[] open(int n) {
    return Wire.http2(HEADERS, END_HEADERS, 2 * n + 1, CHAT);
  }

  private static final List<Flood> FLOODS =
      List.of(
          Flood.ofStreams("rapid reset", id -> Wire.http2(RST_STREAM, 0, id, Wire.hex("00000008"))),
          Flood.ofStreams("windows of 0", id -> Wire.http2(WINDOW_UPDATE, 0, id, new byte[4])),
          Flood.ofStreams(
              "windows beyond all", id -> Wire.http2(WINDOW_UPDATE, 0, id, Wire.hex("7fffffff"))),
          Flood.ofStreams("second heads", id -> Wire.http2(HEADERS, END_HEADERS, id, CHAT)),
          Flood.of("settings", Wire.http2(4, 0, 0, Wire.hex("0004 000003e8"))),
          Flood.of("pings", Wire.http2(6, 0, 0, new byte[8])),
          Flood.of("windows", Wire.http2(WINDOW_UPDATE, 0, 0, Wire.hex("00000001"))),
          Flood.of("windows of a stream", Wire.http2(WINDOW_UPDATE, 0, 1, Wire.hex("00000001"))),
          Flood.of("priorities", Wire.http2(2, 0, 77, new byte[5])),
          Flood.of("goodbyes", Wire.http2(7, 0, 0, new byte[8])),
          Flood.of("unknown frames", Wire.http2(200, 0, 1, new byte[100])),
          Flood.of("empty data", Wire.http2(DATA, 0, 1)),
          Flood.of("nothing but padding", Wire.http2(DATA, PADDED, 1, Wire.hex("03 000000"))),
          new Flood("too many streams", Flood.CONTROL, HostileHttp2Test::open),
          new Flood(
              "header lists in endless pieces",
              "continuations",
              n -> n == 1 ? Wire.http2(HEADERS, 0, 3, CHAT) : Wire.http2(CONTINUATION, 0, 3)),
          new Flood(
              "bad padding", "padding", n -> Wire.http2(DATA, PADDED, 1, Wire.hex("c8 000000"))),
          new Flood("large frames", "Frame length", n -> Wire.http2(DATA, 0, 1, new byte[16_385])),
          new Flood("header bombs", Flood.RESETS, n -> bomb(2 * n + 1)));

  /** A header of 3,000 bytes, which goes into the table, and then its entry 100 times. */
  private static byte[] bomb(int stream) {
    byte[] again = new byte[100];
    Arrays.fill(again, (byte) 0xBE);
    return Wire.http2(
        HEADERS,
        END_HEADERS,
        stream,
        Wire.join(CHAT, Wire.hex("40 01 78 7f b916"), new byte[3000], again));
  }

  @Test
  void floodsAreCut() {
    Siege.besiege(
        "HTTP/2 floods",
        LOW,
        NEIGHBOURS,
        ROUNDS,
        (siege, swarm, random) -> {
          // One after another: all at once are too many for small machines, whoever serves them.
          for (Flood flood : FLOODS) {
            siege.beginPhase();
            for (int i = 0; i < OF_EACH; i++) {
              swarm.send(flood.name, flood.source());
            }
            swarm.run(swarm::isAllClosed, PATIENCE);
            siege.assertRefused(swarm, flood.name, flood.refusal, Flood.CONTROL, LATE);
            siege.assertNeighboursGoOn(flood.name);
          }
        });
  }

  /** Streams begin without a window. */
  private static final byte[] NO_WINDOW = Wire.http2Opening(Wire.hex("0004 00000000"));

  /** Asks for 64 answers of 8 KiB: more than the window of a stream. */
  private static byte[] ask(int stream) {
    // Msg {4: Plan {2: 64, 6: 8192}}.
    byte[] question = Wire.hex("00 00000007 22 05 10 40 30 80 40");
    return Wire.join(
        Wire.http2(HEADERS, END_HEADERS, stream, Wire.grpcHead("/interop.pb.InteropPb/Emit")),
        Wire.http2(DATA, END_STREAM, stream, question));
  }

  /** More than all connections may hold. */
  @Test
  void headerListsWithoutEndStayWithinTheBudget() {
    byte[] part = new byte[16_000];
    Siege.besiege(
        "HTTP/2 header lists without end",
        "",
        NEIGHBOURS,
        ROUNDS,
        (siege, swarm, random) -> {
          for (int i = 0; i < 400; i++) {
            byte[][] all = new byte[17][];
            Arrays.fill(all, Wire.http2(CONTINUATION, 0, 1, part));
            all[0] = Wire.join(Wire.http2Opening(), Wire.http2(HEADERS, 0, 1, part));
            swarm.send("header list", Wire.join(all));
          }
          swarm.run(swarm::isAllClosed, PATIENCE);
          siege.assertRefused(swarm, "header list", Siege.SLOW_FRAME, Siege.MEMORY, LATE);
        });
  }

  /** Large answers, for none of which there is ever room. */
  @Test
  void windowsThatNeverOpenAreCut() {
    int streams = 50;
    Siege.besiege(
        "HTTP/2 windows that never open",
        ", windowTimeout: 2s",
        NEIGHBOURS,
        ROUNDS,
        (siege, swarm, random) -> {
          byte[][] all = new byte[streams + 1][];
          Arrays.setAll(all, i -> i == 0 ? NO_WINDOW : ask(2 * i - 1));
          for (int i = 0; i < OF_EACH; i++) {
            swarm.send("no window", Wire.join(all));
          }
          swarm.run(swarm::isAllClosed, PATIENCE);
          // Where memory is short they are cut for that before their time is over.
          siege.assertRefused(swarm, "no window", "no flow-control credit", Siege.MEMORY, LATE);
        });
  }

  /** Many large answers, for each of which there is room for a byte now and then. */
  @Test
  void windowsOfAByteAreBounded() {
    int streams = 100;
    Siege.besiege(
        "HTTP/2 windows of a byte",
        "",
        NEIGHBOURS,
        ROUNDS,
        (siege, swarm, random) -> {
          for (int i = 0; i < 5; i++) {
            int[] next = {-1};
            long[] nextWindow = {0};
            swarm.send(
                "gRPC",
                () -> {
                  int n = next[0]++;
                  if (n < 0) {
                    return ByteBuffer.wrap(NO_WINDOW);
                  }
                  int id = 2 * (n % streams) + 1;
                  if (n < streams) {
                    return ByteBuffer.wrap(ask(id));
                  }
                  long now = System.nanoTime();
                  if (now < nextWindow[0]) {
                    next[0]--;
                    return ByteBuffer.allocate(0);
                  }
                  nextWindow[0] = now + TimeUnit.MILLISECONDS.toNanos(5);
                  return ByteBuffer.wrap(Wire.http2(WINDOW_UPDATE, 0, id, Wire.hex("00000001")));
                });
          }
          long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(6);
          swarm.run(() -> System.nanoTime() > end || swarm.isAllClosed(), PATIENCE);
          Soak.say(
              "HTTP/2 windows of a byte: %d KiB received of %d MiB",
              swarm.all().stream().mapToLong(Attacker::received).sum() / 1024,
              5L * streams * 64 * 8192 / MIB);
          assertThat(swarm.all()).extracting(Attacker::received).allMatch(bytes -> bytes > 0);
        });
  }
}
