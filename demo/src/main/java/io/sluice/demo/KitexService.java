package io.sluice.demo;

import io.sluice.api.Codec;
import io.sluice.demo.KitexCodec.Message;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetSocket;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.thrift.TException;

/** Serves Thrift and Kitex Protobuf behind TTHeader, as a Kitex server does. */
final class KitexService implements EmbeddedService {
  private final NetServer server;

  /**
   * @param port 0 for any
   */
  KitexService(Vertx vertx, int port) throws TimeoutException {
    server = vertx.createNetServer().connectHandler(KitexService::serve);
    server.listen(port, "127.0.0.1").await(5, TimeUnit.SECONDS);
  }

  private static void serve(NetSocket socket) {
    KitexCodec codec = new KitexCodec(0);
    socket.exceptionHandler(broken -> socket.close());
    socket.handler(
        bytes -> {
          codec.append(bytes.getBytes());
          try {
            for (Message request = codec.next(); request != null; request = codec.next()) {
              socket.write(Buffer.buffer(codec.reply(request.head(), answer(request))));
            }
          } catch (IOException | TException e) {
            socket.close();
          }
        });
  }

  private static byte[] answer(Message request) throws IOException, TException {
    Codec codec = request.head().codec();
    String message = TextMessage.read(codec, request.body(), TextStruct.ARGUMENT);
    Answer answer = new Answer(message, request.head().framing().label(), request.metadata());
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
