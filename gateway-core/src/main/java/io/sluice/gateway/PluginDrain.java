package io.sluice.gateway;

import io.sluice.api.Status;
import io.sluice.gateway.config.Durations;
import io.sluice.gateway.filter.FilterChain;
import io.sluice.gateway.plugin.LoadedPlugin;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has the code of plugins go that were replaced or removed: as soon as no call uses it, though the
 * configuration that it was part of may have other calls for long; and when its time is over, by
 * ending the calls that use it. Safe for all threads.
 */
final class PluginDrain {
  private static final Logger LOG = LoggerFactory.getLogger(PluginDrain.class);

  /** From one look to the next at least, in milliseconds. */
  private static final long MIN_PERIOD = 200;

  /** And at most. */
  private static final long MAX_PERIOD = 5000;

  /**
   * Of the time since the last plugin left, this part is between two looks, which cost the loops.
   */
  private static final long PART_OF_AGE = 10;

  /** A plugin that is none of those in force. */
  private static final class Leaving {
    final long sinceNanos = System.nanoTime();
    boolean told;
  }

  private final Vertx vertx;
  private final Generations generations;
  private final Map<LoadedPlugin, Leaving> leaving = new IdentityHashMap<>();
  private boolean looking;
  private volatile boolean stopped;

  PluginDrain(Vertx vertx, Generations generations) {
    this.vertx = vertx;
    this.generations = generations;
  }

  /** The gateway ends, and with it all calls. */
  void stop() {
    stopped = true;
  }

  /** Another configuration has come into force. */
  void changed() {
    synchronized (this) {
      if (looking) {
        return;
      }
      looking = true;
    }
    look();
  }

  private void look() {
    Map<EarlierGeneration, List<LoadedPlugin>> left = left();
    if (left.isEmpty() || stopped) {
      return;
    }
    List<Future<?>> looks = new ArrayList<>();
    left.forEach(
        (earlier, plugins) ->
            looks.add(
                generations.chains(earlier).compose(chains -> drain(earlier, plugins, chains))));
    Future.join(looks)
        .onComplete(
            done -> {
              if (!stopped) {
                vertx.setTimer(period(), again -> look());
              }
            });
  }

  /** What has left a while ago is most likely kept by streams, and looked after less often. */
  private synchronized long period() {
    long now = System.nanoTime();
    long youngest =
        leaving.values().stream().mapToLong(left -> now - left.sinceNanos).min().orElse(0);
    long part = TimeUnit.NANOSECONDS.toMillis(youngest) / PART_OF_AGE;
    return Math.max(MIN_PERIOD, Math.min(MAX_PERIOD, part));
  }

  /** Where there are plugins that are to go; if nowhere, looking ends. */
  private synchronized Map<EarlierGeneration, List<LoadedPlugin>> left() {
    Map<EarlierGeneration, List<LoadedPlugin>> left = new IdentityHashMap<>();
    List<LoadedPlugin> all = new ArrayList<>();
    for (EarlierGeneration earlier : generations.earlier()) {
      List<LoadedPlugin> plugins = new ArrayList<>(earlier.plugins());
      plugins.removeAll(generations.current().plugins());
      if (!plugins.isEmpty()) {
        left.put(earlier, plugins);
        all.addAll(plugins);
      }
    }
    leaving.keySet().retainAll(all);
    all.forEach(plugin -> leaving.computeIfAbsent(plugin, since -> new Leaving()));
    looking = !left.isEmpty();
    return left;
  }

  private Future<?> drain(
      EarlierGeneration earlier, List<LoadedPlugin> plugins, Optional<Set<FilterChain>> chains) {
    List<Future<?>> done = new ArrayList<>();
    for (LoadedPlugin plugin : plugins) {
      boolean used =
          !plugin.bringsOnlyFilters()
              || chains.isEmpty()
              || chains.get().stream().anyMatch(chain -> EarlierGeneration.uses(chain, plugin));
      if (!used) {
        done.add(generations.letGo(earlier, plugin));
      } else if (isOver(plugin)) {
        done.add(
            generations.end(earlier, chain -> EarlierGeneration.uses(chain, plugin), why(plugin)));
      }
    }
    return Future.join(done);
  }

  /** Whether its time is over. */
  private synchronized boolean isOver(LoadedPlugin plugin) {
    Duration drain = generations.current().config().model().plugins().drain();
    Leaving since = leaving.get(plugin);
    if (since == null || System.nanoTime() - since.sinceNanos < drain.toNanos()) {
      return false;
    }
    if (!since.told) {
      since.told = true;
      LOG.atWarn()
          .setMessage("calls are ended that go by a plugin which {} {} ago")
          .addArgument(() -> became(plugin))
          .addArgument(() -> Durations.format(drain))
          .addKeyValue("plugin", plugin)
          .log();
    }
    return true;
  }

  private String became(LoadedPlugin plugin) {
    String id = plugin.manifest().id();
    return generations.current().plugins().stream()
        .filter(other -> other.manifest().id().equals(id))
        .findAny()
        .map(other -> "was replaced by " + other.manifest().version())
        .orElse("was removed");
  }

  private Status why(LoadedPlugin plugin) {
    return Status.unavailable(
        "plugin '"
            + plugin.manifest().id()
            + "' "
            + plugin.manifest().version()
            + ", by which the call went, "
            + became(plugin)
            + ", and the time to end is over");
  }
}
