package io.sluice.gateway.client;

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

  static Balancer of(ClusterConfig.Balance balance, List<Endpoint> endpoints) {
    return switch (balance) {
      case ROUND_ROBIN -> new RoundRobin(endpoints);
      case LEAST_CALLS -> new LeastCalls(endpoints);
    };
  }

  /**
   * Chooses among the endpoints of which {@link #mayTake} says yes.
   *
   * @return null if there is none
   */
  abstract @Nullable Endpoint choose(List<Endpoint> tried);

  /**
   * The endpoint for a call. If all are in back-off, the one whose time is over first: no call
   * fails without a try.
   *
   * @param tried those that have failed this call already, fewer than there are
   */
  final Endpoint pick(List<Endpoint> tried) {
    Endpoint chosen = choose(tried);
    if (chosen == null) {
      chosen = soonest(tried);
    }
    chosen.backoff().picked();
    return chosen;
  }

  private Endpoint soonest(List<Endpoint> tried) {
    Endpoint soonest = null;
    for (int i = 0; i < size(); i++) {
      Endpoint endpoint = endpoint(i);
      if (!tried.contains(endpoint)
          && (soonest == null || endpoint.backoff().left() < soonest.backoff().left())) {
        soonest = endpoint;
      }
    }
    if (soonest == null) {
      throw new IllegalArgumentException("every endpoint has been tried");
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

  final void close() {
    endpoints.forEach(Endpoint::close);
  }
}
