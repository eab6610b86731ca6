package io.sluice.gateway.wire.pingpong;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.sluice.api.Codec;
import io.sluice.api.Protocol;
import io.sluice.gateway.wire.Cumulation;
import io.sluice.gateway.wire.Detector;
import io.sluice.gateway.wire.WireException;
import io.sluice.gateway.wire.WireLimits;
import io.sluice.gateway.wire.thrift.ThriftHead;
import io.sluice.gateway.wire.ttheader.TTHeader;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Cuts the bytes of one direction of a ping-pong connection into messages, whose framing is found
 * out anew for each ({@code pkg/remote/codec/default_codec.go:checkPayload}).
 *
 * <pre>
 *   len·1000·…·header  80 01 …          TTHeader
 *   len·1000·…·header  len 80 01 …      TTHeader, framed
 *                      len 80 01 …      Framed
 * </pre>
 *
 * <p>Use: {@link #append}, then {@link #readHead} until it is there, then {@link #readPart} until
 * {@link #isPartDue} says no, and again. A head is given out when the message, or the first {@value
 * #GATHER} bytes of it, are there: a slow sender does not occupy a downstream.
 */
public final class MessageReader {
  /** Messages up to this size are given out in one part. */
  public static final int GATHER = 64 * 1024;

  private static final int MAX_METHOD = 4096;
  private static final int WASTE = 32 * 1024;

  private final ByteBufAllocator allocator;
  private final WireLimits limits;
  private @Nullable ByteBuf buffer;

  /** Bytes without which reading a head is not worth a try. */
  private int needed = Detector.BYTES;

  private long bodyRemaining;

  /** Bytes of the message's head in front of the next part, see {@code MessageHead}. */
  private int ahead;

  private boolean partDue;
  private byte[] lastMethodBytes = {};
  private String lastMethod = "";

  public MessageReader(ByteBufAllocator allocator, WireLimits limits) {
    this.allocator = allocator;
    this.limits = limits;
  }

  /**
   * Takes bytes.
   *
   * @param more handed over
   */
  public void append(ByteBuf more) {
    buffer = Cumulation.add(allocator, buffer, more);
  }

  /** Bytes taken and not given out yet. */
  public int buffered() {
    return buffer == null ? 0 : buffer.readableBytes();
  }

  /** Bytes of memory that what was taken occupies. */
  public int held() {
    return buffer == null ? 0 : buffer.capacity();
  }

  /** Whether the current message still has a part to give, be it an empty one. */
  public boolean isPartDue() {
    return partDue;
  }

  /** Lets go of all bytes. */
  public void release() {
    if (buffer != null) {
      buffer.release();
      buffer = null;
    }
    ahead = 0;
    bodyRemaining = 0;
    partDue = false;
  }

  /**
   * Reads the next message's head. Not to be called before the body of the last is read.
   *
   * @return null if more bytes are needed
   * @throws WireException if the bytes are no message that may be sent here
   */
  public @Nullable PingPongMessage readHead() {
    ByteBuf in = buffer;
    if (in == null || in.readableBytes() < needed) {
      return null;
    }
    int start = in.readerIndex();
    if (in.getUnsignedShort(start + 4) != TTHeader.MAGIC) {
      return readMessage(in, start, start, null);
    }
    if (lacks(in, start, TTHeader.FIXED)) {
      return null;
    }
    int size = TTHeader.sizeAt(in, start, limits);
    if (lacks(in, start, size + Detector.BYTES)) {
      if (payloadAt(in, start, size) < Detector.BYTES) {
        throw new WireException("TTHeader without a message");
      }
      return null;
    }
    return readMessage(in, start, start + size, TTHeader.readAt(in, start, limits));
  }

  private static long payloadAt(ByteBuf in, int start, int size) {
    return in.getUnsignedInt(start) + 4 - size;
  }

  /**
   * @param at where Thrift or its frame length begins
   * @param ttheader what stands before it, or null
   */
  private @Nullable PingPongMessage readMessage(
      ByteBuf in, int start, int at, @Nullable TTHeader ttheader) {
    Protocol framing;
    long length;
    int head;
    if (ttheader != null && in.getUnsignedShort(at) == ThriftHead.MAGIC) {
      framing = Protocol.TTHEADER;
      length = ttheader.payloadLength();
      head = at;
    } else if (in.getUnsignedShort(at + 4) == ThriftHead.MAGIC) {
      framing = ttheader == null ? Protocol.FRAMED : Protocol.TTHEADER_FRAMED;
      length = in.getUnsignedInt(at);
      head = at + 4;
      if (ttheader != null && length != ttheader.payloadLength() - 4) {
        throw new WireException("frame length and TTHeader length contradict each other");
      }
    } else {
      throw new WireException(Detector.describe(in));
    }
    if (length > limits.maxFrame()) {
      throw new WireException("message of " + length + " bytes, the limit is " + limits.maxFrame());
    }
    if (length < ThriftHead.FIXED) {
      throw new WireException("message of " + length + " bytes, too short to be one");
    }
    if (lacks(in, start, head - start + 8)) {
      return null;
    }
    int methodLength = in.getInt(head + 4);
    if (methodLength <= 0 || methodLength > Math.min(MAX_METHOD, length - ThriftHead.FIXED)) {
      throw new WireException("method name of " + methodLength + " bytes");
    }
    if (lacks(in, start, (int) (head - start + Math.min(length, GATHER)))) {
      return null;
    }
    int headLength = ThriftHead.FIXED + methodLength;
    PingPongMessage message =
        new PingPongMessage(
            framing,
            Codec.THRIFT,
            ttheader == null ? 0 : ttheader.flags(),
            ttheader == null ? null : ttheader.headers(),
            in.getUnsignedShort(head + 2),
            method(in, head + 8, methodLength),
            in.getInt(head + 8 + methodLength),
            length - headLength,
            headLength);
    needed = Detector.BYTES;
    bodyRemaining = message.bodyLength();
    ahead = headLength + (framing == Protocol.TTHEADER ? 0 : 4);
    in.readerIndex(head + headLength - ahead);
    partDue = true;
    return message;
  }

  /**
   * Notes how many bytes from the start of the message are needed, and whether some are missing.
   */
  private boolean lacks(ByteBuf in, int start, int bytes) {
    needed = bytes;
    return in.writerIndex() - start < bytes;
  }

  /** A small body behind a large header would keep all of its memory until it has left. */
  private static boolean isMostlyWaste(ByteBuf in, int size) {
    return in.capacity() > WASTE && size < in.capacity() / 4;
  }

  private ByteBuf copy(ByteBuf in, int size) {
    ByteBuf copy = allocator.ioBuffer(size).writeBytes(in, size);
    in.release();
    return copy;
  }

  private String method(ByteBuf in, int at, int length) {
    if (length == lastMethodBytes.length) {
      int i = 0;
      while (i < length && in.getByte(at + i) == lastMethodBytes[i]) {
        i++;
      }
      if (i == length) {
        return lastMethod;
      }
    }
    byte[] bytes = new byte[length];
    in.getBytes(at, bytes);
    lastMethodBytes = bytes;
    lastMethod = new String(bytes, StandardCharsets.UTF_8);
    return lastMethod;
  }

  /**
   * The next part of the body.
   *
   * @return handed over; null if no bytes are there. An empty body is one empty part.
   */
  public @Nullable ByteBuf readPart() {
    if (!partDue) {
      return null;
    }
    ByteBuf in = buffer;
    if (in == null) {
      return null;
    }
    int length = (int) Math.min(bodyRemaining, in.readableBytes() - ahead);
    if (length == 0 && bodyRemaining > 0) {
      return null;
    }
    ByteBuf part;
    int size = ahead + length;
    if (size == in.readableBytes()) {
      part = isMostlyWaste(in, size) ? copy(in, size) : in;
      buffer = null;
    } else {
      part = in.readRetainedSlice(size);
    }
    part.skipBytes(ahead);
    ahead = 0;
    bodyRemaining -= length;
    partDue = bodyRemaining > 0;
    return part;
  }
}
