package io.sluice.gateway.route;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;

/** The clusters of a route, with the share of its calls that each gets. Immutable. */
public final class Shares {
  private final Map<Cluster, Integer> weights;
  private final Cluster[] clusters;

  /** By cluster: its weight and those of all before it. */
  private final long[] limits;

  private Shares(Map<Cluster, Integer> weights) {
    this.weights = Collections.unmodifiableMap(new LinkedHashMap<>(weights));
    clusters = weights.keySet().toArray(new Cluster[0]);
    limits = new long[clusters.length];
    long sum = 0;
    for (int i = 0; i < clusters.length; i++) {
      sum += weights.get(clusters[i]);
      limits[i] = sum;
    }
    if (sum <= 0) {
      throw new IllegalArgumentException("no cluster gets anything");
    }
  }

  /** One cluster gets all. */
  public static Shares all(Cluster cluster) {
    return new Shares(Map.of(cluster, 1));
  }

  /**
   * Each gets as much as its weight says.
   *
   * @param weights none negative, and some more than 0
   */
  public static Shares of(Map<Cluster, Integer> weights) {
    return new Shares(weights);
  }

  /** The weights, in the order of the configuration. */
  public Map<Cluster, Integer> weights() {
    return weights;
  }

  /** The cluster for one call, by chance. */
  public Cluster pick() {
    if (clusters.length == 1) {
      return clusters[0];
    }
    long at = ThreadLocalRandom.current().nextLong(limits[limits.length - 1]);
    int i = 0;
    while (at >= limits[i]) {
      i++;
    }
    return clusters[i];
  }
}
