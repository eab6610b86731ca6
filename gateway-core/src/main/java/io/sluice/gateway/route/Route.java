package io.sluice.gateway.route;

import io.sluice.gateway.filter.FilterChain;

/**
 * Where calls go, and what is done to them on the way.
 *
 * @param name in logs and metrics
 * @param timeoutNanos time for a whole call; 0 if the route sets none
 * @param chain the filters that run before routing, and behind them the route's own
 */
public record Route(String name, Cluster cluster, long timeoutNanos, FilterChain chain) {}
