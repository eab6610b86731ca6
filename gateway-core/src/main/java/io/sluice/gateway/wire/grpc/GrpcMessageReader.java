package io.sluice.gateway.wire.grpc;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.sluice.gateway.call.MessagePrefix;
import io.sluice.gateway.wire.Cumulation;
import io.sluice.gateway.wire.WireException;
import org.jspecify.annotations.Nullable;

/**
 * Cuts the DATA of one direction of a gRPC call into messages; see {@link MessagePrefix}.
 *
 * <p>Use: {@link #append}, then {@link #readPrefix} until it is there, then {@link #readPart} until
 * {@link #isPartDue} says no, and again. Nothing but an incomplete prefix waits in here if all that
 * is there is read.
 */
public final class GrpcMessageReader {
  private final ByteBufAllocator allocator;
  private @Nullable ByteBuf buffer;
  private boolean compressed;
  private long length;
  private long remaining;
  private boolean partDue;

  public GrpcMessageReader(ByteBufAllocator allocator) {
    this.allocator = allocator;
  }

  /**
   * Takes bytes.
   *
   * @param more handed over
   */
  public void append(ByteBuf more) {
    buffer = Cumulation.add(allocator, buffer, more);
    letGoIfRead();
  }

  /**
   * Reads the prefix of the next message. Not to be called before the last message is read.
   *
   * @return whether it is there
   * @throws WireException if it is none
   */
  public boolean readPrefix() {
    ByteBuf in = buffer;
    if (in == null || in.readableBytes() < MessagePrefix.SIZE) {
      return false;
    }
    int flag = MessagePrefix.flag(in, in.readerIndex());
    if (flag > 1) {
      throw new WireException("a gRPC message with flag " + flag);
    }
    compressed = flag == 1;
    length = MessagePrefix.length(in, in.readerIndex());
    in.skipBytes(MessagePrefix.SIZE);
    remaining = length;
    partDue = true;
    letGoIfRead();
    return true;
  }

  /** Bytes of memory that what was taken and not read occupies. */
  public int held() {
    return buffer == null ? 0 : buffer.capacity();
  }

  /** Whether the current message is compressed. */
  public boolean isCompressed() {
    return compressed;
  }

  /** Bytes of the current message as it came. */
  public long length() {
    return length;
  }

  /** Whether the current message still has a part to give, be it an empty one. */
  public boolean isPartDue() {
    return partDue;
  }

  /** Whether all that was taken are whole messages, read to their ends. */
  public boolean isBetweenMessages() {
    return !partDue && buffer == null;
  }

  /**
   * The next part of the current message.
   *
   * @return handed over; null if no bytes are there. An empty message is one empty part.
   */
  public @Nullable ByteBuf readPart() {
    ByteBuf in = buffer;
    if (!partDue || in == null && remaining > 0) {
      return null;
    }
    if (in == null || remaining == 0) {
      partDue = false;
      return Unpooled.EMPTY_BUFFER;
    }
    ByteBuf part;
    if (in.readableBytes() <= remaining) {
      part = in;
      buffer = null;
    } else {
      part = in.readRetainedSlice((int) remaining);
    }
    remaining -= part.readableBytes();
    partDue = remaining > 0;
    return part;
  }

  private void letGoIfRead() {
    if (buffer != null && !buffer.isReadable()) {
      buffer.release();
      buffer = null;
    }
  }

  /** Lets go of all bytes. */
  public void release() {
    partDue = false;
    if (buffer != null) {
      buffer.release();
      buffer = null;
    }
  }
}
