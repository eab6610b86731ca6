package io.sluice.gateway.testkit;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.sluice.api.Codec;
import io.sluice.api.Protocol;
import io.sluice.api.Status;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.wire.pingpong.ExceptionBody;
import io.sluice.gateway.wire.pingpong.MessageReader;
import io.sluice.gateway.wire.pingpong.PingPongMessage;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A ping-pong message that was read to its end. */
public record Message(
    Protocol framing,
    Codec codec,
    int flags,
    Map<Integer, String> integers,
    Map<String, String> strings,
    int type,
    String method,
    int seqId,
    byte[] body) {

  /** The exception in its body. */
  public Status exception() {
    return ExceptionBody.read(codec, Unpooled.wrappedBuffer(body));
  }

  public static Map<Integer, String> integers(@Nullable Headers headers) {
    Map<Integer, String> keys = new TreeMap<>();
    for (int i = 0; headers != null && i < headers.count(); i++) {
      if (headers.isIntKey(i)) {
        keys.put(headers.intKey(i), headers.value(i));
      }
    }
    return keys;
  }

  public static Map<String, String> strings(@Nullable Headers headers) {
    Map<String, String> keys = new TreeMap<>();
    for (int i = 0; headers != null && i < headers.count(); i++) {
      if (!headers.isIntKey(i)) {
        keys.put(headers.key(i), headers.value(i));
      }
    }
    return keys;
  }

  /** Gathers messages out of a reader. */
  public static final class Collector {
    private final MessageReader reader;
    private final ByteArrayOutputStream body = new ByteArrayOutputStream();
    private @Nullable PingPongMessage head;

    public Collector(MessageReader reader) {
      this.reader = reader;
    }

    /** Gives bytes to the reader and takes the messages that are complete. */
    public List<Message> feed(ByteBuf bytes) {
      List<Message> messages = new ArrayList<>();
      reader.append(bytes);
      while (true) {
        if (!reader.isPartDue()) {
          head = reader.readHead();
          body.reset();
        }
        ByteBuf part = head == null ? null : reader.readPart();
        if (part == null) {
          return messages;
        }
        body.writeBytes(ByteBufUtil.getBytes(part));
        part.release();
        if (!reader.isPartDue()) {
          messages.add(message(head));
        }
      }
    }

    private Message message(PingPongMessage head) {
      return new Message(
          head.framing(),
          head.codec(),
          head.flags(),
          integers(head.headers()),
          strings(head.headers()),
          head.type(),
          head.method(),
          head.seqId(),
          body.toByteArray());
    }
  }
}
