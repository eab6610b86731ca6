package io.sluice.gateway;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.sluice.gateway.admin.AdminVerticle;
import io.sluice.gateway.call.CallHandler;
import io.sluice.gateway.client.ClientVerticle;
import io.sluice.gateway.client.Clients;
import io.sluice.gateway.config.ListenerConfig;
import io.sluice.gateway.config.ListenerConfig.Serves;
import io.sluice.gateway.config.LoadedConfig;
import io.sluice.gateway.exchange.Exchanges;
import io.sluice.gateway.filter.FilterLife;
import io.sluice.gateway.loop.Loop;
import io.sluice.gateway.observe.CallMetrics;
import io.sluice.gateway.observe.FilterCounters;
import io.sluice.gateway.observe.LoopMetrics;
import io.sluice.gateway.observe.Methods;
import io.sluice.gateway.observe.StreamMetrics;
import io.sluice.gateway.plugin.LoadedPlugin;
import io.sluice.gateway.server.ListenerShared;
import io.sluice.gateway.server.ListenerVerticle;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;

/**
 * A running gateway: clients on every loop, listeners in front of them, and the admin pages. Safe
 * for all threads.
 */
public final class Gateway {
  /** In so much time the listening sockets are closed, once no loop wants more. */
  private static final long SOCKET_MILLIS = 100;

  private final Vertx vertx;
  private final int loops;
  private final PrometheusMeterRegistry registry;
  private final Clients clients = new Clients();
  private final ConcurrentLinkedQueue<ListenerVerticle> listeners = new ConcurrentLinkedQueue<>();
  private final ConcurrentLinkedQueue<AdminVerticle> admins = new ConcurrentLinkedQueue<>();
  private final Map<String, ListenerShared> shared = new ConcurrentHashMap<>();
  private final Map<String, Integer> ports = Collections.synchronizedMap(new LinkedHashMap<>());
  private volatile boolean ready;

  private final Generations generations;

  private final Methods methods;
  private final StreamMetrics streamMetrics;
  private final LoopMetrics loopMetrics;
  private final Overview overview;

  private Gateway(Vertx vertx, int loops, PrometheusMeterRegistry registry) {
    this.vertx = vertx;
    this.loops = loops;
    this.registry = registry;
    this.generations =
        new Generations(
            clients,
            new FilterLife(new FilterCounters(registry)),
            vertx.createSharedWorkerExecutor("sluice-config-worker", 1));
    this.methods = new Methods(registry, Methods.defaultLimit());
    this.streamMetrics = new StreamMetrics(registry);
    this.loopMetrics = new LoopMetrics(registry);
    this.overview =
        new Overview(
            generations::current,
            clients,
            loopMetrics,
            new PoolMetrics(registry),
            () -> ready,
            this::listening);
  }

  /**
   * Starts a gateway.
   *
   * @param loops as many event loops as {@code vertx} was made with
   * @param registry where its meters are kept and read from
   * @return fails if a filter cannot start, or if an address cannot be listened on; the filters
   *     have been stopped then
   */
  public static Future<Gateway> start(
      Vertx vertx, int loops, LoadedConfig config, PrometheusMeterRegistry registry) {
    Gateway gateway = new Gateway(vertx, loops, registry);
    return gateway
        .deployClients()
        // Their own services have routes in every configuration.
        .compose(done -> gateway.deployListeners(config, Serves.ADMIN))
        .compose(done -> gateway.use(config, List.of()))
        .compose(done -> gateway.deployListeners(config, Serves.RPC))
        .map(
            done -> {
              gateway.ready = true;
              return gateway;
            })
        .recover(cause -> gateway.generations.close().transform(stopped -> Future.failedFuture(cause)));
  }

  /**
   * Puts a configuration in force in place of the one before; calls that are open go on by that.
   * One change is to be made after another.
   *
   * @param plugins those that the filters may be of; held by the caller until this completes
   * @return fails if a filter cannot start; nothing has changed then
   */
  public Future<?> use(LoadedConfig config, List<LoadedPlugin> plugins) {
    return generations.switchTo(config, plugins);
  }

  /** The port that a listener listens on, by the listener's name. */
  public int port(String listener) {
    return ports.get(listener);
  }

  /** The ports of all listeners by their names, in the order of the configuration. */
  public Map<String, Integer> ports() {
    return Collections.unmodifiableMap(ports);
  }

  /**
   * Accepts no more calls, lets those that are open end, stops the filters, and closes.
   *
   * @param grace after so long the rest is cut off
   * @return how many calls were cut off
   */
  public Future<Integer> shutdown(Duration grace) {
    ready = false;
    admins.forEach(AdminVerticle::stopping);
    return Future.join(listeners.stream().map(listener -> listener.stopAccepting(grace)).toList())
        .compose(all -> socketsClosed(grace))
        .compose(closed -> drain())
        .eventually(this::letGo)
        .eventually(vertx::close);
  }

  /**
   * Callers that are told to go come again at once, and whoever waits to be accepted when the
   * listening socket closes is lost. So they are told only after that, which Vert.x does not tell.
   */
  private Future<Void> socketsClosed(Duration grace) {
    long millis = Math.min(SOCKET_MILLIS, grace.toMillis() / 2);
    return vertx.timer(Math.max(1, millis), TimeUnit.MILLISECONDS);
  }

  /** Completes on no loop's context, so that what comes after may close the loops. */
  private Future<?> letGo() {
    return Future.future(promise -> generations.close().onComplete(promise));
  }

  private Future<Integer> drain() {
    List<Future<Integer>> drained = listeners.stream().map(ListenerVerticle::drain).toList();
    return Future.join(drained).map(all -> drained.stream().mapToInt(Future::result).sum());
  }

  private List<Overview.Listening> listening() {
    List<Overview.Listening> listening = new ArrayList<>();
    synchronized (ports) {
      ports.forEach(
          (name, port) -> {
            ListenerShared of = shared.get(name);
            listening.add(new Overview.Listening(name, port, of == null ? -1 : of.open()));
          });
    }
    return listening;
  }

  private Future<?> deployClients() {
    return vertx.deployVerticle(
        () -> new ClientVerticle(clients), new DeploymentOptions().setInstances(loops));
  }

  private Future<?> deployListeners(LoadedConfig config, Serves serving) {
    Future<?> deployed = Future.succeededFuture();
    for (Map.Entry<String, ListenerConfig> entry : config.model().listeners().entrySet()) {
      if (entry.getValue().serves() == serving) {
        deployed = deployed.compose(before -> deployListener(entry.getKey(), entry.getValue()));
      }
    }
    return deployed;
  }

  private Future<?> deployListener(String name, ListenerConfig config) {
    if (config.serves() == Serves.ADMIN) {
      AdminVerticle admin = new AdminVerticle(config.address(), registry, overview);
      return vertx
          .deployVerticle(admin)
          .recover(cause -> cannotListen(name, config, cause))
          .compose(id -> vertx.executeBlocking(() -> listens(admin, name, config)));
    }
    ListenerShared part = new ListenerShared(name, config, ports.size() + 1);
    shared.put(name, part);
    Gauge.builder("sluice.connections", part, ListenerShared::open)
        .description("Callers' connections that are open")
        .tag("listener", name)
        .register(registry);
    List<ListenerVerticle> instances = new ArrayList<>();
    return vertx
        .deployVerticle(
            () -> {
              ListenerVerticle instance = new ListenerVerticle(part, this::calls);
              instances.add(instance);
              return instance;
            },
            new DeploymentOptions().setInstances(loops))
        .recover(cause -> cannotListen(name, config, cause))
        .onSuccess(
            id -> {
              listeners.addAll(instances);
              ports.put(name, instances.get(0).port());
            });
  }

  private boolean listens(AdminVerticle admin, String name, ListenerConfig config) {
    ports.put(name, admin.port());
    if (admins.isEmpty()) {
      generations.admin(config.address().fromHere(admin.port()));
    }
    return admins.add(admin);
  }

  private static Future<String> cannotListen(String name, ListenerConfig config, Throwable cause) {
    return Future.failedFuture(
        new IOException(
            "listener '"
                + name
                + "' cannot listen on "
                + config.address()
                + ": "
                + cause.getMessage(),
            cause));
  }

  private CallHandler calls(Loop loop) {
    loopMetrics.watch(loop);
    Exchanges exchanges =
        new Exchanges(
            loop,
            () -> generations.current().routes(),
            clients.of(loop.eventLoop()),
            new CallMetrics(registry, methods, streamMetrics));
    generations.add(exchanges);
    return exchanges;
  }
}
