package io.sluice.gateway.wire.grpc;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;

/** Puts the five bytes of gRPC in front of a message; see {@link GrpcMessageReader}. */
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
    if (ahead >= GrpcMessageReader.PREFIX) {
      int at = part.readerIndex() - GrpcMessageReader.PREFIX;
      part.setByte(at, 0).setInt(at + 1, (int) length);
      return part.readerIndex(at);
    }
    int size = part.readableBytes();
    boolean copies = size <= COPY;
    ByteBuf prefix = allocator.ioBuffer(GrpcMessageReader.PREFIX + (copies ? size : 0));
    prefix.writeByte(0).writeInt((int) length);
    if (!copies) {
      return Unpooled.wrappedBuffer(prefix, part);
    }
    prefix.writeBytes(part);
    part.release();
    return prefix;
  }
}
