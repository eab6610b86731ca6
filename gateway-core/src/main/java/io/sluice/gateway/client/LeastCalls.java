package io.sluice.gateway.client;

import io.sluice.gateway.call.RpcCall;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Of two endpoints drawn at random, the one with fewer calls open for its weight. Two are enough to
 * keep away from a slow one, and few enough that not all loops run to the same.
 */
final class LeastCalls extends Balancer {

  LeastCalls(List<Endpoint> endpoints) {
    super(endpoints);
  }

  @Override
  @Nullable Endpoint choose(RpcCall call, List<Endpoint> tried) {
    if (size() == 0) {
      return null;
    }
    ThreadLocalRandom random = ThreadLocalRandom.current();
    int first = from(random.nextInt(size()), tried);
    if (first < 0 || size() == 1) {
      return first < 0 ? null : endpoint(first);
    }
    // Any but the first.
    int second = from((first + 1 + random.nextInt(size() - 1)) % size(), tried);
    Endpoint a = endpoint(first);
    Endpoint b = endpoint(second);
    // Calls by weight, without the division.
    long ofA = (long) a.calls() * b.weight();
    long ofB = (long) b.calls() * a.weight();
    if (ofA == ofB) {
      return random.nextInt(a.weight() + b.weight()) < a.weight() ? a : b;
    }
    return ofA < ofB ? a : b;
  }

  /** The next endpoint, from this one on, that may take the call; -1 if there is none. */
  private int from(int start, List<Endpoint> tried) {
    for (int i = 0; i < size(); i++) {
      int at = (start + i) % size();
      if (mayTake(endpoint(at), tried)) {
        return at;
      }
    }
    return -1;
  }
}
