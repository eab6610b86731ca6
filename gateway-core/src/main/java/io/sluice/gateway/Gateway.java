package io.sluice.gateway;

import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.sluice.gateway.admin.AdminVerticle;
import io.sluice.gateway.call.CallHandler;
import io.sluice.gateway.client.ClientVerticle;
import io.sluice.gateway.client.Clients;
import io.sluice.gateway.config.ListenerConfig;
import io.sluice.gateway.config.ListenerConfig.Serves;
import io.sluice.gateway.config.LoadedConfig;
import io.sluice.gateway.context.Contexts;
import io.sluice.gateway.exchange.Exchanges;
import io.sluice.gateway.loop.Loop;
import io.sluice.gateway.observe.CallMetrics;
import io.sluice.gateway.observe.FilterMetrics;
import io.sluice.gateway.observe.LoopMetrics;
import io.sluice.gateway.observe.Methods;
import io.sluice.gateway.observe.StreamMetrics;
import io.sluice.gateway.plugin.LoadedPlugin;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A running gateway: clients on every loop, listeners in front of them, and the admin pages. Safe
 * for all threads.
 */
public final class Gateway {
  /** So long may calls go on that came by a listener which is no longer in the configuration. */
  private static final Duration REMOVED_GRACE = Duration.ofMinutes(5);

  private final Vertx vertx;
  private final PrometheusMeterRegistry registry;
  private final Clients clients = new Clients();
  private final Listeners listeners;
  private final Generations generations;
  private final PluginDrain drain;
  private final Map<Loop, Exchanges> exchanges = new ConcurrentHashMap<>();
  private final Methods methods;
  private final StreamMetrics streamMetrics;
  private final FilterMetrics filterMetrics;
  private final LoopMetrics loopMetrics;
  private final Upkeep upkeep;
  private final Overview overview;
  private volatile boolean ready;

  private Gateway(Vertx vertx, int loops, PrometheusMeterRegistry registry) {
    this.vertx = vertx;
    this.registry = registry;
    this.generations =
        new Generations(
            clients,
            new Contexts(vertx, registry),
            vertx.createSharedWorkerExecutor("sluice-config-worker", 1));
    this.drain = new PluginDrain(vertx, generations);
    this.listeners =
        new Listeners(
            vertx, registry, (name, config, number) -> listener(loops, name, config, number));
    this.methods = new Methods(registry, Methods.defaultLimit());
    this.streamMetrics = new StreamMetrics(registry);
    this.filterMetrics = new FilterMetrics(registry);
    this.loopMetrics = new LoopMetrics(registry, LoopMetrics.defaultBlockedAfter());
    this.upkeep = new Upkeep(registry, generations);
    this.overview =
        new Overview(
            generations,
            upkeep,
            clients,
            loopMetrics,
            new PoolMetrics(registry),
            () -> ready,
            listeners::running);
  }

  /**
   * Starts a gateway.
   *
   * @param loops as many event loops as {@code vertx} was made with
   * @param plugins those that the filters may be of; held by the caller until this completes
   * @param registry where its meters are kept and read from
   * @return fails if a filter cannot start, or if an address cannot be listened on; the filters
   *     have been stopped then
   */
  public static Future<Gateway> start(
      Vertx vertx,
      int loops,
      LoadedConfig config,
      List<LoadedPlugin> plugins,
      PrometheusMeterRegistry registry) {
    Gateway gateway = new Gateway(vertx, loops, registry);
    return vertx
        .deployVerticle(
            () -> new ClientVerticle(gateway.clients), new DeploymentOptions().setInstances(loops))
        .compose(done -> gateway.use(config, plugins))
        .map(
            done -> {
              gateway.ready = true;
              return gateway;
            })
        .onFailure(cause -> gateway.generations.close());
  }

  /**
   * Puts a configuration in force in place of the one before, if there is one. Calls that are open
   * go on by that. One change is to be made after another.
   *
   * @param plugins those that the filters may be of; held by the caller until this completes
   * @return fails if a filter cannot start or an address cannot be listened on; nothing has changed
   *     then
   */
  public Future<?> use(LoadedConfig config, List<LoadedPlugin> plugins) {
    Map<String, ListenerConfig> wanted = new LinkedHashMap<>();
    // Their filters come and go with the generations.
    config.model().listeners().forEach((name, of) -> wanted.put(name, of.withoutFilters()));
    return generations
        .prepare(config, plugins)
        .compose(
            prepared ->
                listeners
                    .open(wanted)
                    .recover(
                        cause ->
                            generations
                                .discard(config, plugins)
                                .transform(discarded -> Future.failedFuture(cause))))
        .compose(
            opened -> {
              generations.put(config, plugins, Listeners.admin(opened));
              drain.changed();
              return listeners.use(opened, wanted, REMOVED_GRACE);
            });
  }

  /** The configuration in force. */
  public LoadedConfig config() {
    return generations.current().config();
  }

  /** The number of the configuration in force, counted from 1. */
  public int number() {
    return generations.number();
  }

  /** Where to tell how it keeps up with its file and its plugins. */
  Upkeep upkeep() {
    return upkeep;
  }

  /** The port that a listener listens on, by the listener's name. */
  public int port(String listener) {
    return listeners.running().get(listener).port();
  }

  /** The ports of all listeners by their names, in the order of the configuration. */
  public Map<String, Integer> ports() {
    Map<String, Integer> ports = new LinkedHashMap<>();
    listeners.running().forEach((name, listener) -> ports.put(name, listener.port()));
    return ports;
  }

  /**
   * Accepts no more calls, lets those that are open end, stops the filters, and closes.
   *
   * @param grace after so long the rest is cut off
   * @return how many calls were cut off
   */
  public Future<Integer> shutdown(Duration grace) {
    ready = false;
    drain.stop();
    return listeners.stop(grace).eventually(this::letGo).eventually(vertx::close);
  }

  /** Completes on no loop's context, so that what comes after may close the loops. */
  private Future<?> letGo() {
    return Future.future(promise -> generations.close().onComplete(promise));
  }

  private Future<Listener> listener(int loops, String name, ListenerConfig config, int number) {
    return config.serves() == Serves.ADMIN
        ? AdminListener.start(
            vertx, name, config, new AdminVerticle(config.address(), registry, overview))
        : RpcListener.start(vertx, loops, name, config, number, this::calls);
  }

  /** One for all listeners of a loop, so that those that come and go leave nothing behind. */
  private CallHandler calls(Loop loop) {
    loopMetrics.watch(loop);
    return exchanges.computeIfAbsent(loop, this::exchanges);
  }

  private Exchanges exchanges(Loop loop) {
    Exchanges of =
        new Exchanges(
            loop,
            () -> generations.current().routes(),
            clients.of(loop.eventLoop()),
            new CallMetrics(registry, methods, streamMetrics, filterMetrics));
    generations.add(of);
    return of;
  }
}
