package io.sluice.gateway.client;

import io.sluice.gateway.call.RpcCall;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Each endpoint in its turn, the heavier ones more often, and evenly spread (nginx's smooth
 * weighted round robin): with every choice all gain their weight, and the chosen one, which has
 * gained most, pays what all have got.
 */
final class RoundRobin extends Balancer {
  private final int[] gained;

  RoundRobin(List<Endpoint> endpoints) {
    super(endpoints);
    gained = new int[endpoints.size()];
    // Else the first endpoint would get the first call of every loop and every gateway.
    for (int n = start(endpoints.size()); n > 0; n--) {
      choose(List.of());
    }
  }

  private static int start(int endpoints) {
    return endpoints == 0 ? 0 : ThreadLocalRandom.current().nextInt(endpoints);
  }

  @Override
  @Nullable Endpoint choose(RpcCall call, List<Endpoint> tried) {
    return choose(tried);
  }

  private @Nullable Endpoint choose(List<Endpoint> tried) {
    int chosen = -1;
    int all = 0;
    for (int i = 0; i < size(); i++) {
      if (mayTake(endpoint(i), tried)) {
        int weight = endpoint(i).weight();
        gained[i] += weight;
        all += weight;
        if (chosen < 0 || gained[i] > gained[chosen]) {
          chosen = i;
        }
      }
    }
    if (chosen < 0) {
      return null;
    }
    gained[chosen] -= all;
    return endpoint(chosen);
  }
}
