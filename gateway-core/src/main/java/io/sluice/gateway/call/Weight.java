package io.sluice.gateway.call;

import io.netty.buffer.ByteBuf;

/**
 * What is counted of a message while it is on its way: its bytes, and what it costs without any. So
 * one bound holds for few large messages as well as for many that are empty.
 */
public final class Weight {
  /**
   * Bytes of memory that a message takes beside its own: the frame around it, the buffers, and its
   * places in queues. Counted with the last part of a message, so not where the parts of a protocol
   * do not say which is the last, as those of gRPC.
   */
  public static final int MESSAGE = 256;

  private Weight() {}

  /** Bytes that count for a part of a message. */
  public static int of(ByteBuf part, boolean endOfMessage) {
    return endOfMessage ? part.readableBytes() + MESSAGE : part.readableBytes();
  }
}
