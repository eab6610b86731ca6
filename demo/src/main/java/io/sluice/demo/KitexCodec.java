package io.sluice.demo;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.sluice.api.Codec;
import io.sluice.api.Protocol;
import io.sluice.gateway.call.MessageHead;
import io.sluice.gateway.wire.WireLimits;
import io.sluice.gateway.wire.pingpong.MessageReader;
import io.sluice.gateway.wire.pingpong.MessageWriter;
import io.sluice.gateway.wire.pingpong.PingPongMessage;
import io.sluice.gateway.wire.thrift.ThriftHead;
import io.sluice.gateway.wire.ttheader.TTHeaderKeys;
import io.sluice.gateway.wire.ttheader.TTHeaderWriter;
import java.io.ByteArrayOutputStream;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Messages behind a TTHeader, as Kitex writes them. The gateway's own codecs do the work; here they
 * are used with plain byte arrays. One for each connection.
 */
final class KitexCodec {
  /** More than enough for a demo. */
  static final WireLimits LIMITS = new WireLimits(1 << 20, 64 * 1024, 100);

  static final ByteBufAllocator ALLOCATOR = UnpooledByteBufAllocator.DEFAULT;

  private final MessageReader reader = new MessageReader(ALLOCATOR, LIMITS);
  private final MessageWriter writer;
  private final ByteArrayOutputStream body = new ByteArrayOutputStream();
  private @Nullable PingPongMessage head;

  /**
   * @param flags of every TTHeader
   */
  KitexCodec(int flags) {
    writer = new MessageWriter(ALLOCATOR, flags);
  }

  /** A message that was read whole. */
  record Message(PingPongMessage head, byte[] body) {
    /** The metadata of the TTHeader, if there is one. */
    Map<String, String> metadata() {
      return head.headers() == null ? Map.of() : Answer.userKeys(head.headers().plain()::forEach);
    }
  }

  /** Takes bytes of the connection. */
  void append(byte[] bytes) {
    reader.append(Unpooled.wrappedBuffer(bytes));
  }

  /** The next message, or null if more bytes are needed. */
  @Nullable Message next() {
    if (head == null) {
      head = reader.readHead();
    }
    while (reader.isPartDue()) {
      ByteBuf part = reader.readPart();
      if (part == null) {
        break;
      }
      body.writeBytes(take(part));
    }
    if (head == null || reader.isPartDue()) {
      return null;
    }
    Message message = new Message(head, body.toByteArray());
    head = null;
    body.reset();
    return message;
  }

  /** A request with the keys that a Kitex client writes. */
  byte[] request(
      Protocol framing,
      Codec codec,
      String service,
      String method,
      int seqId,
      Map<String, String> metadata,
      byte[] body) {
    MessageWriter.Keys<Map<String, String>> keys =
        (out, entries) -> {
          out.string(TTHeaderKeys.SERVICE, service);
          entries.forEach(out::string);
          out.integer(TTHeaderKeys.FROM_SERVICE, Caller.NAME);
          out.integer(TTHeaderKeys.TO_SERVICE, service);
          out.integer(TTHeaderKeys.TO_METHOD, method);
          out.integer(TTHeaderKeys.MESSAGE_TYPE, "1");
        };
    return write(framing, codec, ThriftHead.CALL, method, seqId, body, keys, metadata);
  }

  /** The reply to a request, in the request's framing and codec. */
  byte[] reply(PingPongMessage request, byte[] body) {
    MessageWriter.Keys<TTHeaderWriter> keys =
        (out, nothing) -> out.integer(TTHeaderKeys.MESSAGE_TYPE, "2");
    return write(
        request.framing(),
        request.codec(),
        ThriftHead.REPLY,
        request.method(),
        request.seqId(),
        body,
        keys,
        null);
  }

  private <T> byte[] write(
      Protocol framing,
      Codec codec,
      int type,
      String method,
      int seqId,
      byte[] body,
      MessageWriter.Keys<T> keys,
      T of) {
    MessageHead unframed = new MessageHead();
    unframed.codec = codec;
    unframed.replacedBy(body.length);
    ByteBuf message =
        writer.begin(
            framing, unframed, type, method, seqId, Unpooled.wrappedBuffer(body), keys, of);
    ByteBuf rest = writer.takeRest();
    return take(rest == null ? message : Unpooled.wrappedBuffer(message, rest));
  }

  /** The bytes of a buffer, which is let go of. */
  static byte[] take(ByteBuf buffer) {
    byte[] bytes = ByteBufUtil.getBytes(buffer);
    buffer.release();
    return bytes;
  }
}
