package io.sluice.gateway.translate;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import org.jspecify.annotations.Nullable;

/**
 * The parts of one message until it is whole. A message that comes in one part stays as it is;
 * others are copied, so that many small parts do not keep alive what they were cut out of.
 */
final class Gathered {
  private final ByteBufAllocator allocator;
  private @Nullable ByteBuf bytes;
  private boolean ours;

  Gathered(ByteBufAllocator allocator) {
    this.allocator = allocator;
  }

  /**
   * Adds a part. Memory grows as bytes arrive, not as they are announced.
   *
   * @param part handed over
   * @param length bytes of the whole message
   */
  void add(ByteBuf part, long length) {
    ByteBuf before = bytes;
    if (before == null) {
      bytes = part;
      ours = false;
      return;
    }
    try {
      if (!ours) {
        int there = before.readableBytes() + part.readableBytes();
        bytes = allocator.ioBuffer((int) Math.min(length, 2L * there), (int) length);
        ours = true;
        try {
          bytes.writeBytes(before);
        } finally {
          before.release();
        }
      }
      bytes.writeBytes(part);
    } finally {
      part.release();
    }
  }

  /** Bytes up to now. */
  int size() {
    return bytes == null ? 0 : bytes.readableBytes();
  }

  /** Bytes of memory that they occupy. */
  int held() {
    return bytes == null ? 0 : bytes.capacity();
  }

  boolean isEmpty() {
    return bytes == null;
  }

  /** All that was added, handed over. */
  ByteBuf take() {
    ByteBuf taken = bytes;
    bytes = null;
    return taken;
  }

  void release() {
    if (bytes != null) {
      bytes.release();
      bytes = null;
    }
  }
}
