package io.sluice.interop.soak;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.interop.soak.Swarm.Attacker;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Messages that claim more than there is, want more than there can be or never end, beside honest
 * callers, on a gateway with 128 MiB of heap and as much direct memory: see {@link Siege}.
 */
@Timeout(value = 20, unit = TimeUnit.MINUTES)
final class HostileMessagesTest {
  private static final int MIB = 1 << 20;
  private static final int ROUNDS = Soak.pick(2, 10);
  private static final int KEYS = 10_000;
  private static final int OUT_OF_ORDER = 1;
  private static final int DEEPEST = 64;
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** The head of a call of {@code Void}. */
  private static final String HEAD = "8001 0001 00000004 566f6964 00000001";

  private static byte[] voidCall(int seqId) {
    return Wire.message("Void", seqId, Wire.binary(Wire.ascii("x")));
  }

  /** Connections of each kind, all of which are to be closed at once for that reason. */
  private record Lie(byte[] bytes, String refusal) {}

  private static void refuseAll(String name, int ofEach, Map<String, Lie> lies) {
    Siege.besiege(
        name,
        ROUNDS,
        (siege, swarm, random) -> {
          lies.forEach(
              (kind, lie) -> {
                for (int i = 0; i < ofEach; i++) {
                  swarm.send(kind, lie.bytes());
                }
              });
          swarm.run(swarm::isAllClosed, PATIENCE);
          lies.forEach((kind, lie) -> siege.assertRefused(swarm, kind, lie.refusal()));
        });
  }

  @Test
  void tenThousandKeysAreRefused() {
    byte[] oneSection = Wire.strings(KEYS, 1);
    byte[][] sections = new byte[KEYS / 1000][];
    Arrays.fill(sections, Wire.strings(1000, 1));
    Object[] integers = new Object[2 * KEYS];
    for (int i = 0; i < KEYS; i++) {
      integers[2 * i] = i;
      integers[2 * i + 1] = "v";
    }
    byte[] tokens = new byte[3 * KEYS];
    for (int i = 0; i < KEYS; i++) {
      tokens[3 * i] = 0x11;
    }
    byte[] call = Wire.framed(voidCall(1));
    String refusal = "TTHeader with more than 1024 keys";
    Map<String, Lie> lies = new TreeMap<>();
    lies.put("one section", new Lie(Wire.ttheader(0, 1, oneSection, call), refusal));
    lies.put("many sections", new Lie(Wire.ttheader(0, 1, Wire.join(sections), call), refusal));
    lies.put("numbers", new Lie(Wire.ttheader(0, 1, Wire.integers(integers), call), refusal));
    lies.put("tokens", new Lie(Wire.ttheader(0, 1, tokens, call), refusal));
    lies.put("ttstream", new Lie(Wire.ttheader(2, 1, oneSection, new byte[0]), refusal));
    lies.put(
        "mesh header",
        new Lie(
            Wire.join(mesh(2 + 4 * KEYS, KEYS), new byte[4 * KEYS], call),
            "mesh header with more than 1024 keys"));
    refuseAll("10,000 keys", 50, lies);
  }

  /** A mesh header's size and count, behind which its pairs have to come. */
  private static byte[] mesh(int size, int count) {
    return ByteBuffer.allocate(6)
        .putShort((short) 0xFFAF)
        .putShort((short) size)
        .putShort((short) count)
        .array();
  }

  @Test
  void claimsAreRefusedAtOnce() {
    Map<String, Lie> lies = new TreeMap<>();
    String values = "more than can follow";
    String tooLong = "a Thrift struct of more than";
    String negative = "a Thrift value with the size -";
    lies.put("list of structs, 2^31-1", buffered("0f0001 0c 7fffffff", values));
    lies.put("list of texts, 2^31-1", buffered("0f0001 0b 7fffffff", values));
    lies.put("set of lists, 2^31-1", buffered("0e0001 0f 7fffffff", values));
    lies.put("map, 2^31-1", buffered("0d0001 0b 0c 7fffffff", values));
    lies.put("list of bytes, 2^31-1", buffered("0f0001 03 7fffffff", tooLong));
    lies.put("list of longs, 2^31-1", buffered("0f0001 0a 7fffffff", tooLong));
    lies.put("text, 2^31-1", buffered("0b0001 7fffffff", tooLong));
    lies.put("list, 2^31", buffered("0f0001 08 80000000", negative));
    lies.put("map, 2^32-1", buffered("0d0001 0b 0b ffffffff", negative));
    lies.put("list in lists", buffered("0f0001 0f 00000001 0f 00000001 0c 7fffffff", values));
    lies.put("unknown type", buffered("110001 00000000", "the unknown type 17"));
    String head = "9001 0001 00000004 566f6964 00000001";
    lies.put("Protobuf, 2 GiB", lie("7fffffff" + head, "message of 2147483647 bytes"));
    lies.put("Protobuf, 4 GiB", lie("ffffffff" + head, "message of 4294967295 bytes"));
    lies.put("Protobuf, unframed", lie(head, "no protocol of ours"));
    lies.put(
        "Protobuf, 2 GiB in a TTHeader",
        lie("7fffffff 1000 0000 00000001 0001 0000 0000 7ffffff1" + head, "TTHeader payload of"));
    lies.put(
        "Protobuf, frame of 2 GiB in a TTHeader",
        lie("00000030 1000 0000 00000001 0001 0000 0000 7fffffff" + head, "contradict each other"));
    for (int length : new int[] {Integer.MAX_VALUE, -1, 0, 4097}) {
      String method = String.format("%08x 566f6964", length);
      String refusal = "method name of " + length + " bytes";
      lies.put("Framed, method of " + length, lie("00100000 8001 0001" + method, refusal));
      lies.put("Buffered, method of " + length, lie("8001 0001" + method, refusal));
      lies.put("Protobuf, method of " + length, lie("00100000 9001 0001" + method, refusal));
      lies.put(
          "TTHeader, method of " + length,
          lie("00100000 1000 0000 00000001 0001 0000 0000 8001 0001" + method, refusal));
    }
    lies.put("mesh header, 65,535 keys", lie("ffaf 0004 ffff 0000", "mesh header with more than"));
    lies.put("mesh header, a cut pair", lie("ffaf 0006 0001 ffff 0000", "mesh header with a cut"));
    lies.put("mesh header of no bytes", lie("ffaf 0000" + HEAD, "mesh header with a cut"));
    lies.put(
        "mesh header, then one", lie("ffaf 0002 0000 ffaf 0002 0000 0000 0000", "no protocol"));
    refuseAll("claims", 20, lies);
  }

  private static Lie buffered(String struct, String refusal) {
    return lie(HEAD + struct, refusal);
  }

  private static Lie lie(String hex, String refusal) {
    return new Lie(Wire.hex(hex), refusal);
  }

  /** As deep as Kitex goes, and not a level deeper. */
  @Test
  void structsNestedToTheLimitAreServed() {
    byte[] served = Wire.message("Void", 1, nested(DEEPEST));
    byte[] refused = Wire.message("Void", 1, nested(DEEPEST + 1));
    byte[] bottomless = Wire.message("Void", 1, nested(MIB));
    Siege.besiege(
        "nested structs",
        ROUNDS,
        (siege, swarm, random) -> {
          for (int i = 0; i < 200; i++) {
            swarm.send("64 deep", served);
            swarm.send("65 deep", refused);
          }
          for (int i = 0; i < 20; i++) {
            swarm.send("a million deep", bottomless);
          }
          swarm.run(
              () ->
                  swarm.all().stream()
                      .allMatch(a -> a.kind().equals("64 deep") ? a.received() > 0 : a.isClosed()),
              PATIENCE);
          assertThat(swarm.all(a -> a.kind().equals("64 deep") && a.received() == 0))
              .as("structs nested 64 deep without an answer")
              .isEmpty();
          siege.assertRefused(swarm, "65 deep", "nested deeper than 64");
          siege.assertRefused(swarm, "a million deep", "nested deeper than 64");
        });
  }

  /** {@code struct {1: binary, 99: struct {99: struct …}}}. */
  private static byte[] nested(int depth) {
    byte[] text = Wire.binary(Wire.ascii("x"));
    ByteBuffer out = ByteBuffer.allocate(text.length - 1 + 3 * (depth - 1) + depth);
    out.put(text, 0, text.length - 1);
    for (int i = 1; i < depth; i++) {
      out.put((byte) 0x0C).putShort((short) 99);
    }
    return out.array();
  }

  @Test
  void bufferedMessagesWithoutEndAreCut() {
    byte[] head = Wire.hex(HEAD);
    byte[] field = Wire.binary(new byte[64 * 1024]);
    // Without its stop, the struct goes on.
    byte[] more = Arrays.copyOf(field, field.length - 1);
    byte[] half = Arrays.copyOf(Wire.join(head, more), 32 * 1024);
    Siege.besiege(
        "Buffered without end",
        ROUNDS,
        (siege, swarm, random) -> {
          for (int i = 0; i < 100; i++) {
            swarm.send("stops", half);
          }
          for (int i = 0; i < 20; i++) {
            boolean[] begun = {false};
            swarm.send(
                "goes on",
                () -> {
                  boolean first = !begun[0];
                  begun[0] = true;
                  return ByteBuffer.wrap(first ? head : more);
                });
          }
          swarm.run(swarm::isAllClosed, PATIENCE);
          siege.assertRefused(swarm, "stops", Siege.SLOW_FRAME);
          siege.assertRefused(
              swarm, "goes on", Siege.SLOW_FRAME, Siege.MEMORY, "a Thrift struct of more than");
        });
  }

  /**
   * Replies of 4 KiB that nobody reads, and calls that are all open at once. The latter are fewer
   * than the cluster has connections, of which honest callers want one each.
   */
  @Test
  void multiplexedRepliesThatNobodyReadsAreBounded() {
    byte[] large = multiplexed("Blob", Wire.binary(new byte[4096]));
    byte[] slow = multiplexed("Sleep", Wire.number(2000));
    int largeCalls = 5000;
    int slowCalls = 480;
    Siege.besiege(
        "multiplexed, replies not read",
        ROUNDS,
        (siege, swarm, random) -> {
          for (int i = 0; i < 10; i++) {
            swarm.send("large", times(largeCalls, large)).deaf();
          }
          for (int i = 0; i < 2; i++) {
            swarm.send("slow", times(slowCalls, slow)).deaf();
          }
          swarm.runUntilStill(PATIENCE);
          Soak.say(
              "multiplexed: %d of %d MiB were taken",
              swarm.all().stream().mapToLong(Attacker::sent).sum() / MIB,
              (10L * largeCalls * large.length + 2L * slowCalls * slow.length) / MIB);
        });
  }

  private static Swarm.Source times(int times, byte[] bytes) {
    int[] left = {times};
    return () -> left[0]-- > 0 ? ByteBuffer.wrap(bytes) : null;
  }

  private static byte[] multiplexed(String method, byte[] struct) {
    byte[] call = Wire.framed(Wire.message(method, 7, struct));
    return Wire.ttheader(OUT_OF_ORDER, 7, Wire.service("InteropService"), call);
  }
}
