package io.sluice.gateway;

import io.sluice.api.Factory;
import io.sluice.gateway.config.ConfigException;
import io.sluice.gateway.config.ConfigLoader;
import io.sluice.gateway.config.ConfigSource;
import io.sluice.gateway.config.ConfigWatch;
import io.sluice.gateway.config.Fault;
import io.sluice.gateway.config.LastGood;
import io.sluice.gateway.config.LoadedConfig;
import io.sluice.gateway.config.Places;
import io.sluice.gateway.config.SecretFiles;
import io.sluice.gateway.filter.FilterStartException;
import io.sluice.gateway.plugin.LoadedPlugin;
import io.sluice.gateway.plugin.PluginHost;
import io.sluice.gateway.plugin.PluginRefused;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.internal.VertxInternal;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a gateway as its configuration file and its plugins folder are. Each change is checked as a
 * whole before it counts, one after another, on one thread; one that is refused changes nothing.
 */
public final class Reloader {
  private static final Logger LOG = LoggerFactory.getLogger(Reloader.class);

  /** From one look at the file and the folder to the next, if nothing else is said. */
  public static final Duration PERIOD = Duration.ofMillis(250);

  private final Vertx vertx;
  private final Gateway gateway;
  private final ConfigSource source;
  private final PluginHost plugins;
  private final List<Factory<?, ?>> others;
  private final WorkerExecutor worker;
  private final Context loop;
  private final ConfigWatch watch;
  private final @Nullable LastGood lastGood;
  private final Duration period;
  private volatile boolean stopped;

  /** What runs. Used on the worker only, as what is below. */
  private LoadedConfig config;

  private String text;

  /** What lies in the file and was refused; null if what lies there runs, or cannot be read. */
  private @Nullable String pending;

  /** Of what lies in the configuration's file, whether that runs or was refused. */
  private SecretFiles secretFiles;

  private String folderFault = "";

  /** What was last told that should not happen. */
  private String failure = "";

  private Reloader(
      Vertx vertx,
      Gateway gateway,
      ConfigSource source,
      Origin origin,
      PluginHost plugins,
      List<Factory<?, ?>> others,
      @Nullable LastGood lastGood,
      Duration period) {
    this.vertx = vertx;
    this.gateway = gateway;
    this.source = source;
    this.text = origin.text();
    this.config = origin.config();
    this.pending = origin.refused();
    this.secretFiles = origin.fault() == null ? config.secretFiles() : origin.fault().secretFiles();
    this.plugins = plugins;
    this.others = List.copyOf(others);
    this.lastGood = lastGood;
    this.period = period;
    this.loop = ((VertxInternal) vertx).createEventLoopContext();
    this.worker = vertx.createSharedWorkerExecutor("sluice-reload-worker", 1);
    this.watch =
        new ConfigWatch(
            vertx,
            source,
            origin.seen(),
            period,
            changed -> work(() -> reload(changed)),
            fault -> work(() -> unreadable(fault)));
  }

  /**
   * Begins to watch.
   *
   * @param plugins those in use are those of the configuration
   * @param others filters that are no plugins
   * @param lastGood keeps what runs for the next start; null if nothing does
   * @param period from one look at the file and the folder to the next
   */
  public static Reloader start(
      Vertx vertx,
      Gateway gateway,
      ConfigSource source,
      Origin origin,
      PluginHost plugins,
      List<Factory<?, ?>> others,
      @Nullable LastGood lastGood,
      Duration period) {
    Reloader reloader =
        new Reloader(vertx, gateway, source, origin, plugins, others, lastGood, period);
    gateway.upkeep().follows(plugins);
    if (origin.fault() != null) {
      gateway.upkeep().startedWithoutFile(origin);
    } else {
      reloader.work(reloader::keep);
    }
    origin.config().warnings().forEach(Reloader::warn);
    reloader.look();
    return reloader;
  }

  /** Changes nothing any more, once the change is made that is being made. */
  public void stop() {
    stopped = true;
    watch.stop();
  }

  /** All extensions that there are. */
  public static List<Factory<?, ?>> factories(
      List<LoadedPlugin> plugins, List<Factory<?, ?>> others) {
    List<Factory<?, ?>> all = new ArrayList<>(others);
    plugins.forEach(plugin -> all.addAll(plugin.factories()));
    return all;
  }

  private Future<Void> work(Runnable change) {
    if (stopped) {
      return Future.succeededFuture(); // the worker may be gone
    }
    return worker.executeBlocking(
        () -> {
          if (!stopped) {
            guard(change);
          }
          return null;
        });
  }

  /** Whatever happens to one change, the next is looked for. */
  private void guard(Runnable change) {
    try {
      change.run();
    } catch (RuntimeException | Error e) {
      if (!failure.equals(e.toString())) {
        failure = e.toString();
        LOG.atError()
            .setMessage("a change of the file or of a plugin has failed, what runs goes on")
            .setCause(e)
            .log();
      }
    }
  }

  private void look() {
    if (!stopped) {
      vertx.setTimer(
          period.toMillis(), now -> work(this::followTheRest).onComplete(done -> look()));
    }
  }

  private void followTheRest() {
    updatePlugins();
    if (secretFiles.haveChanged()) {
      String refused = pending;
      take(refused == null ? text : refused);
    }
  }

  private void updatePlugins() {
    List<LoadedPlugin> before = plugins.plugins();
    try {
      plugins.update(this::use);
      folderFault = "";
    } catch (IOException e) {
      if (!folderFault.equals(e.toString())) {
        folderFault = e.toString();
        warn("plugins folder cannot be read, what runs goes on", e.toString());
      }
    }
    String refused = pending;
    if (refused != null && !before.equals(plugins.plugins())) {
      retry(refused);
    }
  }

  private void use(List<LoadedPlugin> wanted) throws PluginRefused {
    SecretFiles ofRefused = secretFiles;
    try {
      put(text, wanted);
      if (pending != null) {
        secretFiles = ofRefused;
      }
    } catch (ConfigException e) {
      if (!fitsWhatIsPending(wanted)) {
        throw new PluginRefused("the configuration does not fit it", e.getMessage());
      }
    } catch (CompletionException e) {
      throw new PluginRefused("it cannot be put in use", reason(e, text));
    }
  }

  /** A plugin and the configuration for it may have changed both: either alone fits nothing. */
  private boolean fitsWhatIsPending(List<LoadedPlugin> wanted) {
    String refused = pending;
    if (refused == null) {
      return false;
    }
    try {
      put(refused, wanted);
      taken(refused);
      return true;
    } catch (ConfigException | CompletionException e) {
      return false;
    }
  }

  private void reload(String changed) {
    if (changed.equals(text)) {
      pending = null;
      secretFiles = config.secretFiles();
      gateway.upkeep().asBefore();
      LOG.atInfo()
          .setMessage("configuration is again the one that runs")
          .addKeyValue("file", source.name())
          .log();
      return;
    }
    take(changed);
  }

  private void take(String changed) {
    try {
      put(changed, plugins.plugins());
      taken(changed);
    } catch (ConfigException | CompletionException e) {
      pending = changed;
      String reason = reason(e, changed);
      gateway.upkeep().refused(reason);
      warn("configuration refused, what runs goes on", reason);
    }
    plugins.reconsider();
  }

  private void taken(String changed) {
    text = changed;
    pending = null;
    gateway.upkeep().taken();
    plugins.allow(ConfigLoader.allowedPlugins(source.name(), changed));
    keep();
    LOG.atInfo()
        .setMessage("configuration changed")
        .addKeyValue("file", source.name())
        .addKeyValue("number", gateway.number())
        .log();
  }

  private void keep() {
    if (lastGood != null) {
      lastGood.write(text);
    }
  }

  /** Other plugins are there than when it was refused. */
  private void retry(String refused) {
    try {
      put(refused, plugins.plugins());
      taken(refused);
    } catch (ConfigException | CompletionException e) {
      gateway.upkeep().stillRefused(reason(e, refused));
    }
  }

  private void unreadable(ConfigException fault) {
    pending = null;
    gateway.upkeep().refused(fault.getMessage());
    warn("configuration cannot be read, what runs goes on", fault.getMessage());
  }

  /** Makes a configuration of a file's text and these plugins, so far as it allows them. */
  private void put(String file, List<LoadedPlugin> plugins) {
    secretFiles = new SecretFiles();
    Set<String> allowed = ConfigLoader.allowedPlugins(source.name(), file);
    List<LoadedPlugin> with = new ArrayList<>(plugins);
    with.removeIf(plugin -> !allowed.isEmpty() && !allowed.contains(plugin.sha256()));
    LoadedConfig next = load(file, with);
    CompletableFuture<Object> done = new CompletableFuture<>();
    // Not here: what is done on the way would wait for this thread.
    loop.runOnContext(on -> use(next, with, done));
    done.join();
    List<Fault> told = config.warnings();
    config = next;
    next.warnings().stream().filter(warning -> !told.contains(warning)).forEach(Reloader::warn);
  }

  private LoadedConfig load(String file, List<LoadedPlugin> with) {
    try {
      LoadedConfig next = ConfigLoader.load(source.name(), file, factories(with, others), config);
      secretFiles = next.secretFiles();
      return next;
    } catch (ConfigException e) {
      secretFiles = e.secretFiles();
      throw e;
    } catch (RuntimeException | Error e) { // where no code of a plugin is expected to fail
      throw new CompletionException(e);
    }
  }

  private void use(LoadedConfig next, List<LoadedPlugin> with, CompletableFuture<Object> done) {
    try {
      gateway
          .use(next, with)
          .onComplete(
              (result, failed) -> {
                if (failed == null) {
                  done.complete(result);
                } else {
                  done.completeExceptionally(failed);
                }
              });
    } catch (RuntimeException e) { // the gateway ends
      done.completeExceptionally(e);
    }
  }

  /** What is wrong with a file's text, with the place, also if that comes out in use only. */
  private String reason(Exception why, String file) {
    if (!(why instanceof CompletionException)) {
      return String.valueOf(why.getMessage());
    }
    Throwable cause = why.getCause();
    Places places = Places.of(source.name(), file);
    String place = source.name();
    if (cause instanceof FilterStartException failed) {
      place = places.ofFilter(failed.filter());
    } else if (cause instanceof CannotListen failed) {
      place = places.ofListener(failed.listener());
    }
    return place + ": " + (cause.getMessage() == null ? cause.toString() : cause.getMessage());
  }

  private static void warn(Fault warning) {
    LOG.atWarn().setMessage(warning.toString()).log();
  }

  private static void warn(String what, String reason) {
    LOG.atWarn().setMessage("{}:\n{}").addArgument(what).addArgument(reason).log();
  }
}
