package io.sluice.gateway.client;

import io.sluice.api.Status;
import io.sluice.gateway.route.Cluster;

/** How many calls one loop has open at a cluster, and how many it may. */
final class OpenCalls {
  private final Cluster cluster;
  private int open;

  OpenCalls(Cluster cluster) {
    this.cluster = cluster;
  }

  boolean isFull() {
    return open >= cluster.config().maxCalls();
  }

  /** What a call is told for which there is no room. */
  Status full() {
    return Status.overLimit(
        "cluster " + cluster.name() + " has " + open + " calls open (maxCalls)");
  }

  void begins() {
    open++;
  }

  void ends() {
    open--;
  }
}
