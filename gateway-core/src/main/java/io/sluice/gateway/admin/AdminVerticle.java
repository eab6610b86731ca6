package io.sluice.gateway.admin;

import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.sluice.gateway.config.Address;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import java.util.function.BooleanSupplier;

/**
 * Serves {@code /livez} (the process runs), {@code /readyz} (it takes calls) and {@code /metrics}
 * (Prometheus).
 */
public final class AdminVerticle extends VerticleBase {
  private static final int MAX_HEADER = 8192;

  private final Address address;
  private final PrometheusMeterRegistry registry;
  private final BooleanSupplier ready;
  private HttpServer server;

  public AdminVerticle(Address address, PrometheusMeterRegistry registry, BooleanSupplier ready) {
    this.address = address;
    this.registry = registry;
    this.ready = ready;
  }

  @Override
  public Future<?> start() {
    server =
        vertx.createHttpServer(
            new HttpServerOptions()
                .setHost(address.host())
                .setPort(address.port())
                .setMaxHeaderSize(MAX_HEADER)
                .setIdleTimeout(60));
    return server.requestHandler(this::serve).listen();
  }

  /** The port that is listened on. */
  public int port() {
    return server.actualPort();
  }

  private void serve(HttpServerRequest request) {
    switch (request.path()) {
      case "/livez" -> answer(request, 200, "alive\n");
      case "/readyz" -> {
        boolean is = ready.getAsBoolean();
        answer(request, is ? 200 : 503, is ? "ready\n" : "not ready\n");
      }
      case "/metrics" -> metrics(request);
      default -> answer(request, 404, "there are /livez, /readyz and /metrics\n");
    }
  }

  private void metrics(HttpServerRequest request) {
    // Writing all meters down takes milliseconds, which calls on this loop should not wait for.
    vertx
        .executeBlocking(registry::scrape)
        .onSuccess(
            page ->
                request
                    .response()
                    .putHeader("content-type", "text/plain; version=0.0.4; charset=utf-8")
                    .end(page))
        .onFailure(cause -> answer(request, 500, cause.getMessage() + '\n'));
  }

  private static void answer(HttpServerRequest request, int status, String text) {
    request
        .response()
        .setStatusCode(status)
        .putHeader("content-type", "text/plain; charset=utf-8")
        .end(text);
  }
}
