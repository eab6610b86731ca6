package io.sluice.bench;

import io.sluice.api.Codec;
import io.sluice.api.Glob;
import io.sluice.api.Protocol;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.call.Peer;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.config.MatchConfig;
import io.sluice.gateway.filter.FilterChain;
import io.sluice.gateway.route.Entrances;
import io.sluice.gateway.route.Route;
import io.sluice.gateway.route.RouteChains;
import io.sluice.gateway.route.RouteTable;
import io.sluice.gateway.route.Rule;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What finding a call's route costs, with ten routes of each kind and with ten thousand: by the
 * whole name, by prefix, by glob, and of a call that only the default route takes.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class RouteBenchmark {

  /** Routes of each kind. */
  @Param({"10", "10000"})
  public int routes;

  private RouteTable table;
  private RpcCall exact;
  private RpcCall prefix;
  private RpcCall glob;
  private RpcCall other;

  /** Makes the table, and a call of each kind for a route in its middle. */
  @Setup
  public void setUp() {
    Route route = Route.to(Clusters.any(), "r", 0, RouteChains.NO_MORE);
    List<Rule> rules = new ArrayList<>();
    for (int i = 0; i < routes; i++) {
      rules.add(new Rule(match("shop.Service" + i, null, null), route));
      rules.add(new Rule(match(null, "team" + i + ".", null), route));
      rules.add(new Rule(match(null, null, "unit" + i + ".*Service"), route));
    }
    rules.add(new Rule(MatchConfig.ALL, route));
    table = new RouteTable(Entrances.all(FilterChain.of(List.of())), rules);
    int middle = routes / 2;
    exact = call("shop.Service" + middle);
    prefix = call("team" + middle + ".CartService");
    glob = call("unit" + middle + ".CartService");
    other = call("nobody.CartService");
  }

  private static MatchConfig match(
      @Nullable String service, @Nullable String prefix, @Nullable String glob) {
    Glob parsed = glob == null ? null : Glob.parse(glob);
    return new MatchConfig(
        service, prefix, parsed, null, null, null, null, null, null, null, Map.of());
  }

  private static RpcCall call(String service) {
    return new RpcCall(
        Protocol.TTHEADER,
        Codec.THRIFT,
        "rpc",
        new Peer(new InetSocketAddress("127.0.0.1", 1)),
        "",
        service,
        "Get",
        new Headers(Headers.Dialect.TTHEADER));
  }

  @Benchmark
  public Rule exact() {
    return table.find(exact);
  }

  @Benchmark
  public Rule prefix() {
    return table.find(prefix);
  }

  @Benchmark
  public Rule glob() {
    return table.find(glob);
  }

  @Benchmark
  public Rule fallback() {
    return table.find(other);
  }
}
