package io.sluice.testkit;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.sluice.api.Protocol;
import io.sluice.gateway.call.MessagePrefix;
import io.sluice.gateway.wire.grpc.GrpcMessageReader;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;

/** Cuts the parts of one direction of a call into messages, and makes parts of messages. */
final class MessageCutter {
  private final boolean grpc;
  private final GrpcMessageReader prefixed =
      new GrpcMessageReader(UnpooledByteBufAllocator.DEFAULT);
  private final ByteArrayOutputStream message = new ByteArrayOutputStream();

  MessageCutter(Protocol protocol) {
    this.grpc = protocol == Protocol.GRPC;
  }

  /**
   * Takes a part.
   *
   * @param part handed over
   * @return the messages that are whole with it
   */
  List<byte[]> add(ByteBuf part, boolean endOfMessage) {
    List<byte[]> whole = new ArrayList<>();
    if (!grpc) {
      append(part);
      if (endOfMessage) {
        whole.add(take());
      }
      return whole;
    }
    prefixed.append(part);
    while (prefixed.isPartDue() || prefixed.readPrefix()) {
      ByteBuf next = prefixed.readPart();
      if (next == null) {
        break;
      }
      append(next);
      if (!prefixed.isPartDue()) {
        whole.add(take());
      }
    }
    return whole;
  }

  private void append(ByteBuf part) {
    message.writeBytes(ByteBufUtil.getBytes(part));
    part.release();
  }

  private byte[] take() {
    byte[] taken = message.toByteArray();
    message.reset();
    return taken;
  }

  /** The one part that a message is passed on as. */
  ByteBuf part(byte[] of) {
    if (!grpc) {
      return Unpooled.wrappedBuffer(of);
    }
    ByteBuf part = Unpooled.buffer(MessagePrefix.SIZE + of.length);
    MessagePrefix.set(part, 0, 0, of.length);
    return part.writerIndex(MessagePrefix.SIZE).writeBytes(of);
  }

  /** Whether such a part says that its message ends with it. */
  boolean endsMessage() {
    return !grpc;
  }

  void release() {
    prefixed.release();
  }
}
