package io.sluice.interop;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.interop.Expectations.Codec;
import io.sluice.interop.Expectations.Expectation;
import io.sluice.interop.Expectations.Leg;
import io.sluice.interop.Expectations.Numbered;
import io.sluice.interop.Expectations.Pair;
import io.sluice.interop.harness.GatewayProcess;
import io.sluice.interop.harness.Peers;
import io.sluice.interop.harness.Peers.Outcome;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
 * Kitex client → gateway → Kitex server with every codec and framing on either side, in every case
 * that the client knows: what the client and the server see, compared with direct calls.
 */
final class PingPongMatrixTest {
  /** What stands in the table for each pair and case; FAIL until a test has found otherwise. */
  private static final Map<Pair, Map<String, String>> CELLS = new LinkedHashMap<>();

  /** Clients that run at once: much of a case's time is waiting. */
  private static final int AT_ONCE = 2;

  /** The codec and framing of a direct call. */
  private record Direct(Codec codec, Leg leg) {}

  @TestFactory
  Stream<DynamicContainer> clientSeesTheServerAsIfDirectly() {
    Map<Direct, Map<String, Outcome>> direct = new ConcurrentHashMap<>();
    Map<Pair, Map<String, Outcome>> through = new ConcurrentHashMap<>();
    List<Pair> pairs = new ArrayList<>();
    try (Servers servers = new Servers()) {
      List<Runnable> runs = new ArrayList<>();
      for (Codec codec : Codec.values()) {
        for (Leg leg : Leg.ofCallers(codec)) {
          InetSocketAddress address = servers.of(codec, leg);
          runs.add(
              () -> direct.put(new Direct(codec, leg), Peers.client(address, leg.label(codec))));
        }
      }
      runAll(runs);
      for (Codec codec : Codec.values()) {
        for (Leg out : Leg.ofDownstreams(codec)) {
          String config = GatewayProcess.configuration(out.transport(), servers.of(codec, out));
          try (GatewayProcess gateway = GatewayProcess.with(config).start()) {
            runs.clear();
            for (Leg in : Leg.ofCallers(codec)) {
              Pair pair = new Pair(codec, in, out);
              pairs.add(pair);
              runs.add(() -> through.put(pair, Peers.client(gateway.address(), in.label(codec))));
            }
            runAll(runs);
          }
        }
      }
    }
    return pairs.stream().map(pair -> tests(pair, direct, through.get(pair)));
  }

  private static final class Servers implements AutoCloseable {
    private final Peers.Server usual = Peers.server();

    /** Takes many calls at once on a connection, and nothing else. */
    private final Peers.Server mux = Peers.server("--mux");

    private final Peers.Server protobuf = Peers.server("--nameless-protobuf");

    InetSocketAddress of(Codec codec, Leg leg) {
      if (leg == Leg.TTHEADER_MUX) {
        return mux.address();
      }
      return (codec == Codec.PROTOBUF ? protobuf : usual).address();
    }

    @Override
    public void close() {
      usual.close();
      mux.close();
      protobuf.close();
    }
  }

  private static void runAll(List<Runnable> runs) {
    ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE);
    try {
      List<CompletableFuture<Void>> all =
          runs.stream().map(run -> CompletableFuture.runAsync(run, threads)).toList();
      all.forEach(CompletableFuture::join);
    } finally {
      threads.shutdown();
    }
  }

  private static DynamicContainer tests(
      Pair pair, Map<Direct, Map<String, Outcome>> direct, Map<String, Outcome> seen) {
    Set<String> names = new LinkedHashSet<>(inbound(pair, direct).keySet());
    names.addAll(seen.keySet());
    List<DynamicTest> tests = new ArrayList<>();
    Map<String, String> column = CELLS.computeIfAbsent(pair, key -> new LinkedHashMap<>());
    for (String name : names) {
      column.put(name, "FAIL");
      tests.add(
          DynamicTest.dynamicTest(
              name,
              () -> {
                int footnote = check(name, pair, direct, seen);
                column.put(name, footnote == 0 ? "=" : "~" + footnote);
              }));
    }
    return DynamicContainer.dynamicContainer(pair.toString(), tests);
  }

  private static Map<String, Outcome> inbound(Pair pair, Map<Direct, Map<String, Outcome>> direct) {
    return direct.get(new Direct(pair.codec(), pair.in()));
  }

  /**
   * Returns the number of the footnote that explains the outcome, 0 if it is as in a direct call.
   */
  private static int check(
      String name, Pair pair, Map<Direct, Map<String, Outcome>> direct, Map<String, Outcome> seen) {
    Outcome inbound = inbound(pair, direct).get(name);
    Outcome actual = seen.get(name);
    assertThat(inbound).as("the case ran in a direct call").isNotNull();
    assertThat(inbound.ok()).as("a direct call is as it should be: %s", inbound.whole()).isTrue();
    assertThat(actual).as("the case ran through the gateway").isNotNull();

    Numbered rule = Expectations.of(name, pair);
    if (rule.expectation() instanceof Expectation.SameAsDirectInbound) {
      Outcomes.assertSame(name + ", " + pair, inbound.line(), actual.line(), actual.whole());
      return 0;
    }
    ObjectNode asInbound = Expectations.withoutVerdict(inbound.line());
    ObjectNode expected;
    if (rule.expectation() instanceof Expectation.Exactly exactly) {
      expected = Expectations.parse(exactly.line());
    } else if (rule.expectation() instanceof Expectation.Without without) {
      expected = asInbound.deepCopy();
      expected.remove(without.field());
    } else {
      Outcome outbound = direct.get(new Direct(pair.codec(), pair.out())).get(name);
      expected = Expectations.withoutVerdict(outbound.line());
    }
    assertThat(Outcomes.differences(asInbound, expected))
        .as("a rule is only for what differs from a direct call")
        .isNotEmpty();
    Outcomes.assertSame(
        name + ", " + pair, expected, Expectations.withoutVerdict(actual.line()), actual.whole());
    return rule.number();
  }

  @AfterAll
  static void printTheMatrix() {
    StringBuilder tables = new StringBuilder("\nKitex client → Sluice → Kitex server\n");
    for (Codec codec : Codec.values()) {
      for (Leg out : Leg.ofDownstreams(codec)) {
        print(codec, out, tables);
      }
    }
    tables.append("\n=   as in a direct call over the caller's transport\n");
    tables.append("-   the caller's transport has no such case\n");
    for (int i = 0; i < Expectations.RULES.size(); i++) {
      tables.append('~').append(i + 1).append("  ").append(Expectations.RULES.get(i).why());
      tables.append('\n');
    }
    System.out.println(tables);
  }

  private static void print(Codec codec, Leg out, StringBuilder to) {
    List<Map<String, String>> columns = new ArrayList<>();
    Set<String> names = new LinkedHashSet<>();
    to.append("\n| ").append(codec).append(", → ").append(out).append(" |");
    for (Leg in : Leg.ofCallers(codec)) {
      Map<String, String> column = CELLS.getOrDefault(new Pair(codec, in, out), Map.of());
      columns.add(column);
      names.addAll(column.keySet());
      to.append(' ').append(in).append(" → |");
    }
    to.append("\n|---|").append("---|".repeat(columns.size())).append('\n');
    for (String name : names) {
      to.append("| ").append(name).append(" |");
      columns.forEach(column -> to.append(' ').append(column.getOrDefault(name, "-")).append(" |"));
      to.append('\n');
    }
  }
}
