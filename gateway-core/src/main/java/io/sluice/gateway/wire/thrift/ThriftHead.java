package io.sluice.gateway.wire.thrift;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.sluice.api.Codec;
import java.nio.charset.StandardCharsets;

/**
 * The head of a strict Thrift binary message. That of Kitex Protobuf ({@code
 * pkg/remote/codec/protobuf/protobuf.go}) differs in the first two bytes only.
 *
 * <pre>
 *   ┌──────┬──────┬────────────────┬────────┬────────┐
 *   │ 8001 │ type │ length, 4      │ method │ seq id │ struct …
 *   └──────┴──────┴────────────────┴────────┴────────┘
 * </pre>
 */
public final class ThriftHead {
  /** In the first two bytes. */
  public static final int MAGIC = 0x8001;

  /** In the first two bytes of a Kitex Protobuf message. */
  public static final int PROTOBUF_MAGIC = 0x9001;

  public static final int CALL = 1;
  public static final int REPLY = 2;
  public static final int EXCEPTION = 3;
  public static final int ONEWAY = 4;

  /** Bytes beside the method's name. */
  public static final int FIXED = 12;

  private ThriftHead() {}

  /** Bytes of the head of a message of this method. */
  public static int size(String method) {
    return FIXED + ByteBufUtil.utf8Bytes(method);
  }

  /** Writes the head of a Thrift message. */
  public static void write(ByteBuf out, int type, String method, int seqId) {
    write(out, Codec.THRIFT, type, method, seqId);
  }

  /** Writes the head of a message of either codec. */
  public static void write(ByteBuf out, Codec codec, int type, String method, int seqId) {
    out.writeShort(codec == Codec.THRIFT ? MAGIC : PROTOBUF_MAGIC);
    out.writeShort(type);
    out.writeInt(ByteBufUtil.utf8Bytes(method));
    out.writeCharSequence(method, StandardCharsets.UTF_8);
    out.writeInt(seqId);
  }
}
