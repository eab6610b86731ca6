package io.sluice.gateway.client;

import io.sluice.api.LoadBalancer;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.config.ClusterConfig;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Chooses the endpoint that a call goes to, among those that are not in back-off. One for each
 * cluster and loop.
 */
abstract class Balancer {
  private final List<Endpoint> endpoints;

  Balancer(List<Endpoint> endpoints) {
    this.endpoints = List.copyOf(endpoints);
  }

  /**
   * The one of a cluster.
   *
   * @param extension chooses instead of the cluster's {@code balance}; null for that
   * @param version another one for each list of endpoints
   */
  static Balancer of(
      ClusterConfig config,
      @Nullable LoadBalancer extension,
      List<Endpoint> endpoints,
      long version) {
    if (extension != null && config.balancer() != null) {
      return new ExtensionBalancer(config.balancer().name(), extension, endpoints, version);
    }
    return switch (config.balance()) {
      case ROUND_ROBIN -> new RoundRobin(endpoints);
      case LEAST_CALLS -> new LeastCalls(endpoints);
    };
  }

  /**
   * Chooses among the endpoints of which {@link #mayTake} says yes.
   *
   * @return null if there is none
   */
  abstract @Nullable Endpoint choose(RpcCall call, List<Endpoint> tried);

  /**
   * The endpoint for a call. If all are in back-off, the one whose time is over first: no call
   * fails without a try.
   *
   * @param tried those that have failed this call already
   * @return null if all have, or there are none
   */
  final @Nullable Endpoint pick(RpcCall call, List<Endpoint> tried) {
    Endpoint chosen = choose(call, tried);
    if (chosen == null) {
      chosen = soonest(tried);
    }
    if (chosen != null) {
      chosen.backoff().picked();
    }
    return chosen;
  }

  private @Nullable Endpoint soonest(List<Endpoint> tried) {
    @Nullable Endpoint soonest = null;
    for (int i = 0; i < size(); i++) {
      Endpoint endpoint = endpoint(i);
      if (!tried.contains(endpoint)
          && (soonest == null || endpoint.backoff().left() < soonest.backoff().left())) {
        soonest = endpoint;
      }
    }
    return soonest;
  }

  static boolean mayTake(Endpoint endpoint, List<Endpoint> tried) {
    return endpoint.backoff().isOver() && !tried.contains(endpoint);
  }

  final int size() {
    return endpoints.size();
  }

  final Endpoint endpoint(int i) {
    return endpoints.get(i);
  }

  final List<Endpoint> endpoints() {
    return endpoints;
  }

  final void close() {
    endpoints.forEach(Endpoint::close);
  }
}
