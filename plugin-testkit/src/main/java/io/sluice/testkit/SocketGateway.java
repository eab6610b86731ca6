package io.sluice.testkit;

import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.sluice.api.Factory;
import io.sluice.gateway.Gateway;
import io.sluice.gateway.config.LoadedConfig;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A whole gateway on a real port, between a caller's connections and a service's. */
final class SocketGateway extends TestGateway {
  private static final Duration GRACE = Duration.ofMillis(200);

  private final Gateway gateway;
  private final LoadedJars jars;
  private final Callers callers;

  private SocketGateway(Gateway gateway, LoadedJars jars, FakeService service) {
    super(service);
    this.gateway = gateway;
    this.jars = jars;
    this.callers = Callers.of(port());
  }

  static SocketGateway start(
      String text, List<Factory<?, ?>> factories, List<Path> plugins, FakeService service) {
    LoadedJars jars = new LoadedJars();
    Vertx vertx =
        Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1).setPreferNativeTransport(true));
    try {
      plugins.forEach(jars::load);
      List<Factory<?, ?>> all = new ArrayList<>(factories);
      all.addAll(jars.factories());
      LoadedConfig config = MemoryGateway.load(text, all);
      return new SocketGateway(
          Waiting.await(
              Gateway.start(
                  vertx,
                  1,
                  config,
                  jars.plugins(),
                  new PrometheusMeterRegistry(PrometheusConfig.DEFAULT))),
          jars,
          service);
    } catch (RuntimeException | AssertionError e) {
      Waiting.await(vertx.close());
      jars.close();
      throw e;
    }
  }

  @Override
  CallerSide begin(Request request, List<byte[]> messages, boolean whole) {
    return callers.begin(request, messages, whole);
  }

  /** The class loader of its only plugin. */
  ClassLoader pluginCode() {
    return jars.factories().get(0).getClass().getClassLoader();
  }

  /** Goes on without any filter, and unloads all plugins. */
  void unload() {
    LoadedConfig bare = MemoryGateway.load(Configs.passing(service().port(), List.of()), List.of());
    Waiting.await(gateway.use(bare, List.of()));
    jars.close();
  }

  @Override
  public int port() {
    return gateway.port("rpc");
  }

  @Override
  public void close() {
    callers.close();
    Waiting.await(gateway.shutdown(GRACE));
    service().close();
    jars.close();
  }
}
