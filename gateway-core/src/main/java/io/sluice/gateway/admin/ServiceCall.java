package io.sluice.gateway.admin;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.server.GrpcServerRequest;
import io.vertx.grpc.server.GrpcServerResponse;
import java.util.function.Consumer;

/**
 * A call of one of the services here. Whatever is done to it after its end is ignored. Used on the
 * loop of the listener only.
 *
 * @param <Q> a message of the request
 * @param <A> a message of the response
 */
final class ServiceCall<Q, A> {
  /** How long a caller may keep the next message back, and an answer may take. */
  private static final long PATIENCE_MILLIS = 5000;

  private final Vertx vertx;
  private final GrpcServerRequest<Q, A> request;
  private final GrpcServerResponse<Q, A> response;
  private Runnable whenOver = () -> {};
  private long timer = -1;
  private boolean asked;
  private boolean over;

  ServiceCall(Vertx vertx, GrpcServerRequest<Q, A> request) {
    this.vertx = vertx;
    this.request = request;
    this.response = request.response();
    request.errorHandler(reset -> over());
    response.exceptionHandler(lost -> over());
    request.invalidMessageHandler(
        tooLong -> end(GrpcStatus.RESOURCE_EXHAUSTED, "the message is too long"));
  }

  /** Gives the one message of the request. If it does not come, or no answer, the call ends. */
  void one(Consumer<Q> then) {
    patient(() -> end(GrpcStatus.DEADLINE_EXCEEDED, "no message came, or there is no answer"));
    request.handler(
        message -> {
          if (!over && !asked) {
            asked = true;
            then.accept(message);
          }
        });
    request.endHandler(
        halfClosed -> {
          if (!asked) {
            end(GrpcStatus.INTERNAL, "half-closed without a message");
          }
        });
  }

  /** Gives every message of the request. The call ends when there are no more for a while. */
  void each(Consumer<Q> then) {
    patient(this::end);
    request.handler(
        message -> {
          if (!over) {
            patient(this::end);
            then.accept(message);
          }
        });
    request.endHandler(halfClosed -> end());
  }

  private void patient(Runnable otherwise) {
    vertx.cancelTimer(timer);
    timer = vertx.setTimer(PATIENCE_MILLIS, due -> otherwise.run());
  }

  /** The call goes on for as long as its caller likes. */
  void lasts() {
    vertx.cancelTimer(timer);
  }

  /** Has this run at the end of the call, however it ends. */
  void whenOver(Runnable then) {
    whenOver = then;
  }

  /** Whether the caller has not taken what was answered so far. */
  boolean isFull() {
    return !over && response.writeQueueFull();
  }

  void answer(A message) {
    if (!over) {
      response.write(message);
    }
  }

  /** Asks for no further message of the request until the caller has taken its answers. */
  void answerInStep(A message) {
    answer(message);
    if (isFull()) {
      request.pause();
      response.drainHandler(drained -> request.resume());
    }
  }

  void end(A last) {
    if (!over) {
      over();
      response.end(last);
    }
  }

  void end(GrpcStatus status, String text) {
    if (!over) {
      over();
      response.status(status).statusMessage(text).end();
    }
  }

  private void end() {
    if (!over) {
      over();
      response.end();
    }
  }

  private void over() {
    if (!over) {
      over = true;
      vertx.cancelTimer(timer);
      whenOver.run();
    }
  }

  HttpConnection connection() {
    return request.connection();
  }
}
