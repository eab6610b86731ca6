package io.sluice.demo;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.sluice.api.Protocol;
import io.sluice.api.Status;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.wire.ttheader.RequestKeys;
import io.sluice.gateway.wire.ttstream.Frame;
import io.sluice.gateway.wire.ttstream.FrameReader;
import io.sluice.gateway.wire.ttstream.FrameWriter;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetSocket;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.thrift.TException;

/** Serves ttstream, Kitex's streaming over TTHeader: many streams on one connection. */
final class StreamService implements EmbeddedService {
  private final NetServer server;

  /**
   * @param port 0 for any
   */
  StreamService(Vertx vertx, int port) throws TimeoutException {
    server = vertx.createNetServer().connectHandler(socket -> new Connection(socket).serve());
    server.listen(port, "127.0.0.1").await(5, TimeUnit.SECONDS);
  }

  @Override
  public int port() {
    return server.actualPort();
  }

  @Override
  public void close() {
    server.close();
  }

  private record Stream(String method, Map<String, String> metadata) {}

  private static final class Connection {
    private final NetSocket socket;
    private final FrameReader reader = new FrameReader(KitexCodec.ALLOCATOR, KitexCodec.LIMITS);
    private final FrameWriter writer = new FrameWriter(KitexCodec.ALLOCATOR);
    private final Map<Integer, Stream> streams = new HashMap<>();

    Connection(NetSocket socket) {
      this.socket = socket;
    }

    void serve() {
      socket.exceptionHandler(broken -> socket.close());
      socket.handler(
          bytes -> {
            reader.append(Unpooled.wrappedBuffer(bytes.getBytes()));
            try {
              for (Frame frame = reader.read(); frame != null; frame = reader.read()) {
                serve(frame, KitexCodec.take(frame.payload()));
              }
            } catch (TException e) {
              socket.close();
            }
          });
    }

    private void serve(Frame frame, byte[] payload) throws TException {
      int id = frame.streamId();
      switch (frame.type()) {
        case HEADER -> {
          String method = RequestKeys.take(frame.headers()).method();
          streams.put(id, new Stream(method, Answer.userKeys(frame.headers().plain()::forEach)));
          send(writer.header(id, method, new Headers(Headers.Dialect.TTHEADER)));
        }
        case DATA -> {
          Stream stream = streams.get(id);
          if (stream != null) {
            send(writer.data(id, stream.method, Unpooled.wrappedBuffer(answer(stream, payload))));
          }
        }
        case TRAILER -> {
          Stream stream = streams.remove(id);
          if (stream != null) {
            Headers none = new Headers(Headers.Dialect.TTHEADER);
            send(writer.trailer(id, stream.method, Status.OK, null, none));
          }
        }
        case RST -> streams.remove(id);
        case META, UNKNOWN -> {}
      }
    }

    /** Messages of a stream are bare structs, whose first field has the id 1 both ways. */
    private static byte[] answer(Stream stream, byte[] request) throws TException {
      String message = TextStruct.read(request, TextStruct.ARGUMENT);
      Answer answer = new Answer(message, Protocol.TTSTREAM.label(), stream.metadata);
      return TextStruct.bytes(TextStruct.ARGUMENT, answer.text());
    }

    private void send(ByteBuf frame) {
      socket.write(Buffer.buffer(KitexCodec.take(frame)));
    }
  }
}
