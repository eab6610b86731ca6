package io.sluice.gateway.wire.ttstream;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.sluice.gateway.wire.Cumulation;
import io.sluice.gateway.wire.Detector;
import io.sluice.gateway.wire.WireException;
import io.sluice.gateway.wire.WireLimits;
import io.sluice.gateway.wire.ttheader.TTHeader;
import org.jspecify.annotations.Nullable;

/**
 * Cuts the bytes of one direction of a ttstream connection into frames. Frames are given out whole:
 * those of other streams stand behind them and must not wait for half of one.
 */
public final class FrameReader {
  private final ByteBufAllocator allocator;
  private final WireLimits limits;
  private @Nullable ByteBuf buffer;

  /** Bytes of the next frame, as far as they are known. */
  private long needed = TTHeader.FIXED;

  public FrameReader(ByteBufAllocator allocator, WireLimits limits) {
    this.allocator = allocator;
    this.limits = limits;
  }

  /**
   * Takes bytes.
   *
   * @param more handed over
   */
  public void append(ByteBuf more) {
    buffer = Cumulation.add(allocator, buffer, more, needed);
  }

  /** Bytes taken and not given out yet. */
  public int buffered() {
    return buffer == null ? 0 : buffer.readableBytes();
  }

  /** Bytes of memory that what was taken occupies. */
  public int held() {
    return buffer == null ? 0 : buffer.capacity();
  }

  /**
   * The next frame, or null if more bytes are needed.
   *
   * @throws WireException if the bytes are no frame; the connection cannot be read on
   */
  public @Nullable Frame read() {
    ByteBuf in = buffer;
    if (in == null || in.readableBytes() < needed) {
      return null;
    }
    int start = in.readerIndex();
    if (in.getUnsignedShort(start + 4) != TTHeader.MAGIC
        || (in.getUnsignedShort(start + 6) & TTHeader.FLAG_STREAMING) == 0) {
      throw new WireException("no ttstream frame, " + Detector.describe(in));
    }
    TTHeader.sizeAt(in, start, limits);
    needed = 4 + in.getUnsignedInt(start);
    if (in.readableBytes() < needed) {
      return null;
    }
    TTHeader header = TTHeader.readAt(in, start, limits);
    in.skipBytes(header.size());
    int length = (int) header.payloadLength();
    ByteBuf payload = length == 0 ? Unpooled.EMPTY_BUFFER : in.readRetainedSlice(length);
    if (!in.isReadable()) {
      in.release();
      buffer = null;
    }
    needed = TTHeader.FIXED;
    return new Frame(FrameType.of(header.headers()), header.seqId(), header.headers(), payload);
  }

  /** Lets go of all bytes. */
  public void release() {
    if (buffer != null) {
      buffer.release();
      buffer = null;
    }
  }
}
