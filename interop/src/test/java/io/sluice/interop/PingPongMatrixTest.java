package io.sluice.interop;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.interop.Expectations.Expectation;
import io.sluice.interop.Expectations.Leg;
import io.sluice.interop.Expectations.Numbered;
import io.sluice.interop.Expectations.Pair;
import io.sluice.interop.harness.GatewayProcess;
import io.sluice.interop.harness.Peers;
import io.sluice.interop.harness.Peers.Outcome;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Kitex client → gateway → Kitex server with every framing on either side, in every case that the
 * client knows: what the client and the server see, compared with direct calls to the same server.
 */
final class PingPongMatrixTest {
  /** What stands in the table for each case and pair; FAIL until a test has found otherwise. */
  private static final Map<String, Map<Pair, String>> CELLS = new LinkedHashMap<>();

  private static final List<Pair> PAIRS = pairs();

  private static List<Pair> pairs() {
    List<Pair> pairs = new ArrayList<>();
    for (Leg in : Leg.values()) {
      for (Leg out : Leg.values()) {
        pairs.add(new Pair(in, out));
      }
    }
    return pairs;
  }

  @TestFactory
  Stream<DynamicContainer> clientSeesTheServerAsIfDirectly() {
    Map<Leg, Map<String, Outcome>> direct = new EnumMap<>(Leg.class);
    Map<Pair, Map<String, Outcome>> through = new LinkedHashMap<>();
    try (Peers.Server server = Peers.server()) {
      for (Leg leg : Leg.values()) {
        direct.put(leg, Peers.client(server.address(), leg.label()));
      }
      for (Leg out : Leg.values()) {
        String config = GatewayProcess.configuration(out.label(), server.address());
        try (GatewayProcess gateway = GatewayProcess.with(config).start()) {
          for (Leg in : Leg.values()) {
            through.put(new Pair(in, out), Peers.client(gateway.address(), in.label()));
          }
        }
      }
    }
    return PAIRS.stream().map(pair -> tests(pair, direct, through.get(pair)));
  }

  private static DynamicContainer tests(
      Pair pair, Map<Leg, Map<String, Outcome>> direct, Map<String, Outcome> seen) {
    Set<String> names = new LinkedHashSet<>(direct.get(pair.in()).keySet());
    names.addAll(seen.keySet());
    List<DynamicTest> tests = new ArrayList<>();
    for (String name : names) {
      Map<Pair, String> row = CELLS.computeIfAbsent(name, key -> new LinkedHashMap<>());
      row.put(pair, "FAIL");
      tests.add(
          DynamicTest.dynamicTest(
              name,
              () -> {
                int footnote = check(name, pair, direct, seen);
                row.put(pair, footnote == 0 ? "=" : "~" + footnote);
              }));
    }
    return DynamicContainer.dynamicContainer(pair.toString(), tests);
  }

  /**
   * Returns the number of the footnote that explains the outcome, 0 if it is as in a direct call.
   */
  private static int check(
      String name, Pair pair, Map<Leg, Map<String, Outcome>> direct, Map<String, Outcome> seen) {
    Outcome inbound = direct.get(pair.in()).get(name);
    Outcome actual = seen.get(name);
    assertThat(inbound).as("the case ran in a direct call").isNotNull();
    assertThat(inbound.ok()).as("a direct call is as it should be: %s", inbound.whole()).isTrue();
    assertThat(actual).as("the case ran through the gateway").isNotNull();

    Numbered rule = Expectations.of(name, pair);
    if (rule.expectation() instanceof Expectation.SameAsDirectInbound) {
      Outcomes.assertSame(name + ", " + pair, inbound.line(), actual.line(), actual.whole());
      return 0;
    }
    ObjectNode expected =
        rule.expectation() instanceof Expectation.Exactly exactly
            ? Expectations.parse(exactly.line())
            : Expectations.withoutVerdict(direct.get(pair.out()).get(name).line());
    assertThat(Outcomes.differences(Expectations.withoutVerdict(inbound.line()), expected))
        .as("a rule is only for what differs from a direct call")
        .isNotEmpty();
    Outcomes.assertSame(
        name + ", " + pair, expected, Expectations.withoutVerdict(actual.line()), actual.whole());
    return rule.number();
  }

  @AfterAll
  static void printTheMatrix() {
    StringBuilder table = new StringBuilder("\nKitex client → Sluice → Kitex server\n\n");
    table.append("| case |");
    PAIRS.forEach(pair -> table.append(' ').append(pair).append(" |"));
    table.append("\n|---|").append("---|".repeat(PAIRS.size())).append('\n');
    CELLS.forEach(
        (name, row) -> {
          table.append("| ").append(name).append(" |");
          PAIRS.forEach(pair -> table.append(' ').append(row.getOrDefault(pair, "-")).append(" |"));
          table.append('\n');
        });
    table.append("\n=   as in a direct call over the caller's transport\n");
    table.append("-   the caller's transport has no such case\n");
    for (int i = 0; i < Expectations.RULES.size(); i++) {
      table.append('~').append(i + 1).append("  ").append(Expectations.RULES.get(i).why());
      table.append('\n');
    }
    System.out.println(table);
  }
}
