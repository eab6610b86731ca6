package io.sluice.gateway.wire.pingpong;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.sluice.api.Codec;
import io.sluice.api.Protocol;
import io.sluice.gateway.call.MessageHead;
import io.sluice.gateway.wire.WireException;
import io.sluice.gateway.wire.thrift.ThriftHead;
import io.sluice.gateway.wire.ttheader.TTHeader;
import io.sluice.gateway.wire.ttheader.TTHeaderWriter;
import org.jspecify.annotations.Nullable;

/**
 * Puts a message into a framing. What of it stands in front of the body already is used as it is;
 * only a sequence id is written over. Reused, one a connection.
 */
public final class MessageWriter {
  /** Bodies up to this size are copied behind their header, which is cheaper than two buffers. */
  private static final int COPY = 2048;

  /** Adds the keys of a TTHeader. */
  @FunctionalInterface
  public interface Keys<T> {
    /** Writes them. */
    void write(TTHeaderWriter out, T of);
  }

  private final ByteBufAllocator allocator;
  private final int flags;
  private final TTHeaderWriter ttheader = new TTHeaderWriter();
  private @Nullable ByteBuf rest;

  public MessageWriter(ByteBufAllocator allocator) {
    this(allocator, 0);
  }

  /**
   * @param flags of every TTHeader
   */
  public MessageWriter(ByteBufAllocator allocator, int flags) {
    this.allocator = allocator;
    this.flags = flags;
  }

  /**
   * Begins a message. What is to be written is the returned buffer and then {@link #takeRest()}.
   *
   * @param framing the framing wanted; a Kitex Protobuf message has its frame length also in a
   *     plain TTHeader
   * @param head what is known of the message, its codec too, and what stands in front of {@code
   *     part}
   * @param type Thrift message type, which Kitex Protobuf uses too
   * @param part the first part of the body, handed over
   * @param keys called only for a framing with a TTHeader
   * @return handed over
   * @throws WireException if the message cannot be put into this framing; the part is released
   */
  public <T> ByteBuf begin(
      Protocol framing,
      MessageHead head,
      int type,
      String method,
      int seqId,
      ByteBuf part,
      Keys<T> keys,
      T of) {
    boolean thrift = head.codec == Codec.THRIFT;
    if (framing == Protocol.BUFFERED && !thrift) {
      part.release();
      throw new WireException("Kitex Protobuf has no Buffered form: it needs a frame length");
    }
    boolean wantsHeader = framing.carriesMetadata();
    boolean wantsLength = framing == Protocol.TTHEADER ? !thrift : framing != Protocol.BUFFERED;
    boolean hasHead = head.headAhead > 0 && head.type == type;
    boolean hasLength = hasHead && head.lengthAhead;
    int headSize = hasHead ? head.headAhead : ThriftHead.size(method);
    long messageLength = headSize + head.bodyLength;
    if (hasHead) {
      if (head.seqId != seqId) {
        part.setInt(part.readerIndex() - 4, seqId);
      }
      part.readerIndex(part.readerIndex() - headSize - (wantsLength && hasLength ? 4 : 0));
    }
    if (!wantsHeader && hasHead && (hasLength || !wantsLength)) {
      return part;
    }
    boolean copies = part.readableBytes() <= COPY;
    ByteBuf out =
        allocator.ioBuffer(
            (wantsHeader ? 512 : 32) + headSize + (copies ? part.readableBytes() : 0));
    boolean done = false;
    try {
      if (wantsHeader) {
        ttheader.begin(out, flags, seqId, TTHeader.PROTOCOL_THRIFT);
        keys.write(ttheader, of);
        ttheader.end(messageLength + (wantsLength ? 4 : 0));
      }
      if (wantsLength && !hasLength) {
        out.writeInt((int) messageLength);
      }
      if (!hasHead) {
        ThriftHead.write(out, head.codec, type, method, seqId);
      }
      done = true;
    } finally {
      if (!done) {
        out.release();
        part.release();
      }
    }
    if (copies) {
      out.writeBytes(part);
      part.release();
    } else {
      rest = part;
    }
    return out;
  }

  /** What follows the buffer that {@link #begin} returned; null if nothing. Handed over. */
  public @Nullable ByteBuf takeRest() {
    ByteBuf taken = rest;
    rest = null;
    return taken;
  }
}
