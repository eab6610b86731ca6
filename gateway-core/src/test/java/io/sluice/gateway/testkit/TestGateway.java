package io.sluice.gateway.testkit;

import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.sluice.api.Factory;
import io.sluice.gateway.Gateway;
import io.sluice.gateway.config.ConfigLoader;
import io.sluice.gateway.config.LoadedConfig;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A real gateway in this process, with one listener named {@code rpc} on a free port. */
public final class TestGateway implements AutoCloseable {
  private final Gateway gateway;
  private final PrometheusMeterRegistry registry;
  private LoadedConfig config;

  private TestGateway(Gateway gateway, PrometheusMeterRegistry registry, LoadedConfig config) {
    this.gateway = gateway;
    this.registry = registry;
    this.config = config;
  }

  /**
   * One that sends every call to a framed downstream, through these filters in their order.
   *
   * @param port of the downstream
   */
  public static TestGateway to(int port, Probe... probes) {
    return start(config("framed", "", port), 1, probes);
  }

  /** The text of a configuration with one route for everything. */
  public static String config(String transport, String route, int... ports) {
    String endpoints =
        String.join(", ", Arrays.stream(ports).mapToObj(p -> "'127.0.0.1:" + p + "'").toList());
    return """
    listeners: {rpc: {address: '127.0.0.1:0'}}
    clusters:
      backend: {endpoints: [%s], transport: %s, idleTimeout: 1s}
    routes:
      - {cluster: backend%s}
    """
        .formatted(endpoints, transport, route.isEmpty() ? "" : ", " + route);
  }

  /**
   * @param text the configuration; filters are added to it unless it has some
   */
  public static TestGateway start(String text, int loops, Probe... probes) {
    var factories = Arrays.stream(probes).map(Probe::factory).toList();
    String all = text;
    if (!text.contains("use:") && probes.length > 0) {
      all += "filters:\n";
      for (var factory : factories) {
        all += "  - {use: " + factory.name() + "}\n";
      }
    }
    return start(all, loops, factories);
  }

  /**
   * @param text the configuration, with its filters
   */
  public static TestGateway start(String text, int loops, List<? extends Factory<?, ?>> factories) {
    return start(Path.of("test.yaml"), text, loops, factories);
  }

  /**
   * @param file that the configuration is said to be of; paths in it begin in its folder
   * @param text the configuration, with its filters
   */
  public static TestGateway start(
      Path file, String text, int loops, List<? extends Factory<?, ?>> factories) {
    Vertx vertx =
        Vertx.vertx(new VertxOptions().setEventLoopPoolSize(loops).setPreferNativeTransport(true));
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    var config = ConfigLoader.load(file.toString(), text, factories);
    try {
      return new TestGateway(
          get(Gateway.start(vertx, loops, config, List.of(), registry)), registry, config);
    } catch (IllegalStateException e) {
      get(vertx.close());
      throw e;
    }
  }

  /**
   * Puts another configuration in force.
   *
   * @param text with its filters
   */
  public void reload(String text, List<? extends Factory<?, ?>> factories) {
    LoadedConfig next = ConfigLoader.load(config.file(), text, factories, config);
    get(gateway.use(next, List.of()));
    config = next;
  }

  public int port() {
    return gateway.port("rpc");
  }

  public Peer connect() {
    return Peer.connect(port());
  }

  public PrometheusMeterRegistry registry() {
    return registry;
  }

  public Gateway gateway() {
    return gateway;
  }

  /** What the future gives, in time. */
  public static <T> T get(Future<T> future) {
    try {
      return future.toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
    } catch (InterruptedException | ExecutionException | TimeoutException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    get(gateway.shutdown(Duration.ofMillis(200)));
  }
}
