package io.sluice.demo;

import io.netty.buffer.Unpooled;
import io.sluice.api.Codec;
import io.sluice.demo.KitexCodec.Message;
import io.sluice.gateway.wire.Detector;
import io.sluice.gateway.wire.WireException;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetSocket;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.thrift.TException;

/**
 * Serves what a Kitex server does: Thrift and Kitex Protobuf behind TTHeader, and ttstream on the
 * same port.
 */
final class KitexService implements EmbeddedService {
  private final NetServer server;

  /**
   * @param port 0 for any
   */
  KitexService(Vertx vertx, int port) throws TimeoutException {
    server = vertx.createNetServer().connectHandler(KitexService::accept);
    server.listen(port, "127.0.0.1").await(5, TimeUnit.SECONDS);
  }

  private static void accept(NetSocket socket) {
    Buffer first = Buffer.buffer();
    socket.exceptionHandler(broken -> socket.close());
    socket.handler(
        bytes -> {
          first.appendBuffer(bytes);
          if (first.length() >= Detector.BYTES) {
            Handler<Buffer> chosen = choose(socket, first);
            socket.handler(chosen);
            chosen.handle(first);
          }
        });
  }

  private static Handler<Buffer> choose(NetSocket socket, Buffer first) {
    return switch (Detector.detect(Unpooled.wrappedBuffer(first.getBytes()))) {
      case TTSTREAM -> new StreamConnection(socket)::take;
      case PING_PONG -> pingPong(socket);
      case HTTP2 -> unknown -> socket.close();
    };
  }

  private static Handler<Buffer> pingPong(NetSocket socket) {
    KitexCodec codec = new KitexCodec(0);
    return bytes -> {
      codec.append(bytes.getBytes());
      try {
        for (Message request = codec.next(); request != null; request = codec.next()) {
          socket.write(Buffer.buffer(codec.reply(request.head(), answer(request))));
        }
      } catch (IOException | TException | WireException e) {
        socket.close();
      }
    };
  }

  private static byte[] answer(Message request) throws IOException, TException {
    Codec codec = request.head().codec();
    String message = TextMessage.read(codec, request.body(), TextStruct.ARGUMENT);
    Answer answer = new Answer(message, request.head().framing(), request.metadata());
    return TextMessage.bytes(codec, TextStruct.RESULT, answer.text());
  }

  @Override
  public int port() {
    return server.actualPort();
  }

  @Override
  public void close() {
    server.close();
  }
}
