package io.sluice.gateway.client;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;

/**
 * What has been sent of a request, as long as a downstream that has not begun the call may let it
 * begin elsewhere. Copies it, as a slice would hold on to all that was read with it.
 */
final class Replay {
  /** Bytes that are kept of one request; of a longer one nothing is. */
  static final int BOUND = 64 * 1024;

  private @Nullable ByteBuf sent;
  private boolean incomplete;

  /**
   * Keeps a part, or lets go of all if it is one too many.
   *
   * @param part not handed over
   * @return how many bytes more are held now; negative if fewer
   */
  int keep(ByteBufAllocator allocator, ByteBuf part) {
    int size = part.readableBytes();
    if (incomplete || size == 0) {
      return 0;
    }
    int before = bytes();
    if (before + size > BOUND) {
      return -letGo();
    }
    if (sent == null) {
      sent = allocator.buffer(size, BOUND);
    }
    sent.writeBytes(part, part.readerIndex(), size);
    return size;
  }

  /** Bytes that are held. */
  int bytes() {
    return sent == null ? 0 : sent.readableBytes();
  }

  /** Whether all that was sent is held. */
  boolean isComplete() {
    return !incomplete;
  }

  /** All that was sent, handed over; from then on it is kept anew. */
  ByteBuf take() {
    ByteBuf all = sent == null ? Unpooled.EMPTY_BUFFER : sent;
    sent = null;
    return all;
  }

  /**
   * Keeps nothing of this request any more.
   *
   * @return how many bytes were held
   */
  int letGo() {
    int held = bytes();
    incomplete = true;
    if (sent != null) {
      sent.release();
      sent = null;
    }
    return held;
  }
}
