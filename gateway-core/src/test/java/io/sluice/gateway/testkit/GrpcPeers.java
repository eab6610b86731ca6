package io.sluice.gateway.testkit;

import io.sluice.gateway.wire.grpc.GrpcStatus;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.SocketAddress;
import io.vertx.grpc.client.GrpcClient;
import io.vertx.grpc.client.GrpcClientRequest;
import io.vertx.grpc.client.GrpcClientResponse;
import io.vertx.grpc.common.ServiceName;
import io.vertx.grpc.server.GrpcServer;
import io.vertx.grpc.server.GrpcServerRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** gRPC callers and downstreams of Vert.x's own, on loops that are not the gateway's. */
public final class GrpcPeers implements AutoCloseable {
  private final Vertx vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1));
  private final HttpClientOptions http =
      new HttpClientOptions()
          .setProtocolVersion(HttpVersion.HTTP_2)
          // Else one stream that is paused takes all of the connection's.
          .setHttp2ConnectionWindowSize(1 << 24)
          .setHttp2ClearTextUpgrade(false);
  private final GrpcClient client = GrpcClient.client(vertx, http);
  private final HttpClient plain = vertx.createHttpClient(http);

  /** What a caller was answered. */
  public record Answer(
      List<String> messages,
      int status,
      String text,
      Map<String, String> headers,
      Map<String, String> trailers) {}

  /**
   * Starts a downstream.
   *
   * @return its port
   */
  public int serve(Handler<GrpcServerRequest<Buffer, Buffer>> calls) {
    return serve(new HttpServerOptions(), calls);
  }

  /** Starts a downstream with options of its own. */
  public int serve(HttpServerOptions options, Handler<GrpcServerRequest<Buffer, Buffer>> calls) {
    HttpServer server = vertx.createHttpServer(options.setHost("127.0.0.1").setPort(0));
    server.requestHandler(GrpcServer.server(vertx).callHandler(calls));
    return TestGateway.get(server.listen()).actualPort();
  }

  /** A downstream that answers each message at once with {@code <message>}. */
  public int serveEcho() {
    return serve(
        call -> {
          call.handler(m -> call.response().write(Buffer.buffer("<" + m + ">")));
          call.endHandler(end -> call.response().end());
        });
  }

  /** Does something after so many milliseconds, on the loop of the peers. */
  public void later(int millis, Runnable action) {
    vertx.setTimer(millis, timer -> action.run());
  }

  /** Begins a call of {@code pkg.Svc/method}. */
  public GrpcClientRequest<Buffer, Buffer> open(int port, String method) {
    return TestGateway.get(
        client
            .request(SocketAddress.inetSocketAddress(port, "127.0.0.1"))
            .map(
                request ->
                    request.serviceName(ServiceName.create("pkg", "Svc")).methodName(method)));
  }

  /** Sends these messages and a half close. */
  public static void say(GrpcClientRequest<Buffer, Buffer> request, List<String> messages) {
    messages.forEach(m -> request.write(Buffer.buffer(m)));
    request.end();
  }

  /** All that comes back, when it has come. To be called before anything is said. */
  public static Future<Answer> listen(GrpcClientRequest<Buffer, Buffer> request) {
    return request.response().compose(GrpcPeers::gather);
  }

  private static Future<Answer> gather(GrpcClientResponse<Buffer, Buffer> response) {
    List<String> messages = new ArrayList<>();
    Promise<Answer> answer = Promise.promise();
    response.handler(m -> messages.add(m.toString()));
    response.exceptionHandler(answer::tryFail);
    response.endHandler(
        end -> {
          // The library looks for the text in the headers only.
          String text = response.trailers().get("grpc-message");
          text = text == null ? response.statusMessage() : GrpcStatus.decodeMessage(text);
          answer.tryComplete(
              new Answer(
                  messages,
                  response.status().code,
                  text == null ? "" : text,
                  map(response.headers()),
                  map(response.trailers())));
        });
    return answer.future();
  }

  private static Map<String, String> map(Iterable<Map.Entry<String, String>> entries) {
    Map<String, String> map = new TreeMap<>();
    entries.forEach(e -> map.put(e.getKey(), e.getValue()));
    return map;
  }

  /** Sends a body as it is, whatever it has of messages, and gives what ended the response. */
  public Answer post(int port, String path, Buffer body) {
    Promise<Answer> answer = Promise.promise();
    RequestOptions options =
        new RequestOptions()
            .setMethod(HttpMethod.POST)
            .setHost("127.0.0.1")
            .setPort(port)
            .setURI(path)
            .putHeader("content-type", "application/grpc")
            .putHeader("te", "trailers");
    // On the loop: from elsewhere the body might be asked for when it has gone by.
    vertx.runOnContext(
        go ->
            plain
                .request(options)
                .compose(request -> request.send(body))
                .compose(response -> response.body().map(read -> answer(response, read)))
                .onComplete(answer));
    return TestGateway.get(answer.future());
  }

  private static Answer answer(HttpClientResponse response, Buffer body) {
    Map<String, String> headers = map(response.headers());
    Map<String, String> trailers = map(response.trailers());
    Map<String, String> all = new TreeMap<>(headers);
    all.putAll(trailers);
    return new Answer(
        List.of(body.toString()),
        Integer.parseInt(all.getOrDefault("grpc-status", "-1")),
        all.getOrDefault("grpc-message", ""),
        headers,
        trailers);
  }

  /** A message with its five bytes in front. */
  public static Buffer framed(String message) {
    return Buffer.buffer().appendByte((byte) 0).appendInt(message.length()).appendString(message);
  }

  @Override
  public void close() {
    TestGateway.get(vertx.close());
  }
}
