package io.sluice.gateway.config;

import io.sluice.api.Protocol;
import io.sluice.gateway.filter.FilterChain;
import io.sluice.gateway.filter.NamedFilter;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What in a configuration without faults is hardly what its author meant. */
final class ConfigWarnings {
  private final LoadedConfig loaded;
  private final GatewayConfig config;
  private final Positions positions;
  private final Faults warnings;

  ConfigWarnings(LoadedConfig loaded, Positions positions) {
    this.loaded = loaded;
    this.config = loaded.model();
    this.positions = positions;
    this.warnings = new Faults(loaded.file());
  }

  /**
   * Looks for all of them.
   *
   * @return in the order of the file
   */
  List<Fault> find() {
    lookForUnusedClusters();
    lookForIdleRoutes();
    config.routes().forEach(this::lookForRefusedGrpc);
    config.clusters().values().forEach(this::lookForOpenHosts);
    lookAtOrder(config.filters(), loaded.filters());
    loaded
        .listenerFilters()
        .forEach((name, own) -> lookAtOrder(config.listeners().get(name).filters(), own));
    for (LoadedRoute route : loaded.routes()) {
      lookAtOrder(route.config().filters(), route.filters());
    }
    loaded
        .clusterFilters()
        .forEach((name, own) -> lookAtOrder(config.clusters().get(name).filters(), own));
    return warnings.inOrder();
  }

  private void lookForUnusedClusters() {
    Set<String> used = new HashSet<>();
    config.routes().forEach(route -> used.addAll(route.weights().keySet()));
    for (String cluster : config.clusters().keySet()) {
      if (!used.contains(cluster)) {
        warnings.add(
            positions.ofKey(config, "clusters", cluster),
            "cluster " + Faults.quote(cluster) + " is never used",
            "no route leads to it");
      }
    }
  }

  private void lookForOpenHosts(ClusterConfig cluster) {
    for (EndpointConfig endpoint : cluster.endpoints()) {
      AddressTemplate address = endpoint.address();
      List<AddressTemplate.Part> host = address.host();
      boolean fixedEnd = host.get(host.size() - 1).kind() == AddressTemplate.Kind.TEXT;
      if (!fixedEnd && cluster.template().allow().isEmpty()) {
        warnings.add(
            positions.of(address),
            "callers choose the end of the host in " + Faults.quote(address.toString()),
            "give it a fixed ending, or list in 'template: {allow: …}' what it may be");
      }
    }
  }

  private void lookForIdleRoutes() {
    RouteShadows shadows = new RouteShadows(config);
    for (RouteConfig route : config.routes()) {
      String name = "route " + Faults.quote(route.name()) + " takes no call";
      if (!RouteTies.canHold(route.matchOrAll().conditions())) {
        warnings.add(
            positions.ofValue(route, "match"), name, "there is no Protobuf on this protocol");
        continue;
      }
      RouteConfig before = shadows.of(route);
      if (before != null) {
        warnings.add(
            positions.ofValue(route, "match"),
            name,
            Faults.quote(before.name())
                + " in line "
                + positions.of(before).line()
                + " is more specific and takes all of them");
      }
    }
  }

  /**
   * Calls by gRPC of which nobody says what they are, or that are what the cluster does not take.
   */
  private void lookForRefusedGrpc(RouteConfig route) {
    for (String name : route.weights().keySet()) {
      if (route.weights().get(name) == 0) {
        continue;
      }
      ClusterConfig cluster = config.clusters().get(name);
      List<Outbound> ways = RouteWays.of(Protocol.GRPC, route, cluster);
      if (ways.stream().anyMatch(Outbound::wantsMode)) {
        warnings.add(
            positions.of(route),
            "gRPC Thrift calls of route "
                + Faults.quote(route.name())
                + " are refused: cluster "
                + Faults.quote(name)
                + " takes calls and streams by other protocols",
            "say 'mode: unary' or 'mode: stream'; methods can have routes of their own");
      } else if (!ways.isEmpty() && ways.stream().allMatch(Outbound::isRefused)) {
        warnings.add(
            positions.of(route),
            "no gRPC call of route "
                + Faults.quote(route.name())
                + " can go to cluster "
                + Faults.quote(name),
            ways.get(0).refusal());
      }
    }
  }

  /** A filter that only looks on sees what those before it let pass. */
  private void lookAtOrder(List<FilterUse> uses, List<NamedFilter> filters) {
    FilterChain chain = FilterChain.of(filters);
    Set<Integer> asked = new HashSet<>();
    Arrays.stream(chain.request()).forEach(entry -> asked.add(entry.position()));
    for (FilterChain.Entry entry : chain.complete()) {
      int at = entry.position();
      int first = asked.stream().mapToInt(Integer::intValue).min().orElse(at);
      if (!asked.contains(at) && first < at) {
        warnings.add(
            positions.ofValue(uses.get(at), "use"),
            "filter "
                + Faults.quote(entry.name())
                + " does not see calls that "
                + Faults.quote(filters.get(first).name())
                + " before it ends",
            "put it first");
      }
    }
  }
}
