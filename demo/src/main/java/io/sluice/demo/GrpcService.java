package io.sluice.demo;

import com.google.protobuf.StringValue;
import io.sluice.api.Protocol;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.grpc.common.GrpcMessageDecoder;
import io.vertx.grpc.common.GrpcMessageEncoder;
import io.vertx.grpc.common.ServiceMethod;
import io.vertx.grpc.common.ServiceName;
import io.vertx.grpc.server.GrpcServer;
import io.vertx.grpc.server.GrpcServerRequest;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A gRPC service:
 *
 * <pre>
 *   package shop;
 *   service Cart {
 *     rpc Get(google.protobuf.StringValue) returns (google.protobuf.StringValue);
 *     rpc Watch(stream google.protobuf.StringValue) returns (stream google.protobuf.StringValue);
 *   }
 * </pre>
 */
final class GrpcService implements EmbeddedService {
  static final ServiceName NAME = ServiceName.create("shop", "Cart");

  private final HttpServer server;

  /**
   * @param port 0 for any
   */
  GrpcService(Vertx vertx, int port) throws TimeoutException {
    GrpcServer grpc =
        GrpcServer.server(vertx)
            .callHandler(method("Get"), GrpcService::get)
            .callHandler(method("Watch"), GrpcService::watch);
    server = vertx.createHttpServer().requestHandler(grpc);
    server.listen(port, "127.0.0.1").await(5, TimeUnit.SECONDS);
  }

  private static ServiceMethod<StringValue, StringValue> method(String name) {
    return ServiceMethod.server(
        NAME,
        name,
        GrpcMessageEncoder.encoder(),
        GrpcMessageDecoder.decoder(StringValue.getDefaultInstance()));
  }

  private static void get(GrpcServerRequest<StringValue, StringValue> request) {
    // With the half close: only then is it certain that this was all of the request.
    request.last().onSuccess(message -> request.response().end(answer(request, message)));
  }

  private static void watch(GrpcServerRequest<StringValue, StringValue> request) {
    request.handler(message -> request.response().write(answer(request, message)));
    request.endHandler(halfClosed -> request.response().end());
  }

  private static StringValue answer(
      GrpcServerRequest<StringValue, StringValue> request, StringValue message) {
    Answer answer =
        new Answer(
            message.getValue(), Protocol.GRPC.label(), Answer.userKeys(request.headers()::forEach));
    return StringValue.of(answer.text());
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
