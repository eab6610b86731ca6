package io.sluice.gateway.config;

import io.sluice.gateway.config.ListenerConfig.Serves;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Checks what the parts of a configuration mean together. It may be shown what was bound with
 * faults (see {@link Binder}), so nulls are passed over: why they are there has been told.
 */
@SuppressWarnings("ConstantValue")
final class ConfigChecks {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");

  private final GatewayConfig config;
  private final Positions positions;
  private final Faults faults;

  ConfigChecks(GatewayConfig config, Positions positions, Faults faults) {
    this.config = config;
    this.positions = positions;
    this.faults = faults;
  }

  void run() {
    checkNames("listeners");
    checkNames("clusters");
    checkListeners();
    config.clusters().values().forEach(this::checkEndpoints);
    config.clusters().values().forEach(this::checkTransport);
    if (config.redis() != null) {
      checkRedis(config.redis());
    }
    new RouteChecks(config, positions, faults).run();
    MatchChecks matches = new MatchChecks(config, positions, faults);
    matches.check(config.filters());
    config.listeners().values().forEach(listener -> matches.check(listener.filters()));
    config.routes().forEach(route -> matches.check(route.filters()));
    config.clusters().values().forEach(cluster -> matches.check(cluster.filters()));
  }

  private void checkNames(String component) {
    for (String name : positions.keys(config, component)) {
      if (!NAME.matcher(name).matches()) {
        faults.add(
            positions.ofKey(config, component, name),
            Faults.quote(name) + " cannot be a name",
            "write 1 to 64 letters, digits, '.', '_' and '-', the first a letter or digit");
      }
    }
  }

  private void checkListeners() {
    Map<Address, String> taken = new HashMap<>();
    boolean servesRpc = config.listeners().size() < positions.keys(config, "listeners").size();
    for (Map.Entry<String, ListenerConfig> entry : config.listeners().entrySet()) {
      ListenerConfig listener = entry.getValue();
      servesRpc |= listener.serves() == Serves.RPC;
      if (listener.address() == null) {
        continue;
      }
      Mark at = positions.ofValue(listener, "address");
      boolean open = !listener.exposed() && !listener.address().isLoopback();
      if (listener.serves() == Serves.ADMIN && open) {
        faults.add(
            at,
            "other machines can reach the admin listener at " + listener.address(),
            "listen on 127.0.0.1, or set 'exposed: true'");
      }
      if (listener.serves() == Serves.ADMIN && positions.has(listener, "filters")) {
        faults.add(
            positions.ofValue(listener, "filters"),
            "no calls pass an admin listener, and so no filters",
            "give them to one that serves rpc");
      }
      String first =
          listener.address().port() == 0
              ? null
              : taken.putIfAbsent(listener.address(), entry.getKey());
      if (first != null) {
        faults.add(
            at, "address taken", "listener " + Faults.quote(first) + " has the same address");
      }
    }
    if (!servesRpc && !config.listeners().isEmpty()) {
      faults.add(
          positions.ofValue(config, "listeners"),
          "no listener serves calls",
          "at least one has 'serves: rpc'");
    }
  }

  private void checkEndpoints(ClusterConfig cluster) {
    Set<AddressTemplate> seen = new HashSet<>();
    boolean template = false;
    for (EndpointConfig endpoint : cluster.endpoints()) {
      AddressTemplate address = endpoint.address();
      if (address == null) {
        template = true; // perhaps: it is not known what was meant
        continue;
      }
      if (address.port() == 0) {
        faults.add(positions.of(address), "nobody can be reached at port 0", "at least 1");
      }
      if (!seen.add(address)) {
        faults.add(positions.of(address), "duplicate endpoint " + address, "write it once");
      }
      template |= !address.isFixed();
    }
    if (!template && positions.has(cluster, "template")) {
      faults.add(
          positions.ofValue(cluster, "template"),
          "no endpoint has a placeholder",
          "write one such as \"{service}.svc.local:8888\", or leave out 'template'");
    }
  }

  private void checkTransport(ClusterConfig cluster) {
    TransportConfig transport = cluster.transport();
    if (transport == null || positions.isFaulty(transport)) {
      return;
    }
    boolean ttheader = transport.unary() != null && transport.unary().isTtheader();
    if (cluster.checksum() == ClusterConfig.Checksum.CRC32C && !ttheader) {
      faults.add(
          positions.ofValue(cluster, "checksum"),
          "there is no place for a checksum without a TTHeader",
          "write 'unary: ttheader-framed', or leave out 'checksum'");
    }
    if (!transport.multiplex()) {
      return;
    }
    if (!ttheader) {
      faults.add(
          positions.ofValue(transport, "multiplex"),
          "calls without a TTHeader cannot share a connection",
          "write 'unary: ttheader-framed'; the services have to answer such calls side by side,"
              + " which an ordinary Kitex server does not");
    }
    if (cluster.connections() == ClusterConfig.Connections.SHORT) {
      faults.add(
          positions.ofValue(cluster, "connections"),
          "a shared connection cannot be short",
          "leave out 'connections' or 'multiplex'");
    }
  }

  private void checkRedis(RedisConfig redis) {
    if (positions.isFaulty(redis)) {
      return;
    }
    for (Address endpoint : redis.endpoints()) {
      if (endpoint.port() == 0) {
        faults.add(
            positions.ofValue(redis, "endpoints"), "nobody can be reached at port 0", "at least 1");
      }
    }
    if (!redis.cluster() && redis.endpoints().size() > 1) {
      faults.add(
          positions.ofValue(redis, "endpoints"),
          "more than one endpoint of a single Redis",
          "write one, or 'cluster: true'");
    }
    if (redis.cluster() && redis.database() != 0) {
      faults.add(
          positions.ofValue(redis, "database"),
          "a cluster has no database but 0",
          "leave out 'database'");
    }
    if (redis.user() != null && redis.password() == null) {
      faults.add(positions.ofValue(redis, "user"), "a user without a password", "add 'password'");
    }
  }
}
