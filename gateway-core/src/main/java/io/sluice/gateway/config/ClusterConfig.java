package io.sluice.gateway.config;

import io.sluice.api.EndpointSource;
import io.sluice.api.LoadBalancer;
import io.sluice.api.Setting;
import io.sluice.api.Use;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A downstream service and how to reach it.
 *
 * @param endpoints each once, ports from 1; empty if there is a source
 * @param source finds the endpoints; null if they are written down
 * @param service the service's name as the downstream is told it; null keeps the caller's
 * @param packageName goes before names of services that come without one; null for none
 * @param balancer chooses the endpoint of a call in place of {@code balance}; null for that
 * @param firstByteTimeout null for none
 * @param filters in the order in which they see a request, after those of the route
 */
public record ClusterConfig(
    @Setting(value = "Its instances, each once, or what finds them.", required = true)
        List<EndpointConfig> endpoints,
    @Key("endpoints") @Setting("") @Nullable Use<EndpointSource> source,
    @Setting(value = "The protocols that it speaks.", required = true) TransportConfig transport,
    @Setting(
            value =
                "The name by which it is called as destination (`:authority`, `to_service`), and as"
                    + " service by callers that name none; without one, what the caller said.",
            pattern = "\\S{1,255}")
        @Nullable String service,
    @Key("package")
        @Setting(
            value =
                "The Protobuf package that goes before the service's name where a call that came"
                    + " without one goes out by gRPC.",
            pattern = "[A-Za-z0-9_.]{1,255}")
        @Nullable String packageName,
    @Setting(value = "Which of the instances a call goes to.", fallback = "round-robin")
        Balance balance,
    @Key("balance") @Setting("") @Nullable Use<LoadBalancer> balancer,
    @Setting(value = "How long connecting may take.", fallback = "1s", min = 1, max = 300_000)
        Duration connectTimeout,
    @Setting(
            value =
                "How long a unary call may wait for the first byte of its reply, once the request"
                    + " has been sent.",
            min = 1,
            max = 3_600_000)
        @Nullable Duration firstByteTimeout,
    @Setting(
            value = "How long a pooled connection may be unused before it is closed.",
            fallback = "1m",
            min = 1000,
            max = 86_400_000)
        Duration idleTimeout,
    @Setting(
            value =
                "How long a gRPC connection with open calls may be silent before its downstream is"
                    + " asked with a PING whether it is still there.",
            fallback = "5m",
            min = 1000,
            max = 86_400_000)
        Duration keepAlive,
    @Setting(
            value =
                "Whether the connections of ping-pong calls and of ttstream are kept for the next,"
                    + " or are for one call or stream each.",
            fallback = "keep")
        Connections connections,
    @Setting(
            value = "The most connections per endpoint and event loop.",
            fallback = "1024",
            min = 1,
            max = 65_535)
        int maxConnections,
    @Setting(
            value =
                "The most streams that share a connection; a gRPC downstream may allow fewer. With 1"
                    + " each has its own as long as it lasts.",
            fallback = "1000",
            min = 1,
            max = 1_000_000)
        int maxStreams,
    @Setting(
            value =
                "After how many resets of its streams within a minute a gRPC connection takes no"
                    + " more calls and ends with those it has; 0 for any number.",
            fallback = "100",
            min = 0,
            max = 1_000_000)
        int maxResets,
    @Setting(
            value =
                "The most frames per second of one gRPC connection that belong to no call, beyond"
                    + " those that calls give rise to; 0 for any number.",
            fallback = "10000",
            min = 0,
            max = 10_000_000)
        int controlRate,
    @Setting(
            value =
                "How long the streams of a ttstream connection may wait for one whose caller does"
                    + " not read; then that one is ended.",
            fallback = "5s",
            min = 1,
            max = 3_600_000)
        Duration stallTimeout,
    @Setting(
            value = "The most calls that wait for a connection, per endpoint and event loop.",
            fallback = "4096",
            min = 0,
            max = 1_000_000)
        int maxPending,
    @Setting(
            value = "The most calls that are open at once, per event loop.",
            fallback = "100000",
            min = 1,
            max = 10_000_000)
        int maxCalls,
    @Setting(
            value =
                "Whether checksums in a TTHeader are passed on with a payload that stays as it is,"
                    + " or made for every request and checked on every reply that has one.",
            fallback = "pass")
        Checksum checksum,
    @Setting("What holds if endpoints have placeholders.") TemplateConfig template,
    @Setting("The filters that calls pass on their way to it, in this order, after all others.")
        List<FilterUse> filters) {
  public ClusterConfig {
    endpoints = List.copyOf(endpoints);
    filters = List.copyOf(filters);
  }

  /** The downstream alone: what its connections go by. */
  public ClusterConfig withoutFilters() {
    return filters.isEmpty()
        ? this
        : new ClusterConfig(
            endpoints,
            source,
            transport,
            service,
            packageName,
            balance,
            balancer,
            connectTimeout,
            firstByteTimeout,
            idleTimeout,
            keepAlive,
            connections,
            maxConnections,
            maxStreams,
            maxResets,
            controlRate,
            stallTimeout,
            maxPending,
            maxCalls,
            checksum,
            template,
            List.of());
  }

  /** Whether its addresses come of what calls say. */
  public boolean isTemplate() {
    return !endpoints.stream().allMatch(endpoint -> endpoint.address().isFixed());
  }

  /** How an endpoint is chosen. */
  public enum Balance {
    /** Each in its turn, the heavier ones more often. */
    ROUND_ROBIN,
    /** Of two drawn at random, the one with fewer calls open for its weight. */
    LEAST_CALLS
  }

  /** What is done about checksums of payloads. */
  public enum Checksum {
    PASS,
    CRC32C
  }

  /** What becomes of a connection after its ping-pong call or its stream. */
  public enum Connections {
    KEEP,
    SHORT
  }
}
