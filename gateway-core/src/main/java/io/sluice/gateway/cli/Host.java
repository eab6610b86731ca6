package io.sluice.gateway.cli;

import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.sluice.gateway.Gateway;
import io.sluice.gateway.Origin;
import io.sluice.gateway.Reloader;
import io.sluice.gateway.config.ConfigException;
import io.sluice.gateway.config.ConfigLoader;
import io.sluice.gateway.config.ConfigSource;
import io.sluice.gateway.config.LastGood;
import io.sluice.gateway.config.LastGood.Kept;
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
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The process around a gateway: event loops and meters. */
public final class Host implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Host.class);
  private static final Pattern LOOPS = Pattern.compile("[1-9]\\d{0,2}");

  /** They read files, of which one is watched: without a bound that takes 20 threads. */
  private static final int FILE_THREADS = 2;

  private final int loops;
  private final Duration look;
  private final PrometheusMeterRegistry registry;
  private final Vertx vertx;
  private volatile @Nullable Plugins plugins;
  private volatile @Nullable Reloader reloader;

  /**
   * @param loops event loops, at least 1
   */
  public Host(int loops) {
    this(loops, Reloader.PERIOD);
  }

  /**
   * @param loops event loops, at least 1
   * @param look from one look at the file and the plugins folder to the next
   */
  public Host(int loops, Duration look) {
    this.loops = loops;
    this.look = look;
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
                    .setInternalBlockingPoolSize(FILE_THREADS)
                    .setPreferNativeTransport(true)
                    // Who keeps a loop is told sooner, and by name, by the gateway itself.
                    .setMaxEventLoopExecuteTimeUnit(TimeUnit.DAYS)
                    .setMaxEventLoopExecuteTime(365)
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
   * @param folder of the plugins, null for none
   * @param lastGood what is kept of the configurations that ran, and used if the file is refused;
   *     null for nothing
   * @return fails with {@link ConfigException} if there are faults in the file and nothing else can
   *     be used
   */
  public Future<Gateway> start(
      ConfigSource source, @Nullable Path folder, @Nullable LastGood lastGood) {
    return source
        .read()
        .transform(
            (text, fault) ->
                vertx.executeBlocking(
                    () ->
                        fault == null
                            ? load(source, text, folder, lastGood)
                            : lastGood(source, null, (ConfigException) fault, folder, lastGood)))
        .compose(origin -> start(source, origin, lastGood));
  }

  private Origin load(
      ConfigSource source, String text, @Nullable Path folder, @Nullable LastGood lastGood)
      throws IOException {
    try {
      return Origin.of(text, load(source.name(), source, text, folder));
    } catch (ConfigException e) {
      return lastGood(source, text, e, folder, lastGood);
    }
  }

  /**
   * @param name as faults tell it
   * @param source whose text it is, or was
   */
  private LoadedConfig load(String name, ConfigSource source, String text, @Nullable Path folder)
      throws IOException {
    Set<String> allowed = ConfigLoader.allowedPlugins(name, text);
    Plugins there = plugins;
    if (there == null) {
      there = Plugins.of(folder, allowed);
      plugins = there;
    } else {
      there.take(allowed);
    }
    return ConfigLoader.load(name, source.name(), text, there.factories());
  }

  /**
   * @param refused what is in the file, null if it cannot be read
   * @throws ConfigException the fault of the file, if what is kept cannot be used either
   */
  private Origin lastGood(
      ConfigSource source,
      @Nullable String refused,
      ConfigException fault,
      @Nullable Path folder,
      @Nullable LastGood lastGood)
      throws IOException {
    Kept kept = lastGood == null ? null : lastGood.read();
    if (kept == null) {
      throw fault;
    }
    try {
      LoadedConfig config = load(lastGood.path().toString(), source, kept.text(), folder);
      LOG.atWarn()
          .setMessage("CONFIGURATION REFUSED, starting with the last good one, of {}:\n{}")
          .addArgument(kept.since())
          .addArgument(fault.getMessage())
          .addKeyValue("kept", lastGood.path())
          .log();
      return new Origin(kept.text(), config, refused, fault, kept.since());
    } catch (ConfigException e) {
      LOG.atError()
          .setMessage("the last good configuration, of {}, cannot be used either:\n{}")
          .addArgument(kept.since())
          .addArgument(e.getMessage())
          .log();
      throw fault;
    }
  }

  private Future<Gateway> start(ConfigSource source, Origin origin, @Nullable LastGood lastGood) {
    Plugins taken = Objects.requireNonNull(plugins);
    return start(origin.config(), taken.host().plugins())
        .onSuccess(
            gateway ->
                reloader =
                    Reloader.start(
                        vertx,
                        gateway,
                        source,
                        origin,
                        taken.host(),
                        taken.others(),
                        lastGood,
                        look));
  }

  /** Leaves the gateway as it is, whatever becomes of the file and the folder. */
  public void stopFollowing() {
    Reloader following = reloader;
    if (following != null) {
      following.stop();
    }
  }

  /** The filters that there are, null before a start. */
  public @Nullable Plugins plugins() {
    return plugins;
  }

  /** Removes what is left of the plugins on disk; the gateway has ended, or was not started. */
  @Override
  public void close() {
    Plugins taken = plugins;
    if (taken != null) {
      taken.close();
    }
  }

  private Future<Gateway> start(LoadedConfig config, List<LoadedPlugin> plugins) {
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
