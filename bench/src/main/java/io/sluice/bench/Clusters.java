package io.sluice.bench;

import io.sluice.gateway.config.ConfigLoader;
import io.sluice.gateway.route.Cluster;
import java.util.List;

/** Clusters for benchmarks in which nothing is sent. */
final class Clusters {
  private static final String TEXT =
      """
      listeners: {rpc: {address: '127.0.0.1:0'}}
      clusters: {c: {endpoints: ['127.0.0.1:9000'], transport: framed}}
      """;

  private Clusters() {}

  /** One with the defaults of the configuration. */
  static Cluster any() {
    return new Cluster(
        "c", ConfigLoader.load("bench.yaml", TEXT, List.of()).model().clusters().get("c"));
  }
}
