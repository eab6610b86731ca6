package io.sluice.gateway.testkit;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.sluice.api.Codec;
import io.sluice.api.Protocol;
import io.sluice.api.Status;
import io.sluice.gateway.wire.thrift.ThriftException;
import io.sluice.gateway.wire.thrift.ThriftHead;
import io.sluice.gateway.wire.ttheader.TTHeader;
import io.sluice.gateway.wire.ttheader.TTHeaderWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;

/** Thrift messages as bytes, and the struct {@code {id: text}} that tests send about. */
public final class Thrifts {
  private static final int STRING = 11;

  private Thrifts() {}

  /** The arguments of a method with one text. */
  public static byte[] args(String text) {
    return struct(1, text.getBytes(StandardCharsets.UTF_8));
  }

  /** The result of a method that returns a text. */
  public static byte[] result(String text) {
    return struct(0, text.getBytes(StandardCharsets.UTF_8));
  }

  /** A struct of one string field. */
  public static byte[] struct(int id, byte[] value) {
    return bytes(
        Unpooled.buffer(value.length + 8)
            .writeByte(STRING)
            .writeShort(id)
            .writeInt(value.length)
            .writeBytes(value)
            .writeByte(0));
  }

  /** The text in a struct of one string field. */
  public static String text(byte[] struct) {
    int length = struct.length < 8 ? -1 : Unpooled.wrappedBuffer(struct).getInt(3);
    if (length != struct.length - 8) {
      return "no struct of one text, but " + struct.length + " bytes";
    }
    return new String(Arrays.copyOfRange(struct, 7, 7 + length), StandardCharsets.UTF_8);
  }

  public static byte[] framed(int type, String method, int seqId, byte[] body) {
    return framed(Codec.THRIFT, type, method, seqId, body);
  }

  public static byte[] framed(Codec codec, int type, String method, int seqId, byte[] body) {
    ByteBuf out = Unpooled.buffer(body.length + 64);
    out.writeInt(ThriftHead.size(method) + body.length);
    ThriftHead.write(out, codec, type, method, seqId);
    return bytes(out.writeBytes(body));
  }

  /** A message without any length. */
  public static byte[] buffered(int type, String method, int seqId, byte[] body) {
    return message(Protocol.BUFFERED, Codec.THRIFT, type, method, seqId, body);
  }

  public static byte[] call(String method, int seqId, String text) {
    return framed(ThriftHead.CALL, method, seqId, args(text));
  }

  public static byte[] reply(Message to, String text) {
    return framed(ThriftHead.REPLY, to.method(), to.seqId(), result(text));
  }

  /** What a service answers that returns its text, in the codec of the call. */
  public static byte[] echo(Message to) {
    return to.codec() == Codec.THRIFT
        ? reply(to, text(to.body()))
        : framed(to.codec(), ThriftHead.REPLY, to.method(), to.seqId(), to.body());
  }

  public static byte[] exception(Message to, int type, String text) {
    ByteBuf body = Unpooled.buffer();
    ThriftException.write(body, Status.exception(type, text));
    return framed(ThriftHead.EXCEPTION, to.method(), to.seqId(), bytes(body));
  }

  /** A Thrift message behind a TTHeader. */
  public static byte[] ttheader(
      Protocol framing,
      Map<Integer, String> integers,
      Map<String, String> strings,
      int type,
      String method,
      int seqId,
      byte[] body) {
    byte[] message = message(framing, Codec.THRIFT, type, method, seqId, body);
    return withHeader(0, seqId, integers, strings, message);
  }

  /** A message in its framing, but without a TTHeader: what would stand behind it. */
  private static byte[] message(
      Protocol framing, Codec codec, int type, String method, int seqId, byte[] body) {
    byte[] framed = framed(codec, type, method, seqId, body);
    return framing == Protocol.TTHEADER || framing == Protocol.BUFFERED
        ? Arrays.copyOfRange(framed, 4, framed.length)
        : framed;
  }

  /** A message in any framing and codec; behind a TTHeader without keys where there is one. */
  public static byte[] in(
      Protocol framing, Codec codec, int type, String method, int seqId, byte[] body) {
    byte[] message = message(framing, codec, type, method, seqId, body);
    return framing.carriesMetadata() ? withHeader(0, seqId, Map.of(), Map.of(), message) : message;
  }

  /** A call of a caller that takes replies in any order. */
  public static byte[] multiplexed(String method, int seqId, byte[] body) {
    byte[] message = framed(ThriftHead.CALL, method, seqId, body);
    return withHeader(TTHeader.FLAG_OUT_OF_ORDER, seqId, Map.of(), Map.of(), message);
  }

  /** Puts a TTHeader in front. */
  public static byte[] withHeader(
      int flags,
      int seqId,
      Map<Integer, String> integers,
      Map<String, String> strings,
      byte[] payload) {
    ByteBuf out = Unpooled.buffer();
    TTHeaderWriter writer = new TTHeaderWriter();
    writer.begin(out, flags, seqId, TTHeader.PROTOCOL_THRIFT);
    strings.forEach(writer::string);
    integers.forEach(writer::integer);
    writer.end(payload.length);
    return bytes(out.writeBytes(payload));
  }

  public static byte[] bytes(ByteBuf buffer) {
    byte[] bytes = ByteBufUtil.getBytes(buffer);
    buffer.release();
    return bytes;
  }
}
