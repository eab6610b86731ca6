package io.sluice.gateway.exchange;

import io.netty.buffer.ByteBuf;
import io.sluice.gateway.call.MessagePrefix;

/**
 * Counts the messages of one direction of a stream as they begin, and looks how long they are,
 * whatever the parts in which they pass. Of gRPC it reads the five bytes before each message and
 * skips the rest; otherwise whoever gives the parts says where a message ends.
 */
final class MessageCount {
  private final boolean prefixed;

  /** Bytes of a gRPC message that are still to come. */
  private long left;

  /** Bytes of half a prefix, and the length so far as they say it. */
  private int prefixBytes;

  private int length;

  /** Of the message that passes, where it has no prefix; -1 between two. */
  private long size = -1;

  private long largest;

  /**
   * @param prefixed whether messages have gRPC's prefix
   */
  MessageCount(boolean prefixed) {
    this.prefixed = prefixed;
  }

  /**
   * The longest message so far, in bytes; one that is not complete counts as far as it is known.
   */
  long largest() {
    return largest;
  }

  /**
   * Looks at a part, and leaves it as it is.
   *
   * @return how many messages begin in it; a gRPC message begins with the end of its prefix
   */
  int pass(ByteBuf part, boolean endOfMessage) {
    return prefixed ? passPrefixed(part) : passWhole(part.readableBytes(), endOfMessage);
  }

  private int passWhole(int bytes, boolean endOfMessage) {
    int begun = size < 0 ? 1 : 0;
    size = Math.max(0, size) + bytes;
    largest = Math.max(largest, size);
    if (endOfMessage) {
      size = -1;
    }
    return begun;
  }

  private int passPrefixed(ByteBuf part) {
    int begun = 0;
    int end = part.writerIndex();
    for (int at = part.readerIndex(); at < end; ) {
      if (left > 0) {
        long skipped = Math.min(left, end - at);
        left -= skipped;
        at += (int) skipped;
        continue;
      }
      if (prefixBytes == 0 && end - at >= MessagePrefix.SIZE) {
        left = MessagePrefix.length(part, at);
        at += MessagePrefix.SIZE;
      } else {
        // The first byte says whether it is compressed, and is shifted out.
        length = length << Byte.SIZE | part.getUnsignedByte(at++);
        if (++prefixBytes < MessagePrefix.SIZE) {
          continue;
        }
        left = Integer.toUnsignedLong(length);
        prefixBytes = 0;
      }
      begun++;
      largest = Math.max(largest, left);
    }
    return begun;
  }
}
