package io.sluice.gateway.admin;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.health.handler.GrpcHealthCheckV1Handler;
import io.vertx.grpc.health.handler.GrpcHealthListV1Handler;
import io.vertx.grpc.health.handler.GrpcHealthWatchV1Handler;
import io.vertx.grpc.health.v1.HealthCheckRequest;
import io.vertx.grpc.health.v1.HealthCheckResponse;
import io.vertx.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.vertx.grpc.health.v1.HealthListRequest;
import io.vertx.grpc.health.v1.HealthListResponse;
import io.vertx.grpc.server.GrpcServer;
import io.vertx.grpc.server.GrpcServerRequest;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code grpc.health.v1.Health}. The name "" is the gateway as a whole, others are those of {@link
 * Health}. Messages and methods are those of Vert.x; its own service is not, since there the whole
 * serves whatever happens. Used on the loop of the listener only.
 */
final class HealthService {
  private static final Logger LOG = LoggerFactory.getLogger(HealthService.class);

  /** In characters; the names of services and of clusters have at most 255. */
  private static final int MAX_NAME = 300;

  private final Vertx vertx;
  private final BooleanSupplier ready;
  private final Supplier<Future<Health>> parts;
  private final Watchers watchers;

  /** The answer that is on its way; one does for all who ask meanwhile. */
  private @Nullable Future<Health> asked;

  /**
   * @param ready whether the whole serves
   * @param parts tells of its parts, later and on the loop of the listener
   */
  HealthService(Vertx vertx, BooleanSupplier ready, Supplier<Future<Health>> parts) {
    this.vertx = vertx;
    this.ready = ready;
    this.parts = parts;
    this.watchers = new Watchers(vertx, this::status);
  }

  /** Has the server call this. */
  void bind(GrpcServer server) {
    server.callHandler(GrpcHealthCheckV1Handler.SERVICE_METHOD, this::check);
    server.callHandler(GrpcHealthListV1Handler.SERVICE_METHOD, this::list);
    server.callHandler(GrpcHealthWatchV1Handler.SERVICE_METHOD, this::watch);
  }

  /** Tells all who watch that nothing serves any more, and ends their calls. */
  void stop() {
    watchers.stop();
  }

  /** How many calls watch now. */
  int watches() {
    return watchers.size();
  }

  private void check(GrpcServerRequest<HealthCheckRequest, HealthCheckResponse> request) {
    ServiceCall<HealthCheckRequest, HealthCheckResponse> call = new ServiceCall<>(vertx, request);
    named(
        call,
        name ->
            status(name)
                .onSuccess(
                    status -> {
                      if (status == ServingStatus.SERVICE_UNKNOWN) {
                        call.end(GrpcStatus.NOT_FOUND, "unknown service");
                      } else {
                        call.end(response(status));
                      }
                    })
                .onFailure(cause -> cannotTell(call)));
  }

  private void list(GrpcServerRequest<HealthListRequest, HealthListResponse> request) {
    ServiceCall<HealthListRequest, HealthListResponse> call = new ServiceCall<>(vertx, request);
    call.one(
        question ->
            parts()
                .onSuccess(
                    health -> {
                      HealthListResponse.Builder all = HealthListResponse.newBuilder();
                      all.putStatuses("", response(whole()));
                      health.names().forEach(n -> all.putStatuses(n, response(health.of(n))));
                      call.end(all.build());
                    })
                .onFailure(cause -> cannotTell(call)));
  }

  private void watch(GrpcServerRequest<HealthCheckRequest, HealthCheckResponse> request) {
    ServiceCall<HealthCheckRequest, HealthCheckResponse> call = new ServiceCall<>(vertx, request);
    named(call, name -> watchers.add(call, name));
  }

  /** Gives the name that is asked for, unless it is too long for one. */
  private static void named(
      ServiceCall<HealthCheckRequest, HealthCheckResponse> call, Consumer<String> then) {
    call.one(
        question -> {
          String name = question.getService();
          if (name.length() > MAX_NAME) {
            call.end(GrpcStatus.INVALID_ARGUMENT, "a name has at most " + MAX_NAME + " characters");
          } else {
            then.accept(name);
          }
        });
  }

  private static void cannotTell(ServiceCall<?, ?> call) {
    call.end(GrpcStatus.UNAVAILABLE, "the gateway cannot tell now");
  }

  static HealthCheckResponse response(ServingStatus status) {
    return HealthCheckResponse.newBuilder().setStatus(status).build();
  }

  private Future<ServingStatus> status(String name) {
    // What most ask for needs no other loop, however long that would take.
    return name.isEmpty()
        ? Future.succeededFuture(whole())
        : parts().map(health -> health.of(name));
  }

  private ServingStatus whole() {
    return ready.getAsBoolean() ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
  }

  private Future<Health> parts() {
    Future<Health> answer = asked;
    if (answer == null) {
      answer = parts.get();
      asked = answer;
      answer
          .onComplete(told -> asked = null)
          .onFailure(cause -> LOG.warn("what serves cannot be told", cause));
    }
    return answer;
  }
}
