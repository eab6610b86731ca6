package io.sluice.gateway;

import io.sluice.api.Status;
import io.sluice.gateway.client.Clients;
import io.sluice.gateway.config.Address;
import io.sluice.gateway.config.ClusterConfig;
import io.sluice.gateway.config.LoadedConfig;
import io.sluice.gateway.context.Contexts;
import io.sluice.gateway.exchange.Exchanges;
import io.sluice.gateway.filter.FilterChain;
import io.sluice.gateway.filter.FilterLife;
import io.sluice.gateway.filter.FilterStartException;
import io.sluice.gateway.plugin.LoadedPlugin;
import io.sluice.gateway.route.Cluster;
import io.sluice.gateway.route.RouteTable;
import io.vertx.core.Future;
import io.vertx.core.WorkerExecutor;
import java.time.Instant;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Function;
import java.util.function.Predicate;
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
  private final Sources sources;

  /** One thread, on which filters are started and stopped, and plugins let go. */
  private final WorkerExecutor worker;

  private final Queue<Exchanges> exchanges = new ConcurrentLinkedQueue<>();
  private final ConcurrentLinkedDeque<EarlierGeneration> earlier = new ConcurrentLinkedDeque<>();
  private volatile @Nullable Generation current;

  /**
   * @param contexts what filters are lent; closed with this
   */
  Generations(Clients clients, Contexts contexts, WorkerExecutor worker) {
    this.clients = clients;
    this.contexts = contexts;
    this.filters = new FilterLife(contexts);
    this.sources = new Sources(contexts, clients);
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

  /** The number of the one in force; 0 before the first. */
  int number() {
    Generation now = current;
    return now == null ? 0 : now.number();
  }

  /** How many are there: the one in force, and those before it that still have calls. */
  int alive() {
    return (current == null ? 0 : 1) + earlier.size();
  }

  /** The open calls of all loops by their chains. */
  Future<Map<FilterChain, Integer>> open() {
    List<Future<Map<FilterChain, Integer>>> asked =
        exchanges.stream().map(Exchanges::open).toList();
    return Future.join(asked)
        .map(
            all -> {
              Map<FilterChain, Integer> open = new IdentityHashMap<>();
              asked.forEach(
                  of ->
                      of.result()
                          .forEach((chain, calls) -> open.merge(chain, calls, Integer::sum)));
              return open;
            });
  }

  /** Those before it that still have calls, the oldest first. */
  Collection<EarlierGeneration> earlier() {
    return List.copyOf(earlier);
  }

  /**
   * Starts what a configuration needs: the first half of a change.
   *
   * @param plugins held by the caller until the change is made
   * @return fails if a filter or an endpoint source cannot start; nothing has changed then
   */
  Future<Void> prepare(LoadedConfig config, List<LoadedPlugin> plugins) {
    return worker.executeBlocking(
        () -> {
          contexts.prepare(config.model().redis());
          sources.use(config.model().clusters());
          useFilters(config);
          plugins.forEach(LoadedPlugin::retain);
          return null;
        });
  }

  private void useFilters(LoadedConfig config) throws FilterStartException {
    boolean used = false;
    try {
      filters.use(config.allFilters());
      used = true;
    } finally {
      if (!used) {
        sources.release(config.model().clusters());
      }
    }
  }

  /** Takes back what {@link #prepare} has done. */
  Future<Void> discard(LoadedConfig config, List<LoadedPlugin> plugins) {
    return worker.executeBlocking(
        () -> {
          filters.release(config.allFilters());
          sources.release(config.model().clusters());
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
        Snapshots.clusters(config, before == null ? Map.of() : before.clusters(), sources::of);
    RouteTable routes = Snapshots.routeTable(config, clusters);
    if (own != null) {
      routes = routes.inFrontOf(OwnServices.at(own));
    }
    int number = before == null ? 1 : before.number() + 1;
    Generation now = new Generation(number, Instant.now(), config, plugins, clusters, routes);
    EarlierGeneration old = before == null ? null : new EarlierGeneration(before);
    if (old != null) {
      earlier.add(old); // first, so that what it needs is always needed
    }
    current = now;
    contexts.inForce();
    if (old != null) {
      retire(old);
    }
  }

  private void retire(EarlierGeneration old) {
    each(of -> of.over(old.routes())).onComplete(over -> release(old));
    List<EarlierGeneration> all = List.copyOf(earlier);
    int tooMany = Math.max(0, all.size() - MAX_EARLIER);
    if (tooMany > 0) {
      LOG.atWarn()
          .setMessage("calls are ended that are older than {} configurations")
          .addArgument(MAX_EARLIER)
          .log();
    }
    for (EarlierGeneration oldest : all.subList(0, tooMany)) {
      end(oldest, any -> true, OUTLIVED);
    }
  }

  private Future<?> each(Function<Exchanges, Future<Void>> ask) {
    return Future.join(exchanges.stream().map(ask).toList());
  }

  /**
   * By which chains the calls of an earlier one go.
   *
   * @return empty while one of them may still get any of its routes
   */
  Future<Optional<Set<FilterChain>>> chains(EarlierGeneration of) {
    List<Future<Optional<Set<FilterChain>>>> asked =
        exchanges.stream().map(each -> each.chains(of.routes())).toList();
    return Future.join(asked)
        .map(
            all -> {
              Set<FilterChain> chains = Collections.newSetFromMap(new IdentityHashMap<>());
              for (Future<Optional<Set<FilterChain>>> loop : asked) {
                if (loop.result().isEmpty()) {
                  return Optional.empty();
                }
                chains.addAll(loop.result().get());
              }
              return Optional.of(chains);
            });
  }

  /** Ends the calls of an earlier one whose chain is one of these. */
  Future<?> end(EarlierGeneration of, Predicate<FilterChain> which, Status why) {
    return each(each -> each.end(of.routes(), which, why));
  }

  /** Lets go of a plugin that the calls of an earlier one use no more, with its filters. */
  Future<?> letGo(EarlierGeneration of, LoadedPlugin plugin) {
    return worker.executeBlocking(
        () -> {
          if (of.plugins().contains(plugin)) { // else it has ended meanwhile
            filters.release(of.letGo(plugin));
            plugin.release();
          }
          return null;
        });
  }

  private void release(EarlierGeneration over) {
    earlier.remove(over);
    Set<Cluster> used = Collections.newSetFromMap(new IdentityHashMap<>());
    used.addAll(current().clusters().values());
    earlier.forEach(live -> used.addAll(live.clusters()));
    over.clusters().stream().filter(cluster -> !used.contains(cluster)).forEach(clients::letGo);
    letGo(over);
  }

  private Future<?> letGo(EarlierGeneration over) {
    return worker.executeBlocking(
        () -> {
          List<LoadedPlugin> plugins = over.plugins();
          Map<String, ClusterConfig> clusters = over.clusterConfigs();
          filters.release(over.letGo());
          sources.release(clusters);
          plugins.forEach(LoadedPlugin::release);
          return null;
        });
  }

  /** There are no calls any more: stops all filters, and lets go of all plugins. */
  Future<?> close() {
    Generation last = current;
    Future<?> closed = Future.succeededFuture();
    for (EarlierGeneration before : earlier()) {
      closed = closed.eventually(() -> letGo(before));
    }
    return (last == null ? closed : closed.eventually(() -> discard(last.config(), last.plugins())))
        .eventually(
            () -> {
              contexts.close();
              return Future.succeededFuture();
            });
  }
}
