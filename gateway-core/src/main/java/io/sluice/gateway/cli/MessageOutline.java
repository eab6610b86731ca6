package io.sluice.gateway.cli;

import io.netty.buffer.ByteBuf;
import io.sluice.api.Codec;
import io.sluice.api.Status;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.wire.WireException;
import io.sluice.gateway.wire.pingpong.ExceptionBody;
import io.sluice.gateway.wire.pingpong.PingPongMessage;
import io.sluice.gateway.wire.thrift.ThriftHead;
import io.sluice.gateway.wire.ttheader.TTHeaderKeys;
import org.jspecify.annotations.Nullable;

/** Shows ping-pong messages and headers. */
final class MessageOutline {
  private MessageOutline() {}

  /** The kind of a message, by its name. */
  static String type(int type) {
    return switch (type) {
      case ThriftHead.CALL -> "CALL";
      case ThriftHead.REPLY -> "REPLY";
      case ThriftHead.EXCEPTION -> "EXCEPTION";
      case ThriftHead.ONEWAY -> "ONEWAY";
      default -> "type " + type;
    };
  }

  /** One line about the head. */
  static String head(PingPongMessage message) {
    return type(message.type())
        + " of method "
        + Outline.quote(message.method())
        + ", by "
        + message.framing().label()
        + ", "
        + message.codec().label()
        + ", sequence id "
        + message.seqId();
  }

  /** Every key with its value, numbers with the names that Kitex gives them. */
  static void headers(@Nullable Headers headers, Outline out) {
    for (int i = 0; headers != null && i < headers.count(); i++) {
      String value = Outline.show(headers.array(), headers.valueOffset(i), headers.valueLength(i));
      if (headers.isIntKey(i)) {
        int key = headers.intKey(i);
        out.line(key + " (" + TTHeaderKeys.name(key) + ") = " + value);
      } else {
        String key = Outline.show(headers.array(), headers.keyOffset(i), headers.keyLength(i));
        String plain = headers.key(i);
        out.line((key.equals('"' + plain + '"') ? plain : key) + " = " + value);
      }
    }
  }

  /**
   * What is in a body that is there as a whole.
   *
   * @param body neither read from nor released
   */
  static void body(PingPongMessage message, ByteBuf body, Outline out) {
    if (message.type() == ThriftHead.EXCEPTION) {
      try {
        Status status = ExceptionBody.read(message.codec(), body.duplicate());
        out.line("exception " + status.number() + ": " + Outline.quote(status.text()));
        return;
      } catch (WireException e) {
        out.line("! " + e.getMessage());
      }
    }
    fields(message.codec(), body, out);
  }

  /** The fields of a struct or message. */
  static void fields(Codec codec, ByteBuf body, Outline out) {
    if (codec == Codec.PROTOBUF) {
      ProtobufOutline.print(body, out);
    } else {
      ThriftOutline.print(body, out);
    }
  }
}
