package io.sluice.gateway.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import org.jspecify.annotations.Nullable;

/** Puts bytes that have come behind those that wait. What has been read is let go of on the way. */
public final class Cumulation {
  private Cumulation() {}

  /**
   * @param waiting handed over; null if nothing waits
   * @param more handed over
   * @return both, handed over
   */
  public static ByteBuf add(ByteBufAllocator allocator, @Nullable ByteBuf waiting, ByteBuf more) {
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
      larger = allocator.ioBuffer(allocator.calculateNewCapacity(needed, Integer.MAX_VALUE));
      return larger.writeBytes(waiting).writeBytes(more);
    } finally {
      more.release();
      if (larger != null) {
        waiting.release();
      }
    }
  }
}
