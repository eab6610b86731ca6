package io.sluice.gateway;

import io.sluice.api.ApiVersion;
import io.sluice.gateway.admin.Health;
import io.sluice.gateway.admin.Insight;
import io.sluice.gateway.client.Clients;
import io.sluice.gateway.client.EndpointStats;
import io.sluice.gateway.config.EndpointConfig;
import io.sluice.gateway.config.LoadedConfig;
import io.sluice.gateway.filter.NamedFilter;
import io.sluice.gateway.loop.Budget;
import io.sluice.gateway.observe.LoopMetrics;
import io.sluice.gateway.route.Cluster;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Tells operators what a gateway is made of, and how it is doing. */
final class Overview implements Insight {

  private final Generations generations;
  private final Upkeep upkeep;
  private final Clients clients;
  private final LoopMetrics loops;
  private final PoolMetrics pools;
  private final BooleanSupplier ready;
  private final Supplier<Map<String, Listener>> listeners;

  Overview(
      Generations generations,
      Upkeep upkeep,
      Clients clients,
      LoopMetrics loops,
      PoolMetrics pools,
      BooleanSupplier ready,
      Supplier<Map<String, Listener>> listeners) {
    this.generations = generations;
    this.upkeep = upkeep;
    this.clients = clients;
    this.loops = loops;
    this.pools = pools;
    this.ready = ready;
    this.listeners = listeners;
  }

  @Override
  public boolean isReady() {
    return ready.getAsBoolean();
  }

  @Override
  public Future<Health> health() {
    return clients
        .stats()
        .map(
            stats -> {
              Generation now = generations.current();
              return new Serving(isReady(), now.clusters(), now.routes(), stats);
            });
  }

  @Override
  public Future<Void> refresh() {
    return clients
        .stats()
        .map(
            stats -> {
              pools.show(stats);
              return null;
            });
  }

  @Override
  public Future<JsonObject> plugins() {
    return generations
        .open()
        .map(open -> PluginsPage.of(ApiVersion.CURRENT, upkeep.plugins(), upkeep.loaded(), open));
  }

  @Override
  public Future<List<String>> facts() {
    return clients.stats().map(this::facts);
  }

  private List<String> facts(List<EndpointStats> stats) {
    List<String> facts = new ArrayList<>();
    Generation now = generations.current();
    LoadedConfig config = now.config();
    facts.add(
        "config " + config.file() + ", generation " + now.number() + ", since " + now.since());
    facts.addAll(upkeep.facts());
    for (Listener listener : listeners.get().values()) {
      facts.add(
          "listener "
              + listener.name()
              + ": port "
              + listener.port()
              + (listener.connections() < 0 ? "" : ", connections " + listener.connections()));
    }
    loops
        .lagMillis()
        .forEach(
            (loop, lag) ->
                facts.add(String.format(Locale.ROOT, "loop %s: at most %.1f ms late", loop, lag)));
    Budget budget = Budget.ofProcess();
    facts.add("memory: " + budget.held() + " of " + budget.limit() + " bytes held");
    facts.add("routes: " + config.routes().size());
    facts.add("clusters: " + config.model().clusters().size());
    List<String> filters = config.allFilters().stream().map(NamedFilter::name).toList();
    facts.add("filters: " + filters.size() + (filters.isEmpty() ? "" : " " + filters));
    clusters(now.clusters(), stats, facts);
    return facts;
  }

  private static void clusters(
      Map<String, Cluster> clusters, List<EndpointStats> stats, List<String> facts) {
    for (Map.Entry<String, Cluster> cluster : new TreeMap<>(clusters).entrySet()) {
      for (EndpointConfig endpoint : cluster.getValue().endpoints().now()) {
        String name = endpoint.address().toString();
        String does =
            stats.stream()
                .filter(s -> s.cluster().equals(cluster.getKey()) && s.endpoint().equals(name))
                .findAny()
                .map(Overview::does)
                .orElse("not used yet");
        facts.add("cluster " + cluster.getKey() + ", endpoint " + name + ": " + does);
      }
    }
  }

  private static String does(EndpointStats s) {
    return "calls "
        + s.calls()
        + ", waiting "
        + s.waiting()
        + ", connections "
        + s.open()
        + ", idle "
        + s.idle()
        + ", connecting "
        + s.connecting()
        + (s.unhealthy() == 0
            ? ""
            : ", marked unhealthy by " + s.unhealthy() + " loops: it could not be connected");
  }
}
