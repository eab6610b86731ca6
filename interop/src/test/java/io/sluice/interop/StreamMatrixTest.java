package io.sluice.interop;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.interop.StreamPair.Addresses;
import io.sluice.interop.StreamPair.Direct;
import io.sluice.interop.StreamPair.Downstream;
import io.sluice.interop.StreamPair.Running;
import io.sluice.interop.StreamRules.Gap;
import io.sluice.interop.StreamRules.Rule;
import io.sluice.interop.harness.GatewayProcess;
import io.sluice.interop.harness.Peers.Outcome;
import io.sluice.interop.harness.Places;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Clients of Kitex, grpc-go and grpc-java → gateway → servers of the same, in every case with every
 * kind of call, whether the protocol stays or is translated: what the client and the server see is
 * as in a direct call over the caller's transport. Prints the matrix of all, and writes it to a
 * file.
 */
final class StreamMatrixTest {
  /** Clients that run at once: much of a case's time is waiting. */
  private static final int AT_ONCE = 2;

  /** Where nobody listens. */
  private static final InetSocketAddress NOBODY = new InetSocketAddress("127.0.0.1", 1);

  /** What stands in each cell; FAIL until a test has found otherwise. */
  private static final Map<StreamPair, Map<String, String>> CELLS = new EnumMap<>(StreamPair.class);

  @TestFactory
  Stream<DynamicContainer> clientSeesTheServerAsIfDirectly() {
    Map<Direct, Map<String, Outcome>> direct = new ConcurrentHashMap<>();
    Map<StreamPair, Map<String, Outcome>> through = new ConcurrentHashMap<>();
    try (Servers servers = new Servers();
        // Most thorough, the leak detection would take most of the time.
        GatewayProcess gateway =
            GatewayProcess.with(servers.configuration())
                .java("-Dio.netty.leakDetection.level=advanced")
                .start()) {
      List<Runnable> runs = new ArrayList<>();
      for (Direct call : servers.dyingDirectly.keySet()) {
        runs.add(() -> direct.put(call, call.run(servers.addresses(call))));
      }
      for (StreamPair pair : StreamPair.values()) {
        runs.add(
            () ->
                through.put(
                    pair, pair.run(servers.addresses(gateway, pair), StreamRules.without(pair))));
      }
      runAll(runs);
    }
    return Stream.of(StreamPair.values())
        .map(pair -> tests(pair, direct.get(pair.direct()), through.get(pair)));
  }

  /** All servers, and for each pair listeners of the one gateway that lead to them. */
  private static final class Servers implements AutoCloseable {
    private final Map<Downstream, Running> lasting = new EnumMap<>(Downstream.class);

    /** Those that die, one for each run. */
    private final Map<Direct, Running> dyingDirectly = new LinkedHashMap<>();

    private final Map<StreamPair, Running> dyingThrough = new EnumMap<>(StreamPair.class);

    Servers() {
      for (Downstream downstream : Downstream.values()) {
        lasting.put(downstream, downstream.start());
      }
      for (StreamPair pair : StreamPair.values()) {
        dyingThrough.put(pair, pair.downstream().start());
        dyingDirectly.computeIfAbsent(pair.direct(), call -> call.downstream().start());
      }
    }

    private static String dead(StreamPair pair) {
      return pair.name() + "-dead";
    }

    private static String dying(StreamPair pair) {
      return pair.name() + "-dying";
    }

    String configuration() {
      StringBuilder listeners = new StringBuilder("listeners:\n");
      StringBuilder clusters = new StringBuilder("clusters:\n");
      StringBuilder routes = new StringBuilder("routes:\n");
      for (StreamPair pair : StreamPair.values()) {
        Map<String, InetSocketAddress> endpoints =
            Map.of(
                pair.name(),
                lasting.get(pair.downstream()).address(),
                dead(pair),
                NOBODY,
                dying(pair),
                dyingThrough.get(pair).address());
        endpoints.forEach(
            (name, endpoint) -> {
              listeners.append("  %s: {address: '127.0.0.1:0'}\n".formatted(name));
              clusters.append("  %s: %s\n".formatted(name, pair.cluster(endpoint)));
              routes.append(pair.routes(name));
            });
      }
      listeners.append("  admin: {address: '127.0.0.1:0', serves: admin}\n");
      return listeners.append(clusters).append(routes).toString();
    }

    Addresses addresses(Direct call) {
      return new Addresses(
          lasting.get(call.downstream()).address(), NOBODY, dyingDirectly.get(call).address());
    }

    Addresses addresses(GatewayProcess gateway, StreamPair pair) {
      return new Addresses(
          at(gateway, pair.name()), at(gateway, dead(pair)), at(gateway, dying(pair)));
    }

    private static InetSocketAddress at(GatewayProcess gateway, String listener) {
      return new InetSocketAddress("127.0.0.1", gateway.port(listener));
    }

    @Override
    public void close() {
      Stream.of(lasting, dyingDirectly, dyingThrough)
          .flatMap(servers -> servers.values().stream())
          .forEach(Running::close);
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
      StreamPair pair, Map<String, Outcome> direct, Map<String, Outcome> through) {
    Map<String, String> cells = CELLS.computeIfAbsent(pair, key -> new HashMap<>());
    List<DynamicTest> tests = new ArrayList<>();
    for (StreamCase row : StreamCase.values()) {
      for (String kind : StreamCase.KINDS) {
        String name = row.of(kind);
        int gap = StreamRules.gap(pair, row, kind);
        if (gap > 0) {
          cells.put(name, "-" + gap);
        } else if (cells.putIfAbsent(name, "FAIL") == null) {
          int rule = StreamRules.rule(pair, row, kind);
          tests.add(
              DynamicTest.dynamicTest(
                  name,
                  () -> {
                    check(name + ", " + pair, rule, direct.get(name), through.get(name));
                    cells.put(name, rule == 0 ? "=" : "~" + rule);
                  }));
        }
      }
    }
    return DynamicContainer.dynamicContainer(pair.toString(), tests);
  }

  /**
   * @param number of the rule for the cell; 0 if all is to be as in a direct call
   */
  private static void check(String what, int number, Outcome direct, Outcome actual) {
    assertThat(direct).as("the case ran in a direct call").isNotNull();
    assertThat(direct.ok()).as("a direct call is as it should be: %s", direct.whole()).isTrue();
    assertThat(actual).as("the case ran through the gateway").isNotNull();
    ObjectNode asDirect = Expectations.withoutVerdict(direct.line());
    ObjectNode seen = Expectations.withoutVerdict(actual.line());
    if (number == 0) {
      Outcomes.assertSame(what, asDirect, seen, actual.whole());
      assertThat(actual.ok()).as("the client's verdict: %s", actual.whole()).isTrue();
      return;
    }
    ObjectNode expected =
        TranslationRules.patched(asDirect, StreamRules.RULES.get(number - 1).patch());
    assertThat(expected.equals(asDirect) && actual.ok())
        .as("a rule is only for what differs from a direct call")
        .isFalse();
    Outcomes.assertSame(what, expected, seen, actual.whole());
  }

  @AfterAll
  static void printTheMatrix() throws IOException {
    StringBuilder text = new StringBuilder("\nclient → Sluice → server, every kind of call\n");
    List<StreamPair> pairs = List.of(StreamPair.values());
    print("same protocol", pairs.stream().filter(pair -> !pair.translated()).toList(), text);
    print("translated", pairs.stream().filter(StreamPair::translated).toList(), text);
    text.append("\n=   as in a direct call over the caller's transport\n");
    List<Rule> rules = StreamRules.RULES;
    for (int i = 0; i < rules.size(); i++) {
      text.append('~').append(i + 1).append("  ").append(rules.get(i).why()).append('\n');
    }
    List<Gap> gaps = StreamRules.GAPS;
    for (int i = 0; i < gaps.size(); i++) {
      text.append('-').append(i + 1).append("  ").append(gaps.get(i).why()).append('\n');
    }
    System.out.println(text);
    Files.writeString(Places.target().resolve("stream-matrix.md"), text);
  }

  private static void print(String title, List<StreamPair> pairs, StringBuilder to) {
    to.append("\n| ").append(title).append(" | |");
    pairs.forEach(pair -> to.append(' ').append(pair).append(" |"));
    to.append("\n|---|---|").append("---|".repeat(pairs.size())).append('\n');
    int green = 0;
    int red = 0;
    for (StreamCase row : StreamCase.values()) {
      for (String kind : StreamCase.KINDS) {
        to.append("| ").append(row).append(" | ").append(kind).append(" |");
        for (StreamPair pair : pairs) {
          String cell = CELLS.getOrDefault(pair, Map.of()).getOrDefault(row.of(kind), "FAIL");
          to.append(' ').append(cell).append(" |");
          red += cell.equals("FAIL") ? 1 : 0;
          green += cell.startsWith("=") || cell.startsWith("~") ? 1 : 0;
        }
        to.append('\n');
      }
    }
    to.append("%d cells green, %d red%n".formatted(green, red));
  }
}
