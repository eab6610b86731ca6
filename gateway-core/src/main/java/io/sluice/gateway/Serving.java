package io.sluice.gateway;

import io.sluice.gateway.admin.Health;
import io.sluice.gateway.client.EndpointStats;
import io.sluice.gateway.config.EndpointConfig;
import io.sluice.gateway.route.Cluster;
import io.sluice.gateway.route.Route;
import io.sluice.gateway.route.RouteTable;
import io.vertx.grpc.health.v1.HealthCheckResponse.ServingStatus;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which clusters and routes serve, by what the loops have met: a cluster does unless calls keep
 * away from all of its endpoints, since they could not be connected; a route does as long as one of
 * its clusters does. Of a cluster whose addresses come of the calls nothing is known as a whole, so
 * it always does.
 */
final class Serving implements Health {
  private static final String CLUSTER = "cluster:";
  private static final String ROUTE = "route:";

  private final boolean ready;
  private final Map<String, Cluster> clusters;
  private final RouteTable routes;
  private final Set<String> down = new HashSet<>();

  /**
   * @param ready whether anything serves
   * @param stats of the endpoints that were used
   */
  Serving(
      boolean ready, Map<String, Cluster> clusters, RouteTable routes, List<EndpointStats> stats) {
    this.ready = ready;
    this.clusters = clusters;
    this.routes = routes;
    Set<List<String>> out = new HashSet<>();
    for (EndpointStats endpoint : stats) {
      if (endpoint.isOut()) {
        out.add(List.of(endpoint.cluster(), endpoint.endpoint()));
      }
    }
    clusters.forEach(
        (name, cluster) -> {
          if (!cluster.config().isTemplate() && areOut(name, cluster.endpoints().now(), out)) {
            down.add(name);
          }
        });
  }

  private static boolean areOut(
      String cluster, List<EndpointConfig> endpoints, Set<List<String>> out) {
    return endpoints.stream().allMatch(e -> out.contains(List.of(cluster, e.address().toString())));
  }

  @Override
  public ServingStatus of(String name) {
    if (name.startsWith(CLUSTER)) {
      String cluster = name.substring(CLUSTER.length());
      return clusters.containsKey(cluster)
          ? status(!down.contains(cluster))
          : ServingStatus.SERVICE_UNKNOWN;
    }
    if (name.startsWith(ROUTE)) {
      Route route = routes.route(name.substring(ROUTE.length()));
      return route == null ? ServingStatus.SERVICE_UNKNOWN : status(serves(route));
    }
    List<Route> meant = routes.routesOf(name);
    return meant.isEmpty()
        ? ServingStatus.SERVICE_UNKNOWN
        : status(meant.stream().anyMatch(this::serves));
  }

  private boolean serves(Route route) {
    for (Map.Entry<Cluster, Integer> share : route.clusters().weights().entrySet()) {
      if (share.getValue() > 0 && !down.contains(share.getKey().name())) {
        return true;
      }
    }
    return false;
  }

  private ServingStatus status(boolean serves) {
    return ready && serves ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
  }

  @Override
  public List<String> names() {
    List<String> names = new ArrayList<>();
    clusters.keySet().forEach(name -> names.add(CLUSTER + name));
    routes.rules().forEach(rule -> names.add(ROUTE + rule.route().name()));
    return names;
  }
}
