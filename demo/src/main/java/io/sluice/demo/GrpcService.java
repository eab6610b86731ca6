package io.sluice.demo;

import io.sluice.api.Protocol;
import io.sluice.gateway.wire.WireException;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.thrift.TException;

/**
 * A gRPC service with a method of each kind, whose messages are Protobuf or Thrift, as its callers
 * like:
 *
 * <pre>
 *   package shop;
 *   service Cart {
 *     rpc Get(google.protobuf.StringValue) returns (google.protobuf.StringValue);
 *     rpc Put(stream google.protobuf.StringValue) returns (google.protobuf.StringValue);
 *     rpc List(google.protobuf.StringValue) returns (stream google.protobuf.StringValue);
 *     rpc Talk(stream google.protobuf.StringValue) returns (stream google.protobuf.StringValue);
 *   }
 * </pre>
 *
 * <p>It stands on Vert.x's HTTP/2: libraries for gRPC know Protobuf only.
 */
final class GrpcService implements EmbeddedService {
  private static final String INVALID_ARGUMENT = "3";

  private final HttpServer server;

  /**
   * @param port 0 for any
   */
  GrpcService(Vertx vertx, int port) throws TimeoutException {
    server = vertx.createHttpServer().requestHandler(request -> new Call(request).serve());
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

  private static final class Call {
    private final HttpServerRequest request;
    private final HttpServerResponse response;
    private final GrpcMessages messages = new GrpcMessages();
    private final Conversation conversation;

    Call(HttpServerRequest request) {
      this.request = request;
      String type = String.valueOf(request.getHeader("content-type"));
      response = request.response().putHeader("content-type", type);
      conversation =
          new Conversation(
              Kind.of(request.path().substring(request.path().lastIndexOf('/') + 1)),
              GrpcMessages.codec(type),
              Protocol.GRPC,
              Answer.userKeys(request.headers()::forEach),
              answer -> response.write(GrpcMessages.bytes(answer)));
    }

    void serve() {
      request.handler(this::hear);
      request.endHandler(halfClosed -> halfClose());
    }

    private void hear(Buffer bytes) {
      try {
        for (byte[] message : messages.read(bytes)) {
          conversation.hear(message);
        }
      } catch (IOException | TException | WireException e) {
        end(INVALID_ARGUMENT, "a message without a text");
      }
    }

    private void halfClose() {
      try {
        conversation.halfClose();
        end("0", "");
      } catch (TException e) {
        end(INVALID_ARGUMENT, "a text that cannot be answered");
      }
    }

    private void end(String status, String message) {
      if (!response.ended()) {
        response.putTrailer("grpc-status", status).putTrailer("grpc-message", message).end();
      }
    }
  }
}
