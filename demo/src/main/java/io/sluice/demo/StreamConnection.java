package io.sluice.demo;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.sluice.api.Codec;
import io.sluice.api.Protocol;
import io.sluice.api.Status;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.wire.WireException;
import io.sluice.gateway.wire.ttheader.RequestKeys;
import io.sluice.gateway.wire.ttstream.Frame;
import io.sluice.gateway.wire.ttstream.FrameReader;
import io.sluice.gateway.wire.ttstream.FrameWriter;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetSocket;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.apache.thrift.TException;

/** Serves ttstream, Kitex's streaming over TTHeader: many streams on one connection. */
final class StreamConnection {
  private final NetSocket socket;
  private final FrameReader reader = new FrameReader(KitexCodec.ALLOCATOR, KitexCodec.LIMITS);
  private final FrameWriter writer = new FrameWriter(KitexCodec.ALLOCATOR);
  private final Map<Integer, Stream> streams = new HashMap<>();

  private record Stream(String method, Conversation conversation) {}

  StreamConnection(NetSocket socket) {
    this.socket = socket;
  }

  void take(Buffer bytes) {
    reader.append(Unpooled.wrappedBuffer(bytes.getBytes()));
    try {
      for (Frame frame = reader.read(); frame != null; frame = reader.read()) {
        serve(frame, KitexCodec.take(frame.payload()));
      }
    } catch (IOException | TException | WireException e) {
      socket.close();
    }
  }

  private void serve(Frame frame, byte[] payload) throws IOException, TException {
    int id = frame.streamId();
    switch (frame.type()) {
      case HEADER -> open(id, frame.headers());
      case DATA -> {
        Stream stream = streams.get(id);
        if (stream != null) {
          stream.conversation.hear(payload);
        }
      }
      case TRAILER -> {
        Stream stream = streams.remove(id);
        if (stream != null) {
          stream.conversation.halfClose();
          Headers none = new Headers(Headers.Dialect.TTHEADER);
          send(writer.trailer(id, stream.method, Status.OK, null, none));
        }
      }
      case RST -> streams.remove(id);
      case META, UNKNOWN -> {}
    }
  }

  private void open(int id, Headers headers) {
    String method = RequestKeys.take(headers).method();
    Conversation conversation =
        new Conversation(
            Kind.of(method),
            Codec.THRIFT,
            Protocol.TTSTREAM,
            Answer.userKeys(headers.plain()::forEach),
            answer -> send(writer.data(id, method, Unpooled.wrappedBuffer(answer))));
    streams.put(id, new Stream(method, conversation));
    send(writer.header(id, method, new Headers(Headers.Dialect.TTHEADER)));
  }

  private void send(ByteBuf frame) {
    socket.write(Buffer.buffer(KitexCodec.take(frame)));
  }
}
