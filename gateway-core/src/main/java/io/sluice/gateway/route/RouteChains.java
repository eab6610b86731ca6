package io.sluice.gateway.route;

import io.sluice.gateway.filter.FilterChain;
import java.util.List;

/** Which filters the calls of a route pass, by where they have come in and where they go. */
@FunctionalInterface
public interface RouteChains {
  /** No filters but those that calls begin with. */
  RouteChains NO_MORE = (begun, cluster) -> begun;

  /**
   * The whole chain of a call.
   *
   * @param begun the chain of its listener, with which the whole one begins
   * @param cluster that it goes to
   */
  FilterChain of(FilterChain begun, Cluster cluster);

  /** The same filters for all calls. */
  static RouteChains always(FilterChain chain) {
    return (begun, cluster) -> chain;
  }

  /**
   * Makes all chains that calls of a route may have.
   *
   * @param begun the chains of all listeners
   * @param clusters those that the route leads to
   * @param maker makes each
   */
  static RouteChains of(List<FilterChain> begun, List<Cluster> clusters, RouteChains maker) {
    FilterChain[] firsts = begun.toArray(new FilterChain[0]);
    Cluster[] lasts = clusters.toArray(new Cluster[0]);
    FilterChain[][] chains = new FilterChain[firsts.length][lasts.length];
    for (int i = 0; i < firsts.length; i++) {
      for (int j = 0; j < lasts.length; j++) {
        chains[i][j] = maker.of(firsts[i], lasts[j]);
      }
    }
    return firsts.length == 1 && lasts.length == 1
        ? always(chains[0][0])
        : (first, cluster) -> chains[indexOf(first, firsts)][indexOf(cluster, lasts)];
  }

  private static int indexOf(Object what, Object[] in) {
    int i = 0;
    while (in[i] != what) {
      i++;
    }
    return i;
  }
}
