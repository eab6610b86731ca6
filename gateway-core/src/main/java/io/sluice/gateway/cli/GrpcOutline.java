package io.sluice.gateway.cli;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.handler.codec.http2.Http2Headers;
import io.sluice.api.Codec;
import io.sluice.gateway.wire.WireException;
import io.sluice.gateway.wire.grpc.GrpcHeaders;
import io.sluice.gateway.wire.grpc.GrpcMessageReader;
import java.util.HashMap;
import java.util.Map;

/** Shows the messages in the DATA of a connection's gRPC streams. */
final class GrpcOutline {
  private final Outline out;
  private final Map<Integer, Stream> streams = new HashMap<>();

  /** The messages of one stream. */
  private record Stream(Codec codec, GrpcMessageReader reader, ByteBuf body) {}

  GrpcOutline(Outline out) {
    this.out = out;
  }

  /** A header list of a stream, which may say how its messages are encoded. */
  void headers(int stream, Http2Headers headers) {
    if (GrpcHeaders.isGrpc(headers)) {
      GrpcMessageReader reader = new GrpcMessageReader(UnpooledByteBufAllocator.DEFAULT);
      streams.putIfAbsent(
          stream, new Stream(GrpcHeaders.codec(headers), reader, Unpooled.buffer()));
    }
  }

  /**
   * Shows the messages that end in this DATA.
   *
   * @param content not released
   */
  void data(int id, ByteBuf content) {
    Stream stream = streams.get(id);
    if (stream == null) {
      out.line(Outline.hex(content));
      return;
    }
    try {
      stream.reader.append(Unpooled.copiedBuffer(content));
      while (stream.reader.isPartDue() || stream.reader.readPrefix()) {
        ByteBuf part = stream.reader.readPart();
        if (part == null) {
          break;
        }
        stream.body.writeBytes(part);
        part.release();
        if (!stream.reader.isPartDue()) {
          message(stream);
        }
      }
      if (!stream.reader.isBetweenMessages()) {
        out.line("a message that goes on");
      }
    } catch (WireException e) {
      out.line("no message: " + e.getMessage());
      out.line(Outline.hex(content));
      stream.reader.release();
      streams.remove(id);
    }
  }

  private void message(Stream stream) {
    boolean compressed = stream.reader.isCompressed();
    out.line(
        "message of " + stream.reader.length() + " bytes" + (compressed ? ", compressed" : ""));
    out.indent();
    if (compressed) {
      out.line(Outline.hex(stream.body));
    } else {
      MessageOutline.fields(stream.codec, stream.body, out);
    }
    out.outdent();
    stream.body.clear();
  }
}
