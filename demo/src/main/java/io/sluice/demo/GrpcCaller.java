package io.sluice.demo;

import com.google.protobuf.StringValue;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.net.SocketAddress;
import io.vertx.grpc.client.GrpcClient;
import io.vertx.grpc.client.GrpcClientRequest;
import io.vertx.grpc.client.GrpcClientResponse;
import io.vertx.grpc.common.GrpcMessageDecoder;
import io.vertx.grpc.common.GrpcMessageEncoder;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.common.ServiceMethod;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A gRPC client. A call with one message is a unary one, with more a stream both ways. */
final class GrpcCaller implements Caller {
  private final GrpcClient client;
  private final SocketAddress gateway;
  private final ServiceMethod<StringValue, StringValue> method;

  GrpcCaller(Vertx vertx, int port, String method) {
    client = GrpcClient.client(vertx);
    gateway = SocketAddress.inetSocketAddress(port, "127.0.0.1");
    this.method =
        ServiceMethod.client(
            GrpcService.NAME,
            method,
            GrpcMessageEncoder.encoder(),
            GrpcMessageDecoder.decoder(StringValue.getDefaultInstance()));
  }

  @Override
  public Reply call(List<String> messages)
      throws IOException, TimeoutException, InterruptedException {
    GrpcClientRequest<StringValue, StringValue> request =
        client.request(gateway, method).await(TIMEOUT_MILLIS, TimeUnit.MILLISECONDS);
    METADATA.forEach(request.headers()::add);
    // What comes back, and nothing where it ends.
    BlockingQueue<Optional<StringValue>> received = new LinkedBlockingQueue<>();
    Promise<GrpcClientResponse<StringValue, StringValue>> ended = Promise.promise();
    ended.future().onComplete(end -> received.add(Optional.empty()));
    request.exceptionHandler(ended::tryFail);
    request
        .response()
        .onSuccess(
            response -> {
              response.handler(message -> received.add(Optional.of(message)));
              response.exceptionHandler(ended::tryFail);
              response.endHandler(end -> ended.tryComplete(response));
            })
        .onFailure(ended::tryFail);

    List<Answer> answers = new ArrayList<>();
    for (int i = 0; i < messages.size(); i++) {
      StringValue message = StringValue.of(messages.get(i));
      if (i == messages.size() - 1) {
        request.end(message);
      } else {
        request.write(message);
      }
      Optional<StringValue> answer = next(received);
      if (answer.isEmpty()) {
        break;
      }
      answers.add(Answer.parse(answer.get().getValue()));
    }
    if (answers.size() == messages.size() && next(received).isPresent()) {
      throw new IOException("more answers than messages");
    }
    GrpcClientResponse<StringValue, StringValue> response =
        ended.future().await(TIMEOUT_MILLIS, TimeUnit.MILLISECONDS);
    if (response.status() != GrpcStatus.OK) {
      throw new IOException(response.status() + ": " + response.statusMessage());
    }
    return new Reply(answers, Answer.userKeys(response.headers()::forEach));
  }

  private static <T> T next(BlockingQueue<T> queue) throws IOException, InterruptedException {
    T next = queue.poll(TIMEOUT_MILLIS, TimeUnit.MILLISECONDS);
    if (next == null) {
      throw new IOException("nothing came within " + TIMEOUT_MILLIS + " ms");
    }
    return next;
  }

  @Override
  public void close() {
    client.close();
  }
}
