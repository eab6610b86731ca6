package io.sluice.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.interop.harness.GatewayProcess;
import io.sluice.interop.harness.GrpcPeer;
import io.sluice.interop.harness.Peers.Outcome;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Google's gRPC clients → gateway → Google's gRPC servers, crosswise, with every kind of call: what
 * the client and the server see is as in a direct call. There are no exceptions to that.
 */
final class GrpcMatrixTest {
  private static final String[] KINDS = {"Unary", "Client", "Server", "Bidi"};

  /** Clients that run at once: much of a case's time is waiting. */
  private static final int AT_ONCE = 2;

  /** What stands in the table for each pair and case; FAIL until a test has found otherwise. */
  private static final Map<Pair, Map<String, String>> CELLS = new LinkedHashMap<>();

  /** From the cancel to the server's knowledge of it, in microseconds. */
  private static final Map<Pair, List<Long>> CANCELS_DIRECT = new LinkedHashMap<>();

  private static final Map<Pair, List<Long>> CANCELS = new LinkedHashMap<>();

  private record Pair(GrpcPeer client, GrpcPeer server) {
    @Override
    public String toString() {
      return client + " → " + server;
    }
  }

  @TestFactory
  Stream<DynamicContainer> clientSeesTheServerAsIfDirectly() {
    Map<Pair, Map<String, Outcome>> direct = new LinkedHashMap<>();
    Map<Pair, Map<String, Outcome>> through = new LinkedHashMap<>();
    try (Servers servers = new Servers();
        GatewayProcess gateway = GatewayProcess.with(servers.configuration()).start()) {
      List<Runnable> runs = new ArrayList<>();
      for (GrpcPeer client : GrpcPeer.values()) {
        for (GrpcPeer server : GrpcPeer.values()) {
          Pair pair = new Pair(client, server);
          Map<String, Outcome> seenDirectly = new LinkedHashMap<>();
          Map<String, Outcome> seenThrough = new LinkedHashMap<>();
          direct.put(pair, seenDirectly);
          through.put(pair, seenThrough);
          runs.add(() -> seenDirectly.putAll(servers.directly(pair)));
          runs.add(() -> seenThrough.putAll(servers.through(gateway, pair)));
        }
      }
      runAll(runs);
    }
    return direct.keySet().stream().map(pair -> tests(pair, direct.get(pair), through.get(pair)));
  }

  /** All servers, each behind a listener of the one gateway. */
  private static final class Servers implements AutoCloseable {
    private final Map<GrpcPeer, GrpcPeer.Server> lasting = new EnumMap<>(GrpcPeer.class);

    /** Those that die, directly or behind the gateway, one for each pair. */
    private final Map<Pair, GrpcPeer.Server> dyingDirectly = new LinkedHashMap<>();

    private final Map<Pair, GrpcPeer.Server> dyingThrough = new LinkedHashMap<>();

    /** Where nobody listens. */
    private final InetSocketAddress nobody = new InetSocketAddress("127.0.0.1", 1);

    Servers() {
      for (GrpcPeer server : GrpcPeer.values()) {
        lasting.put(server, server.server());
        for (GrpcPeer client : GrpcPeer.values()) {
          dyingDirectly.put(new Pair(client, server), server.server());
          dyingThrough.put(new Pair(client, server), server.server());
        }
      }
    }

    private static String dying(Pair pair) {
      return "dying-" + pair.client() + '-' + pair.server();
    }

    private Map<String, InetSocketAddress> clusters() {
      Map<String, InetSocketAddress> clusters = new TreeMap<>();
      lasting.forEach((peer, server) -> clusters.put(peer.toString(), server.address()));
      dyingThrough.forEach((pair, server) -> clusters.put(dying(pair), server.address()));
      clusters.put("dead", nobody);
      return clusters;
    }

    String configuration() {
      StringBuilder listeners = new StringBuilder("listeners:\n");
      StringBuilder clusters = new StringBuilder("clusters:\n");
      StringBuilder routes = new StringBuilder("routes:\n");
      clusters()
          .forEach(
              (name, address) -> {
                listeners.append("  %s: {address: \"127.0.0.1:0\"}\n".formatted(name));
                clusters.append(
                    "  %s: {endpoints: [\"127.0.0.1:%d\"], transport: framed}\n"
                        .formatted(name, address.getPort()));
                routes.append("  - {match: {listener: %s}, cluster: %s}\n".formatted(name, name));
              });
      listeners.append("  admin: {address: \"127.0.0.1:0\", serves: admin}\n");
      return listeners.append(clusters).append(routes).toString();
    }

    Map<String, Outcome> directly(Pair pair) {
      return pair.client()
          .client(lasting.get(pair.server()).address(), nobody, dyingDirectly.get(pair).address());
    }

    Map<String, Outcome> through(GatewayProcess gateway, Pair pair) {
      return pair.client()
          .client(
              at(gateway, pair.server().toString()), at(gateway, "dead"), at(gateway, dying(pair)));
    }

    private static InetSocketAddress at(GatewayProcess gateway, String listener) {
      return new InetSocketAddress("127.0.0.1", gateway.port(listener));
    }

    @Override
    public void close() {
      Stream.of(lasting, dyingDirectly, dyingThrough)
          .flatMap(servers -> servers.values().stream())
          .forEach(GrpcPeer.Server::close);
    }
  }

  private static void runAll(List<Runnable> runs) {
    ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE);
    try {
      runs.stream()
          .map(run -> CompletableFuture.runAsync(run, threads))
          .toList()
          .forEach(CompletableFuture::join);
    } finally {
      threads.shutdown();
    }
  }

  private static DynamicContainer tests(
      Pair pair, Map<String, Outcome> direct, Map<String, Outcome> through) {
    Set<String> names = new LinkedHashSet<>(direct.keySet());
    names.addAll(through.keySet());
    Map<String, String> cells = CELLS.computeIfAbsent(pair, key -> new LinkedHashMap<>());
    cancels(direct, CANCELS_DIRECT.computeIfAbsent(pair, key -> new ArrayList<>()));
    cancels(through, CANCELS.computeIfAbsent(pair, key -> new ArrayList<>()));
    List<DynamicTest> tests = new ArrayList<>();
    for (String name : names) {
      cells.put(name, "FAIL");
      tests.add(
          DynamicTest.dynamicTest(
              name,
              () -> {
                Outcome expected = direct.get(name);
                Outcome actual = through.get(name);
                assertThat(expected).as("the case ran in a direct call").isNotNull();
                assertThat(expected.ok())
                    .as("a direct call is as it should be: %s", expected.whole())
                    .isTrue();
                assertThat(actual).as("the case ran through the gateway").isNotNull();
                Outcomes.assertSame(
                    name + ", " + pair, expected.line(), actual.line(), actual.whole());
                cells.put(name, "=");
              }));
    }
    return DynamicContainer.dynamicContainer(pair.toString(), tests);
  }

  private static void cancels(Map<String, Outcome> seen, List<Long> micros) {
    seen.values().stream()
        .map(outcome -> outcome.whole().path("volatile").path("cancelMicros"))
        .filter(value -> value.isNumber())
        .forEach(value -> micros.add(value.asLong()));
  }

  @AfterAll
  static void printTheMatrix() {
    StringBuilder table = new StringBuilder("\ngRPC client → Sluice → gRPC server\n");
    CELLS.forEach(
        (pair, cells) -> {
          table.append("\n| ").append(pair).append(" | unary | client | server | bidi |\n");
          table.append("|---|---|---|---|---|\n");
          Set<String> cases = new LinkedHashSet<>();
          cells.keySet().forEach(name -> cases.add(name.substring(0, name.indexOf(' '))));
          for (String one : cases) {
            String ofAll = cells.getOrDefault(one + " all", "-");
            table.append("| ").append(one).append(" |");
            for (String kind : KINDS) {
              table.append(' ').append(cells.getOrDefault(one + ' ' + kind, ofAll)).append(" |");
            }
            table.append('\n');
          }
          table.append(
              "cancel seen by the server after: directly %s, through Sluice %s\n"
                  .formatted(range(CANCELS_DIRECT.get(pair)), range(CANCELS.get(pair))));
        });
    table.append("\n=   as in a direct call\n-   there is no such case\n");
    System.out.println(table);
  }

  private static String range(List<Long> micros) {
    return micros.isEmpty()
        ? "never"
        : "%.1f to %.1f ms"
            .formatted(Collections.min(micros) / 1000.0, Collections.max(micros) / 1000.0);
  }
}
