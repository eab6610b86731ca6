package io.sluice.gateway.admin;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.grpc.common.GrpcHeaderNames;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.server.GrpcServer;
import io.vertx.grpc.server.GrpcServerOptions;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The gRPC services of the admin listener. They are made when the first call comes, on a worker
 * thread, as their classes are many and most gateways are never asked. Used on the loop of the
 * listener only.
 */
final class GrpcServices {
  private static final Logger LOG = LoggerFactory.getLogger(GrpcServices.class);
  private static final String GRPC = "application/grpc";

  /** Of all that begins so. JSON would need a library of its own. */
  private static final Set<String> TYPES = Set.of(GRPC, GRPC + "+proto");

  private static final String IDENTITY = "identity";
  private static final Set<String> ENCODINGS = Set.of(IDENTITY, "gzip");

  /** Of a message of a request; compressed ones may become a thousand times as long. */
  private static final int MAX_MESSAGE = 4096;

  private final Vertx vertx;
  private final HealthService health;
  private @Nullable Future<GrpcServer> server;

  GrpcServices(Vertx vertx, HealthService health) {
    this.vertx = vertx;
    this.health = health;
  }

  /** Whether a request is meant for a service, also if it can be none. */
  static boolean isCall(HttpServerRequest request) {
    String type = request.getHeader(HttpHeaders.CONTENT_TYPE);
    return type != null && type.startsWith(GRPC);
  }

  void serve(HttpServerRequest request) {
    if (request.version() != HttpVersion.HTTP_2
        || !TYPES.contains(request.getHeader(HttpHeaders.CONTENT_TYPE))) {
      request.response().setStatusCode(415).end();
      return;
    }
    String encoding = request.getHeader(GrpcHeaderNames.GRPC_ENCODING);
    if (encoding == null) {
      // Else a message that is marked as compressed makes the library throw.
      request.headers().set(GrpcHeaderNames.GRPC_ENCODING, IDENTITY);
    } else if (!ENCODINGS.contains(encoding)) {
      refuseEncoding(request);
      return;
    }
    Future<GrpcServer> made = server();
    if (made.succeeded()) {
      made.result().handle(request);
      return;
    }
    request.pause();
    made.onSuccess(
            services -> {
              // It has come to its end only if the caller has given it up.
              if (!request.isEnded()) {
                services.handle(request);
                request.resume();
              }
            })
        .onFailure(cause -> request.response().setStatusCode(500).end());
  }

  private static void refuseEncoding(HttpServerRequest request) {
    request
        .response()
        .putHeader(HttpHeaders.CONTENT_TYPE, GRPC)
        .putHeader(GrpcHeaderNames.GRPC_STATUS, GrpcStatus.UNIMPLEMENTED.toString())
        .putHeader(GrpcHeaderNames.GRPC_MESSAGE, "messages may be compressed with gzip")
        .putHeader(GrpcHeaderNames.GRPC_ACCEPT_ENCODING, String.join(",", ENCODINGS))
        .end();
  }

  private Future<GrpcServer> server() {
    Future<GrpcServer> made = server;
    if (made == null) {
      made = vertx.executeBlocking(this::make).onFailure(this::notMade);
      server = made;
    }
    return made;
  }

  /** The next call tries again. */
  private void notMade(Throwable cause) {
    LOG.error("the gRPC services of the admin listener could not be made", cause);
    server = null;
  }

  private GrpcServer make() {
    GrpcServer made =
        GrpcServer.server(vertx, new GrpcServerOptions().setMaxMessageSize(MAX_MESSAGE));
    made.callHandler(
        call ->
            call.response()
                .status(GrpcStatus.UNIMPLEMENTED)
                .statusMessage("there are grpc.health.v1.Health and server reflection")
                .end());
    health.bind(made);
    new ReflectionService(vertx, ProtoFiles.ofTheGateway()).bind(made);
    return made;
  }
}
