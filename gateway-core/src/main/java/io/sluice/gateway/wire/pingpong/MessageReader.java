package io.sluice.gateway.wire.pingpong;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.sluice.api.Protocol;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.wire.Cumulation;
import io.sluice.gateway.wire.Detector;
import io.sluice.gateway.wire.WireException;
import io.sluice.gateway.wire.WireLimits;
import io.sluice.gateway.wire.thrift.StructSkipper;
import io.sluice.gateway.wire.thrift.ThriftHead;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Cuts the bytes of one direction of a ping-pong connection into messages, whose framing and codec
 * are found out anew for each.
 *
 * <p>Use: {@link #append}, then {@link #readHead} until it is there, then {@link #readPart} until
 * {@link #isPartDue} says no, and again. A head is given out when the message, or the first {@value
 * #GATHER} bytes of it, are there: a slow sender does not occupy a downstream. A Buffered message,
 * whose length shows only at its end, is gathered whole.
 */
public final class MessageReader {
  /** Messages up to this size are given out in one part. */
  public static final int GATHER = 64 * 1024;

  private static final int MAX_METHOD = 4096;
  private static final int WASTE = 32 * 1024;

  private final ByteBufAllocator allocator;
  private final WireLimits limits;
  private final Envelope envelope;
  private @Nullable ByteBuf buffer;

  /** Bytes without which reading a head is not worth a try. */
  private int needed = Detector.BYTES;

  /** Made for the first Buffered message. */
  private @Nullable StructSkipper skipper;

  private boolean skipping;
  private long bodyRemaining;

  /** Bytes of the message's head in front of the next part, see {@code MessageHead}. */
  private int ahead;

  private boolean partDue;
  private byte[] lastMethodBytes = {};
  private String lastMethod = "";

  public MessageReader(ByteBufAllocator allocator, WireLimits limits) {
    this.allocator = allocator;
    this.limits = limits;
    this.envelope = new Envelope(limits);
  }

  /**
   * Takes bytes.
   *
   * @param more handed over
   */
  public void append(ByteBuf more) {
    long most = (long) limits.maxFrame() + limits.maxHeader();
    buffer = Cumulation.add(allocator, buffer, more, most);
  }

  /** Bytes taken and not given out yet. */
  public int buffered() {
    return buffer == null ? 0 : buffer.readableBytes();
  }

  /** Bytes of memory that what was taken occupies. */
  public int held() {
    Headers headers = envelope.headers();
    return (buffer == null ? 0 : buffer.capacity()) + (headers == null ? 0 : headers.footprint());
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
    begin();
    ahead = 0;
    bodyRemaining = 0;
    partDue = false;
  }

  /** What comes next is a new message. */
  private void begin() {
    needed = Detector.BYTES;
    skipping = false;
    envelope.reset();
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
    int missing = envelope.find(in, start);
    if (missing > 0) {
      needed = missing;
      return null;
    }
    int headAt = envelope.headAt();
    if (lacks(in, headAt + 8)) {
      return null;
    }
    int methodLength = in.getInt(start + headAt + 4);
    long most = Math.min(MAX_METHOD, envelope.length() - ThriftHead.FIXED);
    if (methodLength <= 0 || methodLength > most) {
      throw new WireException("method name of " + methodLength + " bytes");
    }
    int headLength = ThriftHead.FIXED + methodLength;
    long bodyLength;
    if (envelope.framing() == Protocol.BUFFERED) {
      bodyLength = skipBody(in, headAt + headLength);
      if (bodyLength == 0) {
        return null;
      }
    } else {
      bodyLength = envelope.length() - headLength;
      if (lacks(in, headAt + Math.min(envelope.length(), GATHER))) {
        return null;
      }
    }
    return message(in, start + headAt, headLength, bodyLength);
  }

  private PingPongMessage message(ByteBuf in, int head, int headLength, long bodyLength) {
    int seqId = in.getInt(head + headLength - 4);
    PingPongMessage message =
        new PingPongMessage(
            envelope.framing(),
            envelope.codec(),
            envelope.flags(),
            envelope.callId(seqId),
            envelope.headers(),
            in.getUnsignedShort(head + 2),
            method(in, head + 8, headLength - ThriftHead.FIXED),
            seqId,
            bodyLength,
            headLength);
    bodyRemaining = bodyLength;
    ahead = message.ahead();
    in.readerIndex(head + headLength - ahead);
    partDue = true;
    begin();
    return message;
  }

  /**
   * Goes on looking for the end of a Buffered body.
   *
   * @param bodyAt where it begins, from the start of the message
   * @return its length, or 0 if the end is not there yet
   */
  private long skipBody(ByteBuf in, int bodyAt) {
    if (lacks(in, bodyAt + 1)) {
      return 0;
    }
    StructSkipper body = skipper;
    if (body == null) {
      body = new StructSkipper();
      skipper = body;
    }
    if (!skipping) {
      body.begin(limits.maxFrame() + envelope.headAt() - bodyAt);
      skipping = true;
    }
    if (body.skip(in, in.readerIndex() + bodyAt)) {
      return body.length();
    }
    needed = (int) Math.min(Integer.MAX_VALUE, bodyAt + body.length() + 1);
    return 0;
  }

  /** Notes how many bytes of the message are needed, and whether some are missing. */
  private boolean lacks(ByteBuf in, long bytes) {
    needed = (int) bytes;
    return in.readableBytes() < bytes;
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
