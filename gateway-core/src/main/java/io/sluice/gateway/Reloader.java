package io.sluice.gateway;

import io.sluice.api.FilterFactory;
import io.sluice.gateway.config.ConfigException;
import io.sluice.gateway.config.ConfigLoader;
import io.sluice.gateway.config.ConfigSource;
import io.sluice.gateway.config.ConfigWatch;
import io.sluice.gateway.config.LoadedConfig;
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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a gateway as its configuration file and its plugins folder are. Each change is checked as a
 * whole before it counts, one after another, on one thread; one that is refused changes nothing.
 */
public final class Reloader {
  private static final Logger LOG = LoggerFactory.getLogger(Reloader.class);

  /** From one look at the file and the folder to the next. */
  private static final Duration PERIOD = Duration.ofMillis(250);

  private final Vertx vertx;
  private final Gateway gateway;
  private final ConfigSource source;
  private final PluginHost plugins;
  private final List<FilterFactory<?>> others;
  private final WorkerExecutor worker;
  private final Context loop;
  private final ConfigWatch watch;
  private volatile boolean stopped;

  /** What runs. Used on the worker only, as what is below. */
  private LoadedConfig config;

  private String text;
  private String folderFault = "";

  private Reloader(
      Vertx vertx,
      Gateway gateway,
      ConfigSource source,
      String text,
      LoadedConfig config,
      PluginHost plugins,
      List<FilterFactory<?>> others) {
    this.vertx = vertx;
    this.gateway = gateway;
    this.source = source;
    this.text = text;
    this.config = config;
    this.plugins = plugins;
    this.others = List.copyOf(others);
    this.loop = ((VertxInternal) vertx).createEventLoopContext();
    this.worker = vertx.createSharedWorkerExecutor("sluice-reload-worker", 1);
    this.watch =
        new ConfigWatch(
            vertx,
            source,
            text,
            PERIOD,
            changed -> work(() -> reload(changed)),
            fault -> refused("configuration cannot be read, what runs goes on", fault));
    look();
  }

  /**
   * Begins to watch.
   *
   * @param text of the file, by which the gateway runs
   * @param config made of that text
   * @param plugins those in use are those of the configuration
   * @param others filters that are no plugins
   */
  public static Reloader start(
      Vertx vertx,
      Gateway gateway,
      ConfigSource source,
      String text,
      LoadedConfig config,
      PluginHost plugins,
      List<FilterFactory<?>> others) {
    return new Reloader(vertx, gateway, source, text, config, plugins, others);
  }

  /** Changes nothing any more, once the change is made that is being made. */
  public void stop() {
    stopped = true;
    watch.stop();
  }

  /** All filters there are. */
  public static List<FilterFactory<?>> factories(
      List<LoadedPlugin> plugins, List<FilterFactory<?>> others) {
    List<FilterFactory<?>> all = new ArrayList<>(others);
    plugins.forEach(plugin -> all.addAll(plugin.factories()));
    return all;
  }

  private Future<Void> work(Runnable change) {
    return worker.executeBlocking(
        () -> {
          if (!stopped) {
            change.run();
          }
          return null;
        });
  }

  private void look() {
    if (!stopped) {
      vertx.setTimer(PERIOD.toMillis(), now -> work(this::updatePlugins).onComplete(done -> look()));
    }
  }

  private void updatePlugins() {
    try {
      plugins.update(this::use);
      folderFault = "";
    } catch (IOException e) {
      if (!folderFault.equals(e.toString())) {
        folderFault = e.toString();
        refused("plugins folder cannot be read, what runs goes on", e);
      }
    }
  }

  private void use(List<LoadedPlugin> wanted) throws PluginRefused {
    try {
      put(text, wanted);
    } catch (ConfigException e) {
      throw new PluginRefused("the configuration does not fit it", e.getMessage());
    } catch (CompletionException e) {
      throw new PluginRefused("it cannot be put in use", String.valueOf(e.getCause().getMessage()));
    }
  }

  private void reload(String changed) {
    try {
      put(changed, plugins.plugins());
      text = changed;
      plugins.reconsider();
      LOG.atInfo().setMessage("configuration changed").addKeyValue("file", source.name()).log();
    } catch (ConfigException | CompletionException e) {
      refused("configuration refused, what runs goes on", e);
    }
  }

  private void put(String file, List<LoadedPlugin> with) {
    LoadedConfig next =
        ConfigLoader.load(source.name(), file, factories(with, others), config);
    CompletableFuture<Object> done = new CompletableFuture<>();
    // Not here: what is done on the way would wait for this thread.
    loop.runOnContext(
        on ->
            gateway
                .use(next, with)
                .onComplete(
                    (result, failure) -> {
                      if (failure == null) {
                        done.complete(result);
                      } else {
                        done.completeExceptionally(failure);
                      }
                    }));
    done.join();
    config = next;
    next.warnings().forEach(warning -> LOG.atWarn().setMessage(warning.toString()).log());
  }

  private static void refused(String what, Exception why) {
    String reason = why.getCause() == null ? why.getMessage() : why.getCause().getMessage();
    LOG.atWarn().setMessage("{}:\n{}").addArgument(what).addArgument(reason).log();
  }
}
