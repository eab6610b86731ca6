package io.sluice.gateway.wire.thrift;

import io.netty.buffer.ByteBuf;
import io.sluice.gateway.wire.WireException;
import java.util.Arrays;

/**
 * Finds the end of a Thrift binary struct whose length is not on the wire ({@code
 * gopkg:protocol/thrift/skipdecoder_tpl.go}), as its bytes arrive: {@link #begin}, then {@link
 * #skip} whenever there are more, until it says that the struct has ended. Each byte is looked at
 * once at most, values of a fixed size and texts not at all.
 *
 * <pre>
 *   struct     (type 1, id 2, value)* 00        text       length 4, bytes
 *   map        key type 1, value type 1, count 4, (key, value)*
 *   set, list  type 1, count 4, value*
 * </pre>
 *
 * <p>What a peer claims costs nothing: a length or count is refused at once if the struct could not
 * end within the limit any more, and no memory depends on it.
 */
public final class StructSkipper {
  /** So deep may structs and containers be nested, as in Kitex. */
  public static final int MAX_DEPTH = 64;

  private static final int STOP = 0;
  private static final int BOOL = 2;
  private static final int BYTE = 3;
  private static final int DOUBLE = 4;
  private static final int I16 = 6;
  private static final int I32 = 8;
  private static final int I64 = 10;
  private static final int STRING = 11;
  private static final int STRUCT = 12;
  private static final int MAP = 13;
  private static final int SET = 14;
  private static final int LIST = 15;

  private static final int FIELD_HEAD = 3;
  private static final int NO_TYPE = -1;

  /** In place of a number of values: the fields of a struct, up to the one that stops it. */
  private static final long UNTIL_STOP = -1;

  private long maxBytes;

  /** Of each open struct or container: how many values are still to come. */
  private long[] left = new long[4];

  /** Of each open container: what its values are; those of a map take turns. */
  private byte[] evenTypes = new byte[4];

  private byte[] oddTypes = new byte[4];
  private int depth;

  /** The type of a value whose own head has not been read yet. */
  private int pending;

  /** Bytes from the start of the struct to the next one of interest; may not be there yet. */
  private long position;

  /**
   * A new struct.
   *
   * @param maxBytes the longest that it may be
   */
  public void begin(int maxBytes) {
    this.maxBytes = maxBytes;
    position = 0;
    depth = 0;
    pending = NO_TYPE;
    open(UNTIL_STOP, STOP, STOP);
  }

  /** Bytes of the struct, once it has ended; until then so many are known to belong to it. */
  public long length() {
    return position;
  }

  /**
   * Goes on as far as the bytes reach that are there.
   *
   * @param in is not read from, only looked at
   * @param start where in it the struct begins
   * @return whether the struct has ended
   * @throws WireException if the bytes are no struct, or one beyond the limits
   */
  public boolean skip(ByteBuf in, int start) {
    int end = in.writerIndex() - start;
    while (depth > 0) {
      if (pending != NO_TYPE) {
        if (!value(in, start, end)) {
          return false;
        }
      } else if (left[depth - 1] == 0) {
        depth--;
      } else if (left[depth - 1] != UNTIL_STOP) {
        int top = depth - 1;
        pending = ((left[top]-- & 1) == 0 ? evenTypes[top] : oddTypes[top]) & 0xFF;
      } else if (position >= end) {
        return false;
      } else {
        int type = in.getUnsignedByte(start + (int) position);
        if (type == STOP) {
          advance(1);
          depth--;
        } else if (end - position < FIELD_HEAD) {
          return false;
        } else {
          advance(FIELD_HEAD);
          pending = type;
        }
      }
    }
    return true;
  }

  /** Skips the pending value, or opens it if others are in it; false if its head is cut. */
  private boolean value(ByteBuf in, int start, int end) {
    int fixed = fixedSize(pending);
    int head = fixed > 0 ? 0 : headSize(pending);
    if (end - position < head) {
      return false;
    }
    int at = start + (int) position;
    int type = pending;
    pending = NO_TYPE;
    advance(head);
    switch (type) {
      case STRING -> advance(claimed(in.getInt(at)));
      case STRUCT -> open(UNTIL_STOP, STOP, STOP);
      case SET, LIST ->
          values(claimed(in.getInt(at + 1)), in.getUnsignedByte(at), in.getUnsignedByte(at));
      case MAP ->
          values(
              2 * claimed(in.getInt(at + 2)), in.getUnsignedByte(at), in.getUnsignedByte(at + 1));
      default -> advance(fixed);
    }
    return true;
  }

  /**
   * Skips or opens what is in a container.
   *
   * @param count of values; keys and values of a map each count
   */
  private void values(long count, int evenType, int oddType) {
    if (count == 0) {
      // Some peers write no types then.
      return;
    }
    int evenSize = fixedSize(evenType);
    int oddSize = fixedSize(oddType);
    if (evenSize > 0 && oddSize > 0) {
      // An odd count is that of a list, whose types are the same.
      advance(count * (evenSize + oddSize) / 2);
      return;
    }
    long least = count * (leastSize(evenType) + leastSize(oddType)) / 2;
    if (least > maxBytes - position) {
      throw new WireException("a Thrift container of " + count + " values, more than can follow");
    }
    open(count, evenType, oddType);
  }

  private static int fixedSize(int type) {
    return switch (type) {
      case BOOL, BYTE -> 1;
      case I16 -> 2;
      case I32 -> 4;
      case I64, DOUBLE -> 8;
      default -> 0;
    };
  }

  private static int headSize(int type) {
    return switch (type) {
      case STRUCT -> 0;
      case STRING -> 4;
      case SET, LIST -> 5;
      case MAP -> 6;
      default -> throw new WireException("a Thrift value of the unknown type " + type);
    };
  }

  private static int leastSize(int type) {
    int fixed = fixedSize(type);
    // The shortest struct is its stop.
    return fixed > 0 ? fixed : Math.max(1, headSize(type));
  }

  private static long claimed(int size) {
    if (size < 0) {
      throw new WireException("a Thrift value with the size " + size);
    }
    return size;
  }

  private void advance(long bytes) {
    position += bytes;
    if (position > maxBytes) {
      throw new WireException("a Thrift struct of more than " + maxBytes + " bytes");
    }
  }

  private void open(long count, int evenType, int oddType) {
    if (depth == MAX_DEPTH) {
      throw new WireException("a Thrift struct nested deeper than " + MAX_DEPTH);
    }
    if (depth == left.length) {
      left = Arrays.copyOf(left, 2 * depth);
      evenTypes = Arrays.copyOf(evenTypes, 2 * depth);
      oddTypes = Arrays.copyOf(oddTypes, 2 * depth);
    }
    left[depth] = count;
    evenTypes[depth] = (byte) evenType;
    oddTypes[depth] = (byte) oddType;
    depth++;
  }
}
