package io.sluice.demo;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.sluice.api.Codec;
import io.sluice.gateway.wire.grpc.GrpcMessageReader;
import io.vertx.core.buffer.Buffer;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;

/** The messages of one direction of a gRPC call, and the bytes that they are on HTTP/2. */
final class GrpcMessages {
  private static final String TYPE = "application/grpc";
  private static final String THRIFT_TYPE = TYPE + "+thrift";

  private final GrpcMessageReader reader = new GrpcMessageReader(KitexCodec.ALLOCATOR);
  private final ByteArrayOutputStream message = new ByteArrayOutputStream();

  /** Takes bytes and gives the messages that are whole with them. */
  List<byte[]> read(Buffer bytes) {
    reader.append(Unpooled.wrappedBuffer(bytes.getBytes()));
    List<byte[]> whole = new ArrayList<>();
    while (reader.isPartDue() || reader.readPrefix()) {
      ByteBuf part = reader.readPart();
      if (part == null) {
        break;
      }
      message.writeBytes(KitexCodec.take(part));
      if (!reader.isPartDue()) {
        whole.add(message.toByteArray());
        message.reset();
      }
    }
    return whole;
  }

  /** A message with its five bytes in front. */
  static Buffer bytes(byte[] message) {
    return Buffer.buffer().appendByte((byte) 0).appendInt(message.length).appendBytes(message);
  }

  static String contentType(Codec codec) {
    return codec == Codec.THRIFT ? THRIFT_TYPE : TYPE;
  }

  static Codec codec(String contentType) {
    return contentType.equals(THRIFT_TYPE) ? Codec.THRIFT : Codec.PROTOBUF;
  }
}
