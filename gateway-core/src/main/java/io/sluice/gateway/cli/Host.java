package io.sluice.gateway.cli;

import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.sluice.api.FilterFactory;
import io.sluice.gateway.Gateway;
import io.sluice.gateway.Reloader;
import io.sluice.gateway.config.ConfigLoader;
import io.sluice.gateway.config.ConfigSource;
import io.sluice.gateway.config.LoadedConfig;
import io.sluice.gateway.plugin.LoadedPlugin;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;
import io.vertx.core.metrics.MetricsOptions;
import io.vertx.micrometer.MetricsDomain;
import io.vertx.micrometer.MicrometerMetricsFactory;
import io.vertx.micrometer.MicrometerMetricsOptions;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The process around a gateway: event loops and meters. */
public final class Host {
  private static final Logger LOG = LoggerFactory.getLogger(Host.class);
  private static final Pattern LOOPS = Pattern.compile("[1-9]\\d{0,2}");

  private final int loops;
  private final PrometheusMeterRegistry registry;
  private final Vertx vertx;
  private volatile @Nullable Reloader reloader;

  /**
   * @param loops event loops, at least 1
   */
  public Host(int loops) {
    this.loops = loops;
    registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    MetricsOptions metrics =
        new MicrometerMetricsOptions()
            .addDisabledMetricsCategory(MetricsDomain.EVENT_BUS)
            // These would see connections but none of their bytes, which pass below Vert.x.
            .addDisabledMetricsCategory(MetricsDomain.NET_SERVER)
            .addDisabledMetricsCategory(MetricsDomain.NET_CLIENT)
            .setEnabled(true);
    vertx =
        Vertx.builder()
            .with(
                new VertxOptions()
                    .setEventLoopPoolSize(loops)
                    .setPreferNativeTransport(true)
                    .setMetricsOptions(metrics)
                    .setFileSystemOptions(
                        new FileSystemOptions()
                            .setClassPathResolvingEnabled(false)
                            .setFileCachingEnabled(false)))
            .withMetrics(new MicrometerMetricsFactory(registry))
            .build();
  }

  /** Adds the meters of the JVM; apart, since they take long to make and nobody waits for them. */
  @SuppressWarnings("resource") // the listener for collections lives as long as the process
  private void bindJvmMetrics() {
    new JvmMemoryMetrics().bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
    new JvmGcMetrics().bindTo(registry);
  }

  /**
   * As many loops as the environment says, else as there are processors.
   *
   * @throws IllegalArgumentException if that is no number of loops, saying what would be
   */
  public static int defaultLoops() {
    return loops(System.getenv("SLUICE_EVENT_LOOPS"));
  }

  static int loops(@Nullable String set) {
    if (set == null || set.isBlank()) {
      return Runtime.getRuntime().availableProcessors();
    }
    if (!LOOPS.matcher(set.strip()).matches()) {
      throw new IllegalArgumentException(
          "SLUICE_EVENT_LOOPS is '" + set + "': write 1 to 999, or leave it out");
    }
    return Integer.parseInt(set.strip());
  }

  public Vertx vertx() {
    return vertx;
  }

  /**
   * Reads a configuration file and starts a gateway that follows the file and the plugins folder
   * from then on.
   *
   * @return fails with {@link io.sluice.gateway.config.ConfigException} if there are faults in it
   */
  public Future<Gateway> start(Path file, Plugins plugins) {
    ConfigSource source = new ConfigSource(vertx, file);
    List<FilterFactory<?>> others = Plugins.ofClassPath();
    List<LoadedPlugin> taken = plugins.host().plugins();
    return source
        .read()
        .compose(
            text ->
                vertx
                    .executeBlocking(
                        () ->
                            ConfigLoader.load(
                                source.name(), text, Reloader.factories(taken, others)))
                    .onSuccess(
                        loaded ->
                            loaded
                                .warnings()
                                .forEach(
                                    warning -> LOG.atWarn().setMessage(warning.toString()).log()))
                    .compose(
                        loaded ->
                            start(loaded, taken)
                                .onSuccess(
                                    gateway ->
                                        reloader =
                                            Reloader.start(
                                            vertx,
                                            gateway,
                                            source,
                                            text,
                                            loaded,
                                            plugins.host(),
                                            others))));
  }

  /** Leaves the gateway as it is, whatever becomes of the file and the folder. */
  public void stopFollowing() {
    Reloader following = reloader;
    if (following != null) {
      following.stop();
    }
  }

  /** Starts a gateway. */
  public Future<Gateway> start(LoadedConfig config, List<LoadedPlugin> plugins) {
    return Gateway.start(vertx, loops, config, plugins, registry)
        .onSuccess(
            started ->
                vertx.executeBlocking(
                    () -> {
                      bindJvmMetrics();
                      return null;
                    }));
  }
}
