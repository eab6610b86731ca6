package io.sluice.gateway.wire.grpc;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.sluice.gateway.call.MessagePrefix;

/** Puts the five bytes of gRPC in front of a message; see {@link MessagePrefix}. */
public final class GrpcPrefix {
  /** Messages up to this size are copied behind it, which is cheaper than two buffers. */
  private static final int COPY = 2048;

  private GrpcPrefix() {}

  /**
   * Begins a message that is not compressed.
   *
   * @param length bytes of the message
   * @param part the first of it, handed over
   * @param ahead bytes in front of the part that may be written over
   * @return handed over
   */
  public static ByteBuf before(ByteBufAllocator allocator, long length, ByteBuf part, int ahead) {
    if (ahead >= MessagePrefix.SIZE) {
      int at = part.readerIndex() - MessagePrefix.SIZE;
      MessagePrefix.set(part, at, 0, length);
      return part.readerIndex(at);
    }
    int size = part.readableBytes();
    boolean copies = size <= COPY;
    ByteBuf prefix = allocator.ioBuffer(MessagePrefix.SIZE + (copies ? size : 0));
    MessagePrefix.set(prefix, 0, 0, length);
    prefix.writerIndex(MessagePrefix.SIZE);
    if (!copies) {
      return Unpooled.wrappedBuffer(prefix, part);
    }
    prefix.writeBytes(part);
    part.release();
    return prefix;
  }
}
