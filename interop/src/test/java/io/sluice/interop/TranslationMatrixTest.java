package io.sluice.interop;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.interop.TranslationRules.Lines;
import io.sluice.interop.TranslationRules.Rule;
import io.sluice.interop.TranslationRules.Way;
import io.sluice.interop.harness.GatewayProcess;
import io.sluice.interop.harness.Peers;
import io.sluice.interop.harness.Peers.Outcome;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Kitex client → gateway → Kitex server where the gateway translates: gRPC to ping-pong and
 * ttstream, and those to gRPC, in every case that the client knows. What the client and the server
 * see is compared with a direct call over the client's transport.
 */
final class TranslationMatrixTest {
  /** What stands in the table for each way and case; FAIL until a test has found otherwise. */
  private static final Map<Way, Map<String, String>> CELLS = new EnumMap<>(Way.class);

  /** What the server saw of the request's metadata, and the client of the response's. */
  private static final List<String> METADATA = List.of("headers", "trailers", "backward", "seen");

  private record Run(Map<String, Outcome> direct, Map<String, Outcome> through) {}

  @TestFactory
  Stream<DynamicContainer> clientSeesTheServerAsIfDirectly() {
    try (Servers servers = new Servers();
        GatewayProcess gateway = GatewayProcess.with(config(servers::port, false)).start()) {
      return containers(servers.runs(gateway), "", TranslationMatrixTest::tests);
    }
  }

  /** Through one gateway into the other protocol, and through another one back. */
  @TestFactory
  Stream<DynamicContainer> whatCannotBeSaidIsNotLost() {
    try (Servers servers = new Servers();
        GatewayProcess second = GatewayProcess.with(config(servers::port, true)).start();
        GatewayProcess first =
            GatewayProcess.with(config(way -> second.port(way.name()), false)).start()) {
      return containers(servers.runs(first), " and back", TranslationMatrixTest::back);
    }
  }

  private static Stream<DynamicContainer> containers(
      Map<Way, Run> runs, String suffix, BiFunction<Way, Run, List<DynamicTest>> tests) {
    return runs.entrySet().stream()
        .map(
            run ->
                DynamicContainer.dynamicContainer(
                    run.getKey() + suffix, tests.apply(run.getKey(), run.getValue())));
  }

  private static final class Servers implements AutoCloseable {
    private final Peers.Server usual = Peers.server();
    private final Peers.Server protobuf = Peers.server("--nameless-protobuf");

    private InetSocketAddress address(Way way) {
      return (way == Way.KITEX_PROTOBUF ? protobuf : usual).address();
    }

    int port(Way way) {
      return address(way).getPort();
    }

    /** All cases of all ways, directly and through the gateway. */
    Map<Way, Run> runs(GatewayProcess gateway) {
      Map<Way, Run> runs = new EnumMap<>(Way.class);
      for (Way way : Way.values()) {
        InetSocketAddress through = new InetSocketAddress("127.0.0.1", gateway.port(way.name()));
        runs.put(
            way,
            new Run(Peers.client(address(way), way.client()), Peers.client(through, way.client())));
      }
      return runs;
    }

    @Override
    public void close() {
      usual.close();
      protobuf.close();
    }
  }

  /**
   * Results, errors with their types and texts and details, business statuses: all that does not
   * depend on whether a key came as a header or as a trailer, and in which case.
   */
  private static List<DynamicTest> back(Way way, Run run) {
    return run.direct().keySet().stream()
        .filter(name -> !TranslationRules.comesBackOtherwise(way, name))
        .map(
            name ->
                DynamicTest.dynamicTest(
                    name,
                    () ->
                        Outcomes.assertSame(
                            name + ", " + way + " and back",
                            essence(run.direct().get(name)),
                            essence(run.through().get(name)),
                            run.through().get(name).whole())))
        .toList();
  }

  private static ObjectNode essence(Outcome outcome) {
    assertThat(outcome).as("the case ran").isNotNull();
    return Expectations.withoutVerdict(outcome.line()).without(METADATA);
  }

  private static String config(Function<Way, Integer> ports, boolean back) {
    StringBuilder listeners = new StringBuilder();
    StringBuilder clusters = new StringBuilder();
    StringBuilder routes = new StringBuilder();
    for (Way way : Way.values()) {
      Lines lines = way.lines(ports.apply(way), back);
      listeners.append(lines.listener());
      clusters.append(lines.cluster());
      routes.append(lines.routes());
    }
    return "listeners:\n  rpc: {address: '127.0.0.1:0'}\n"
        + "  admin: {address: '127.0.0.1:0', serves: admin}\n"
        + listeners
        + "clusters:\n"
        + clusters
        + "routes:\n"
        + routes;
  }

  private static List<DynamicTest> tests(Way way, Run run) {
    Set<String> names = new LinkedHashSet<>(run.direct().keySet());
    names.addAll(run.through().keySet());
    List<DynamicTest> tests = new ArrayList<>();
    Map<String, String> column = CELLS.computeIfAbsent(way, key -> new LinkedHashMap<>());
    for (String name : names) {
      column.put(name, "FAIL");
      tests.add(
          DynamicTest.dynamicTest(
              name,
              () -> {
                int footnote = check(way, name, run.direct().get(name), run.through().get(name));
                column.put(name, footnote == 0 ? "=" : "~" + footnote);
              }));
    }
    return tests;
  }

  /** Returns the number of the rule that explains the outcome, 0 if it is as in a direct call. */
  private static int check(Way way, String name, Outcome direct, Outcome actual) {
    assertThat(direct).as("the case ran in a direct call").isNotNull();
    assertThat(direct.ok()).as("a direct call is as it should be: %s", direct.whole()).isTrue();
    assertThat(actual).as("the case ran through the gateway").isNotNull();
    String what = name + ", " + way;
    int number = TranslationRules.numberOf(way, name);
    if (number == 0) {
      Outcomes.assertSame(what, direct.line(), actual.line(), actual.whole());
      return 0;
    }
    Rule rule = TranslationRules.RULES.get(number - 1);
    ObjectNode asDirect = Expectations.withoutVerdict(direct.line());
    ObjectNode expected = TranslationRules.patched(asDirect, rule.patch());
    assertThat(expected.equals(asDirect) && actual.ok())
        .as("a rule is only for what differs from a direct call")
        .isFalse();
    ObjectNode seen = Expectations.withoutVerdict(actual.line());
    for (String pointer : rule.ignored()) {
      remove(expected, pointer);
      remove(seen, pointer);
    }
    Outcomes.assertSame(what, expected, seen, actual.whole());
    return number;
  }

  private static void remove(ObjectNode from, String pointer) {
    JsonPointer at = JsonPointer.compile(pointer);
    if (from.at(at.head()) instanceof ObjectNode parent) {
      parent.remove(at.last().getMatchingProperty());
    }
  }

  @AfterAll
  static void printTheMatrix() {
    StringBuilder table = new StringBuilder("\nKitex client → Sluice → Kitex server, translated\n");
    CELLS.forEach(
        (way, column) -> {
          table.append("\n| ").append(way).append(" | |\n|---|---|\n");
          column.forEach(
              (name, cell) ->
                  table.append("| ").append(name).append(" | ").append(cell).append(" |\n"));
        });
    table.append("\n=   as in a direct call over the caller's transport\n");
    List<Rule> rules = TranslationRules.RULES;
    for (int i = 0; i < rules.size(); i++) {
      table.append('~').append(i + 1).append("  ").append(rules.get(i).why()).append('\n');
    }
    System.out.println(table);
  }
}
