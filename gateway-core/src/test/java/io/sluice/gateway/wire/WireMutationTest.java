package io.sluice.gateway.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import com.sun.management.ThreadMXBean;
import io.netty.buffer.ByteBufAllocatorMetric;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.sluice.api.Codec;
import io.sluice.gateway.fuzz.Target;
import io.sluice.gateway.testkit.Splits;
import io.sluice.gateway.testkit.Vectors;
import io.sluice.gateway.testkit.Vectors.Vector;
import io.sluice.gateway.wire.pingpong.ExceptionBody;
import io.sluice.gateway.wire.pingpong.MessageReader;
import io.sluice.gateway.wire.ttstream.FrameReader;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Bytes that are wrong in every way: refused with a {@link WireException}, and cheaply. */
@Timeout(value = 30, unit = TimeUnit.MINUTES)
class WireMutationTest {
  private static final WireLimits LIMITS = new WireLimits(64 << 20, 256 << 10, 1024);
  private static final int CASES = Boolean.getBoolean("sluice.soak") ? 1_000_000 : 10_000;
  private static final int[] INTS = {0, 1, -1, 4, 64, 0x7FFFFFFF, 0x80000000, 0x80010001, 0x1000};
  private static final List<Vector> VECTORS = Vectors.all().toList();

  /** All that read bytes of a connection. */
  private static final Set<Target> DECODERS =
      EnumSet.complementOf(EnumSet.of(Target.GRPC_TEXTS, Target.CONFIGURATION));

  /** The same cases each time, through every decoder, see there what holds. */
  @Test
  void damagedMessagesAreReadOrRefused() {
    Random random = new Random(20_260_101);
    long begin = System.nanoTime();
    for (int i = 0; i < CASES; i++) {
      Vector vector = VECTORS.get(random.nextInt(VECTORS.size()));
      byte[] bytes = vector.bytes();
      for (int n = 1 + random.nextInt(3); n > 0; n--) {
        bytes = mutated(bytes, random);
      }
      for (Target decoder : DECODERS) {
        use(decoder, bytes, "case " + i + ", " + vector);
      }
    }
    System.out.printf(
        "[soak] %d damaged messages through %s: %d s%n",
        CASES, DECODERS, TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begin));
  }

  @ParameterizedTest
  @CsvSource({
    "THRIFT_EXCEPTIONS, 0b00010000000f62697a206572726f723a20626f6f6d0800020000000600",
    "PROTOBUF_EXCEPTIONS, 0806120f62697a206572726f723a20626f6f6d",
  })
  void damagedExceptionsAreReadOrRefused(Target decoder, String hex) {
    byte[] good = HexFormat.of().parseHex(hex);
    Random random = new Random(11);
    for (int i = 0; i < CASES; i++) {
      use(decoder, mutated(good, random), "case " + i);
    }
  }

  private static void use(Target decoder, byte[] bytes, String which) {
    try {
      decoder.run(bytes);
    } catch (RuntimeException | Error e) {
      fail("%s, %s, %s", decoder, which, HexFormat.of().formatHex(bytes), e);
    }
  }

  private static byte[] mutated(byte[] from, Random random) {
    byte[] bytes = from.clone();
    int at = bytes.length == 0 ? 0 : random.nextInt(bytes.length);
    switch (random.nextInt(6)) {
      case 0 -> {
        return Arrays.copyOf(bytes, at);
      }
      case 1 -> {
        byte[] more = new byte[random.nextInt(20)];
        random.nextBytes(more);
        return Splits.glued(
            Arrays.copyOf(bytes, at), more, Arrays.copyOfRange(bytes, at, bytes.length));
      }
      case 2 -> {
        if (bytes.length - at >= 4) {
          int value = INTS[random.nextInt(INTS.length)];
          Unpooled.wrappedBuffer(bytes).setInt(at, value);
        }
      }
      case 3 -> {
        if (bytes.length - at >= 2) {
          Unpooled.wrappedBuffer(bytes).setShort(at, random.nextInt(3) - 1);
        }
      }
      case 4 -> {
        if (at < bytes.length) {
          bytes[at] = (byte) random.nextInt();
        }
      }
      default -> {
        if (at < bytes.length) {
          bytes[at] ^= (byte) (1 << random.nextInt(8));
        }
      }
    }
    return bytes;
  }

  private static void refuses(Runnable read) {
    try {
      read.run();
    } catch (WireException e) {
      assertThat(e.getMessage()).isNotBlank().doesNotContain("\n");
    }
  }

  /** Claims of 64 MiB that are allowed, and of 2 GiB that are not. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        // framed
        "03ffffff 80010001 00000004 4563686f 00000001",
        "7fffffff 80010001 00000004 4563686f 00000001",
        "ffffffff 80010001 00000004 4563686f 00000001",
        "03ffffff 80010001 7fffffff 4563686f 00000001",
        "03ffffff 80010001 03000000 4563686f 00000001",
        // TTHeader: the payload, the header, the number of keys, a frame in it
        "03ffffff 1000 0000 00000001 0001 00000000 80010001 00000004 4563686f",
        "7fffffff 1000 0000 00000001 0001 00000000 80010001 00000004 4563686f",
        "03ffffff 1000 0000 00000001 ffff 00000000 80010001 00000004 4563686f",
        "0000ffff 1000 0000 00000001 3000 00000000 80010001 00000004 4563686f",
        "03ffffff 1000 0000 00000001 0001 00 00 01 ff 80010001 00000004 4563686f",
        "03ffffff 1000 0000 00000001 0001 00000000 7fffffff 80010001 00000004",
        // Buffered: a text, a list, a map, a struct in a list
        "80010001 00000001 61 00000001 0b0001 03fffff0",
        "80010001 00000001 61 00000001 0f0001 0b 00fffff0",
        "80010001 00000001 61 00000001 0d0001 0b 0b 007ffff0",
        "80010001 00000001 61 00000001 0f0001 0c 7fffffff",
        "80010001 00000001 61 00000001 0f0001 02 80000000",
        // mesh header, Kitex Protobuf
        "ffafffff ffff 0001 61 0001 62",
        "03ffffff 90010001 03000000 4563686f 00000001",
        // ttstream
        "03ffffff 1000 0002 00000001 0001 10000000 00000000",
        "7fffffff 1000 0002 00000001 0001 10000000 00000000",
        "03ffffff 1000 0002 00000001 ffff 10000000 00000000",
      })
  void aClaimCostsNothing(String hex) {
    byte[] bytes = HexFormat.of().parseHex(hex.replace(" ", ""));
    claims(bytes, false);
    claims(bytes, true);
    long heap = allocated(() -> claims(bytes, false)) + allocated(() -> claims(bytes, true));
    assertThat(heap).as("bytes on the heap").isLessThan(64 << 10);
  }

  private static void claims(byte[] bytes, boolean streams) {
    UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(false, true);
    ByteBufAllocatorMetric metric = allocator.metric();
    MessageReader messages = new MessageReader(allocator, LIMITS);
    FrameReader frames = new FrameReader(allocator, LIMITS);
    for (byte[] piece : Splits.byteByByte(bytes)) {
      try {
        if (streams) {
          frames.append(allocator.heapBuffer(1).writeBytes(piece));
          assertThat(frames.read()).isNull();
        } else {
          messages.append(allocator.heapBuffer(1).writeBytes(piece));
          assertThat(messages.readHead()).isNull();
        }
      } catch (WireException e) {
        break;
      }
      assertThat(metric.usedHeapMemory() + metric.usedDirectMemory()).isLessThan(8 << 10);
    }
    messages.release();
    frames.release();
    assertThat(metric.usedHeapMemory() + metric.usedDirectMemory()).isZero();
  }

  /** An exception whose text claims to be longer than there is. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "0b0001 7fffffff 61",
        "0b0001 000fffff 61",
        "0f0001 0b 7fffffff 61",
        "12 ffffffff07 61",
        "12 ffff3f 61"
      })
  void aClaimInAnExceptionCostsNothing(String hex) {
    byte[] bytes = HexFormat.of().parseHex(hex.replace(" ", ""));
    Runnable read =
        () -> {
          refuses(() -> ExceptionBody.read(Codec.THRIFT, Unpooled.wrappedBuffer(bytes)));
          refuses(() -> ExceptionBody.read(Codec.PROTOBUF, Unpooled.wrappedBuffer(bytes)));
        };
    read.run();
    long heap = allocated(read);
    assertThat(heap).isLessThan(64 << 10);
  }

  private static long allocated(Runnable work) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long id = Thread.currentThread().getId();
    long before = threads.getThreadAllocatedBytes(id);
    work.run();
    return threads.getThreadAllocatedBytes(id) - before;
  }
}
