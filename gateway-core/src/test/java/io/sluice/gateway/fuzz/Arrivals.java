package io.sluice.gateway.fuzz;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.sluice.gateway.testkit.Splits;
import io.sluice.gateway.wire.WireException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Function;

/**
 * What holds of every reader of a connection: however the same bytes arrive, the same is read of
 * them; what is no message ends in a {@link WireException} and in nothing else; memory is what has
 * come, rounded up as buffers are; and none is left.
 */
final class Arrivals {
  /** A buffer is as large as the next power of two, or twice as large when it has grown. */
  private static final int ROUNDING = 2;

  /**
   * The bytes of a header are copied, and each of its entries, of 3 bytes at least, has an index of
   * 16, which grows by doubling.
   */
  private static final int HEADER = 12;

  private static final int SMALL = 256;
  private static final int MOST_PIECES = 256;

  private Arrivals() {}

  /** Reads one direction of a connection. */
  interface Reading {
    /**
     * Takes bytes and reads on as far as they reach.
     *
     * @param more handed over
     * @throws WireException if they are none of this protocol's
     */
    void take(ByteBuf more, Transcript said);

    /** Bytes of memory that it says it holds. */
    int held();

    /** Lets go of all bytes. */
    void release();
  }

  /**
   * Reads the same bytes as one piece, in very small ones and in some of random lengths.
   *
   * @return what was read
   */
  static String check(byte[] input, Function<ByteBufAllocator, Reading> connection) {
    String whole = read(Splits.pieces(input, Math.max(1, input.length)), connection);
    int length = 1 + input.length / MOST_PIECES;
    equal(whole, read(Splits.pieces(input, length), connection));
    equal(whole, read(Splits.random(input, new Random(Arrays.hashCode(input))), connection));
    return whole;
  }

  private static String read(List<byte[]> pieces, Function<ByteBufAllocator, Reading> connection) {
    UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(false, true);
    Reading reading = connection.apply(allocator);
    Transcript said = new Transcript();
    int come = 0;
    try {
      for (byte[] piece : pieces) {
        come += piece.length;
        reading.take(allocator.heapBuffer(piece.length).writeBytes(piece), said);
        atMost(used(allocator), ROUNDING * come + SMALL, "bytes in buffers, came", come);
        atMost(reading.held(), (ROUNDING + HEADER) * come + SMALL, "bytes held, came", come);
      }
    } catch (WireException e) {
      isOneLine(e.getMessage());
      said.refused();
    } finally {
      reading.release();
    }
    atMost(used(allocator), 0, "bytes left behind, came", come);
    return said.toString();
  }

  private static long used(UnpooledByteBufAllocator allocator) {
    return allocator.metric().usedHeapMemory() + allocator.metric().usedDirectMemory();
  }

  private static void atMost(long bytes, long most, String what, int come) {
    if (bytes > most) {
      throw new AssertionError(bytes + " " + what + " " + come);
    }
  }

  private static void equal(String whole, String pieces) {
    if (!whole.equals(pieces)) {
      throw new AssertionError("as one piece:\n" + whole + "\nas many:\n" + pieces);
    }
  }

  /** What is said of bad bytes is for one line of the log. */
  static void isOneLine(String text) {
    if (text.isBlank() || text.contains("\n")) {
      throw new AssertionError("a refusal that is no line: " + text);
    }
  }
}
