package io.sluice.demo;

import io.sluice.api.Codec;
import io.sluice.gateway.wire.grpc.GrpcStatus;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.RequestOptions;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** A gRPC client, with messages in Protobuf or Thrift; on Vert.x's HTTP/2, as the service is. */
final class GrpcCaller extends StreamingCaller {
  private final HttpClient client;
  private final RequestOptions options;

  // Of the call that is made now.

  private HttpClientRequest request;

  /** What has come, and nothing where it ends. */
  private BlockingQueue<Optional<byte[]>> received;

  private Future<HttpClientResponse> ended;

  /**
   * @param service with its package
   */
  GrpcCaller(Vertx vertx, int port, Kind kind, Codec codec, String service) {
    super(kind, codec);
    client =
        vertx.createHttpClient(
            new HttpClientOptions()
                .setProtocolVersion(HttpVersion.HTTP_2)
                .setHttp2ClearTextUpgrade(false));
    options =
        new RequestOptions()
            .setMethod(HttpMethod.POST)
            .setHost("127.0.0.1")
            .setPort(port)
            .setURI('/' + service + '/' + kind.method(codec))
            .putHeader("content-type", GrpcMessages.contentType(codec))
            .putHeader("te", "trailers")
            .putHeader("source-service", NAME);
    METADATA.forEach(options::putHeader);
  }

  @Override
  void open() throws TimeoutException {
    BlockingQueue<Optional<byte[]>> queue = new LinkedBlockingQueue<>();
    Promise<HttpClientResponse> end = Promise.promise();
    received = queue;
    ended = end.future();
    ended.onComplete(done -> queue.add(Optional.empty()));

    GrpcMessages messages = new GrpcMessages();
    request = client.request(options).await(TIMEOUT_MILLIS, TimeUnit.MILLISECONDS);
    request.setChunked(true).exceptionHandler(end::tryFail);
    request
        .response()
        .onSuccess(
            response -> {
              response.handler(
                  bytes -> messages.read(bytes).forEach(m -> queue.add(Optional.of(m))));
              response.exceptionHandler(end::tryFail);
              response.endHandler(done -> end.tryComplete(response));
            })
        .onFailure(end::tryFail);
  }

  @Override
  void send(byte[] message) {
    request.write(GrpcMessages.bytes(message));
  }

  @Override
  void halfClose() {
    request.end();
  }

  @Override
  byte @Nullable [] receive() throws IOException, InterruptedException, TimeoutException {
    Optional<byte[]> next = received.poll(TIMEOUT_MILLIS, TimeUnit.MILLISECONDS);
    if (next == null) {
      throw new IOException("nothing came within " + TIMEOUT_MILLIS + " ms");
    }
    if (next.isPresent()) {
      return next.get();
    }
    String status = end("grpc-status");
    if (!status.equals("0")) {
      String text = GrpcStatus.decodeMessage(end("grpc-message"));
      throw new IOException("grpc-status " + status + ": " + text);
    }
    return null;
  }

  /** A trailer; of a response that is nothing but its end it is among the headers. */
  private String end(String key) throws TimeoutException {
    HttpClientResponse response = ended.await(TIMEOUT_MILLIS, TimeUnit.MILLISECONDS);
    String trailer = response.getTrailer(key);
    return String.valueOf(trailer == null ? response.getHeader(key) : trailer);
  }

  @Override
  Map<String, String> metadata() {
    return Answer.userKeys(ended.result().headers()::forEach);
  }

  @Override
  public void close() {
    client.close();
  }
}
