package io.sluice.gateway.route;

import io.sluice.gateway.config.ClusterConfig;

/**
 * A downstream by its name. One object stands for it as long as its configuration stays the same;
 * clients find their pools by its identity.
 */
public final class Cluster {
  private final String name;
  private final ClusterConfig config;
  private final EndpointList endpoints;

  /** One whose endpoints are in its configuration. */
  public Cluster(String name, ClusterConfig config) {
    this(name, config, new EndpointList(config.endpoints()));
  }

  /**
   * @param endpoints those of the configuration, or what a source finds
   */
  public Cluster(String name, ClusterConfig config, EndpointList endpoints) {
    this.name = name;
    this.config = config;
    this.endpoints = endpoints;
  }

  public String name() {
    return name;
  }

  public ClusterConfig config() {
    return config;
  }

  /** Where it is reached now; of a template, the templates. */
  public EndpointList endpoints() {
    return endpoints;
  }

  @Override
  public String toString() {
    return name;
  }
}
