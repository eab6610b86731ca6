package io.sluice.gateway;

import io.sluice.api.Call;
import io.sluice.gateway.config.Address;
import io.sluice.gateway.config.ConfigLoader;
import io.sluice.gateway.config.LoadedConfig;
import io.sluice.gateway.filter.FilterChain;
import io.sluice.gateway.route.Cluster;
import io.sluice.gateway.route.Entrances;
import io.sluice.gateway.route.Route;
import io.sluice.gateway.route.RouteChains;
import io.sluice.gateway.route.RouteTable;
import io.sluice.gateway.route.Rule;
import java.util.List;

/**
 * The routes of calls for the gateway's own gRPC services, which an admin listener has. They and
 * their cluster are like any other; no file has a cluster of that name. A method that tells the
 * names of all clusters and routes has none: that is for those who reach the admin listener.
 *
 * <p>The other end is the gateway itself, which closes no connection for its resets, so none is
 * given up for them. Calls of Watch stay open, but cannot use up {@code maxCalls}: they have a
 * bound of their own there.
 */
public final class OwnServices {
  private static final String CLUSTER = "sluice:admin";

  private static final String CONFIG =
      """
      listeners:
        rpc: {address: "127.0.0.1:0"}
      clusters:
        admin:
          endpoints: ["%s"]
          transport: {streaming: grpc}
          service: sluice
          maxConnections: 8
          maxCalls: 8000
          maxResets: 0
          idleTimeout: 30s
          keepAlive: 30s
      routes:
        - {name: "sluice:health", match: {service: grpc.health.v1.Health, method: Check, protocol: grpc}, cluster: admin}
        - {name: "sluice:watch", match: {service: grpc.health.v1.Health, method: Watch, protocol: grpc}, cluster: admin}
        - {name: "sluice:reflection", match: {glob: "grpc.reflection.v1*.ServerReflection", protocol: grpc}, cluster: admin}
      """;

  /** To see whether there is a route at all, any address will do. */
  private static final Address ANY = new Address("127.0.0.1", 1);

  private OwnServices() {}

  /** Whether a call would take one of these routes, if it takes no other. */
  public static boolean take(Call call) {
    return at(ANY).find(call) != null;
  }

  /** The routes to an admin listener; their calls pass what stands before routing, and no more. */
  public static RouteTable at(Address admin) {
    LoadedConfig config = ConfigLoader.load("sluice", CONFIG.formatted(admin), List.of());
    Cluster cluster = new Cluster(CLUSTER, config.model().clusters().get("admin"));
    List<Rule> rules =
        config.routes().stream()
            .map(
                route ->
                    new Rule(
                        route.config().matchOrAll(),
                        Route.to(cluster, route.config().name(), 0, RouteChains.NO_MORE)))
            .toList();
    return new RouteTable(Entrances.all(FilterChain.of(List.of())), rules);
  }
}
