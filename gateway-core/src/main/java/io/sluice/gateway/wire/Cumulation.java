package io.sluice.gateway.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import org.jspecify.annotations.Nullable;

/** Puts bytes that have come behind those that wait. What has been read is let go of on the way. */
public final class Cumulation {
  /** Up to so many bytes Netty doubles a buffer, to sizes that its allocator likes; beyond, not. */
  private static final int DOUBLED = 4 << 20;

  private Cumulation() {}

  /**
   * @param waiting handed over; null if nothing waits
   * @param more handed over
   * @return both, handed over
   */
  public static ByteBuf add(ByteBufAllocator allocator, @Nullable ByteBuf waiting, ByteBuf more) {
    return add(allocator, waiting, more, Integer.MAX_VALUE);
  }

  /**
   * Adds to something whose length may be known. The memory taken for it is up to twice what is
   * there, so that it is not copied again and again, and not more than it will have in the end.
   *
   * @param waiting handed over; null if nothing waits
   * @param more handed over
   * @param whole bytes of all that is to come together; less than is there if that is not known
   * @return both, handed over
   */
  public static ByteBuf add(
      ByteBufAllocator allocator, @Nullable ByteBuf waiting, ByteBuf more, long whole) {
    if (waiting == null) {
      return more;
    }
    int needed = waiting.readableBytes() + more.readableBytes();
    // Slices that were given out must find their bytes where they were.
    boolean ours = waiting.refCnt() == 1 && !waiting.isReadOnly();
    if (ours && waiting.writableBytes() < more.readableBytes() && needed <= waiting.capacity()) {
      waiting.discardReadBytes();
    }
    if (ours && waiting.writableBytes() >= more.readableBytes()) {
      waiting.writeBytes(more);
      more.release();
      return waiting;
    }
    ByteBuf larger = null;
    try {
      long doubled =
          needed < DOUBLED
              ? allocator.calculateNewCapacity(needed, Integer.MAX_VALUE)
              : 2L * needed;
      larger = allocator.ioBuffer((int) Math.max(needed, Math.min(whole, doubled)));
      return larger.writeBytes(waiting).writeBytes(more);
    } finally {
      more.release();
      if (larger != null) {
        waiting.release();
      }
    }
  }
}
