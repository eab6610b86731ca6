package io.sluice.gateway;

import io.sluice.api.Status;
import io.sluice.gateway.client.Clients;
import io.sluice.gateway.config.Address;
import io.sluice.gateway.config.LoadedConfig;
import io.sluice.gateway.context.Contexts;
import io.sluice.gateway.exchange.Exchanges;
import io.sluice.gateway.filter.FilterLife;
import io.sluice.gateway.plugin.LoadedPlugin;
import io.sluice.gateway.route.Cluster;
import io.sluice.gateway.route.RouteTable;
import io.vertx.core.Future;
import io.vertx.core.WorkerExecutor;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The configuration in force, and those before it that still have calls. A call goes by the one
 * that was in force when it began, to its end; what only that one needs is kept until then. Safe
 * for all threads, but one change is made after another.
 */
final class Generations {
  private static final Logger LOG = LoggerFactory.getLogger(Generations.class);

  /** Earlier ones that may have calls; of more, the calls of the oldest are ended. */
  private static final int MAX_EARLIER = 128;

  private static final Status OUTLIVED =
      Status.unavailable("the gateway has been configured anew too often since the call began");

  private final Clients clients;
  private final Contexts contexts;
  private final FilterLife filters;

  /** One thread, on which filters are started and stopped, and plugins let go. */
  private final WorkerExecutor worker;

  private final Queue<Exchanges> exchanges = new ConcurrentLinkedQueue<>();
  private final ConcurrentLinkedDeque<Generation> earlier = new ConcurrentLinkedDeque<>();
  private volatile @Nullable Generation current;

  /**
   * @param contexts what filters are lent; closed with this
   */
  Generations(Clients clients, Contexts contexts, WorkerExecutor worker) {
    this.clients = clients;
    this.contexts = contexts;
    this.filters = new FilterLife(contexts);
    this.worker = worker;
  }

  /** Those whose calls go by the generations. */
  void add(Exchanges of) {
    exchanges.add(of);
  }

  /**
   * The one in force.
   *
   * @throws IllegalStateException before the first
   */
  Generation current() {
    Generation now = current;
    if (now == null) {
      throw new IllegalStateException("no configuration yet");
    }
    return now;
  }

  /** Those before it that still have calls, the oldest first. */
  Collection<Generation> earlier() {
    return List.copyOf(earlier);
  }

  /**
   * Starts what a configuration needs: the first half of a change.
   *
   * @param plugins held by the caller until the change is made
   * @return fails if a filter cannot start; nothing has changed then
   */
  Future<Void> prepare(LoadedConfig config, List<LoadedPlugin> plugins) {
    return worker.executeBlocking(
        () -> {
          contexts.prepare(config.model().redis());
          filters.use(config.allFilters());
          plugins.forEach(LoadedPlugin::retain);
          return null;
        });
  }

  /** Takes back what {@link #prepare} has done. */
  Future<Void> discard(LoadedConfig config, List<LoadedPlugin> plugins) {
    return worker.executeBlocking(
        () -> {
          filters.release(config.allFilters());
          plugins.forEach(LoadedPlugin::release);
          return null;
        });
  }

  /**
   * Puts a configuration in force that has been {@link #prepare prepared}. Calls that are open are
   * left alone.
   *
   * @param own where the gateway's own services are, to which calls go that no route takes; null if
   *     nowhere
   */
  void put(LoadedConfig config, List<LoadedPlugin> plugins, @Nullable Address own) {
    Generation before = current;
    Map<String, Cluster> clusters =
        Snapshots.clusters(config, before == null ? Map.of() : before.clusters());
    RouteTable routes = Snapshots.routeTable(config, clusters);
    if (own != null) {
      routes = routes.inFrontOf(OwnServices.at(own, routes.beforeRouting()));
    }
    int number = before == null ? 1 : before.number() + 1;
    Generation now = new Generation(number, config, plugins, clusters, routes);
    if (before != null) {
      earlier.add(before); // first, so that what it needs is always needed
    }
    current = now;
    contexts.inForce();
    if (before != null) {
      retire(before);
    }
  }

  private void retire(Generation before) {
    each(of -> of.over(before.routes())).onComplete(over -> release(before));
    if (earlier.size() > MAX_EARLIER) {
      Generation oldest = earlier.getFirst();
      LOG.atWarn()
          .setMessage("calls are ended that are older than {} configurations")
          .addArgument(MAX_EARLIER)
          .log();
      each(of -> of.end(oldest.routes(), OUTLIVED));
    }
  }

  private Future<?> each(Function<Exchanges, Future<Void>> ask) {
    return Future.join(exchanges.stream().map(ask).toList());
  }

  private void release(Generation over) {
    earlier.remove(over);
    Set<Cluster> used = Collections.newSetFromMap(new IdentityHashMap<>());
    used.addAll(current().clusters().values());
    earlier.forEach(live -> used.addAll(live.clusters().values()));
    over.clusters().values().stream()
        .filter(cluster -> !used.contains(cluster))
        .forEach(clients::letGo);
    letGo(over);
  }

  private Future<Void> letGo(Generation of) {
    return discard(of.config(), of.plugins());
  }

  /** There are no calls any more: stops all filters, and lets go of all plugins. */
  Future<?> close() {
    Generation last = current;
    Future<?> closed = Future.succeededFuture();
    for (Generation before : earlier()) {
      closed = closed.eventually(() -> letGo(before));
    }
    return (last == null ? closed : closed.eventually(() -> letGo(last)))
        .eventually(
            () -> {
              contexts.close();
              return Future.succeededFuture();
            });
  }
}
