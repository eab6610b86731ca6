package io.sluice.gateway.route;

import io.sluice.gateway.config.ClusterConfig;

/**
 * A downstream by its name. One object stands for it as long as its configuration stays the same;
 * clients find their pools by its identity.
 */
public final class Cluster {
  private final String name;
  private final ClusterConfig config;

  public Cluster(String name, ClusterConfig config) {
    this.name = name;
    this.config = config;
  }

  public String name() {
    return name;
  }

  public ClusterConfig config() {
    return config;
  }

  @Override
  public String toString() {
    return name;
  }
}
