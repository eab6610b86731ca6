package io.sluice.gateway.admin;

import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.sluice.gateway.config.Address;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.http.Http2Settings;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import java.util.concurrent.TimeUnit;

/**
 * Serves {@code /livez} (the process runs), {@code /readyz} (it takes calls; with {@code ?verbose},
 * how it is doing), {@code /metrics} (Prometheus) and {@code /plugins} (JSON), and beside these
 * pages the {@link GrpcServices}.
 */
public final class AdminVerticle extends VerticleBase {
  private static final int MAX_HEADER = 8192;

  /** On one connection. */
  private static final int MAX_STREAMS = 1000;

  /** On one connection: that of a listener for calls may carry the cancels of many callers. */
  private static final int MAX_RESETS_A_SECOND = 5000;

  /** A loop that has not said by then how it is has hung. */
  private static final int PATIENCE_SECONDS = 4;

  private final Address address;
  private final PrometheusMeterRegistry registry;
  private final Insight gateway;
  private HttpServer server;
  private HealthService health;
  private GrpcServices services;

  public AdminVerticle(Address address, PrometheusMeterRegistry registry, Insight gateway) {
    this.address = address;
    this.registry = registry;
    this.gateway = gateway;
  }

  @Override
  public Future<?> start() {
    health =
        new HealthService(
            vertx,
            gateway::isReady,
            () -> here(gateway.health().timeout(PATIENCE_SECONDS, TimeUnit.SECONDS)));
    services = new GrpcServices(vertx, health);
    server =
        vertx.createHttpServer(
            new HttpServerOptions()
                .setHost(address.host())
                .setPort(address.port())
                .setMaxHeaderSize(MAX_HEADER)
                .setInitialSettings(
                    new Http2Settings()
                        .setMaxConcurrentStreams(MAX_STREAMS)
                        .setMaxHeaderListSize(MAX_HEADER))
                .setHttp2RstFloodMaxRstFramePerWindow(MAX_RESETS_A_SECOND)
                .setHttp2RstFloodWindowDuration(1)
                .setHttp2RstFloodWindowDurationTimeUnit(TimeUnit.SECONDS)
                .setIdleTimeout(60));
    return server.requestHandler(this::serve).listen();
  }

  /** The port that is listened on. */
  public int port() {
    return server.actualPort();
  }

  /** The gateway takes no more calls: has those know who watch its health. */
  public void stopping() {
    context.runOnContext(on -> health.stop());
  }

  private void serve(HttpServerRequest request) {
    if (GrpcServices.isCall(request)) {
      services.serve(request);
      return;
    }
    // A CONNECT has none.
    switch (String.valueOf(request.path())) {
      case "/livez" -> answer(request, 200, "alive\n");
      case "/readyz" -> ready(request);
      case "/metrics" -> metrics(request);
      case "/plugins" -> plugins(request);
      default -> answer(request, 404, "there are /livez, /readyz, /metrics and /plugins\n");
    }
  }

  private void ready(HttpServerRequest request) {
    int status = gateway.isReady() ? 200 : 503;
    String word = gateway.isReady() ? "ready\n" : "not ready\n";
    if (!request.params().contains("verbose")) {
      answer(request, status, word);
      return;
    }
    here(gateway.facts())
        .onSuccess(
            facts ->
                answer(
                    request,
                    status,
                    word
                        + String.join("\n", facts)
                        + "\nhealth: watched by "
                        + health.watches()
                        + " calls\n"))
        .onFailure(cause -> answer(request, 500, cause.getMessage() + '\n'));
  }

  private void metrics(HttpServerRequest request) {
    // Writing all meters down takes milliseconds, which calls on this loop should not wait for.
    here(gateway.refresh())
        .compose(done -> vertx.executeBlocking(registry::scrape))
        .onSuccess(
            page ->
                request
                    .response()
                    .putHeader("content-type", "text/plain; version=0.0.4; charset=utf-8")
                    .end(page))
        .onFailure(cause -> answer(request, 500, cause.getMessage() + '\n'));
  }

  private void plugins(HttpServerRequest request) {
    here(gateway.plugins().timeout(PATIENCE_SECONDS, TimeUnit.SECONDS))
        .onSuccess(
            page ->
                request
                    .response()
                    .putHeader("content-type", "application/json")
                    .end(page.encodePrettily() + '\n'))
        .onFailure(cause -> answer(request, 500, cause.getMessage() + '\n'));
  }

  /** The same, completed on the loop of the requests. */
  private <T> Future<T> here(Future<T> asked) {
    return Future.future(
        promise ->
            asked.onComplete(
                (result, failure) ->
                    context.runOnContext(on -> promise.complete(result, failure))));
  }

  private static void answer(HttpServerRequest request, int status, String text) {
    request
        .response()
        .setStatusCode(status)
        .putHeader("content-type", "text/plain; charset=utf-8")
        .end(text);
  }
}
