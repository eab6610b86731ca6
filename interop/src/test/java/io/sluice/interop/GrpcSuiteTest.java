package io.sluice.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import io.sluice.interop.grpc.SuiteClient;
import io.sluice.interop.grpc.SuiteService;
import io.sluice.interop.harness.GatewayProcess;
import io.sluice.interop.harness.SuitePeer;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * gRPC's interoperability suite, clients and servers of grpc-go and grpc-java crosswise: every case
 * that passes without Sluice passes with it. Left out are the cases that need TLS or credentials,
 * and that of metrics out of band.
 */
final class GrpcSuiteTest {
  private static final int AT_ONCE = 2;
  private static final String PASSED = "passed";

  /**
   * The cases that fail without Sluice, so that nothing is to be said of them: grpc-go's server
   * does not say who it is, and {@link SuiteService} does not report its load.
   */
  private static final Set<String> FAIL_WITHOUT =
      Set.of(
          "grpc-go → grpc-go: pick_first_unary",
          "grpc-java → grpc-go: pick_first_unary",
          "grpc-go → grpc-java: orca_per_rpc");

  /** Those of them that have run, and why they failed. */
  private static final List<String> NOT_COUNTED = new ArrayList<>();

  /** What stands in the table for each case and pair; FAIL until a test has found otherwise. */
  private static final Map<String, Map<String, String>> CELLS = new TreeMap<>();

  private static final List<String> PAIRS = new ArrayList<>();

  /** Why a case failed, directly and through the gateway; empty if it did not. */
  private record Ran(CompletableFuture<String> direct, CompletableFuture<String> through) {}

  @TestFactory
  Stream<DynamicContainer> whatPassesWithoutPassesWith() {
    Map<String, Map<String, Ran>> ran = new LinkedHashMap<>();
    ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE);
    try (SuitePeer go = SuitePeer.server();
        SuiteService java = new SuiteService();
        GatewayProcess toGo = gateway(go.address());
        GatewayProcess toJava = gateway(java.address())) {
      for (boolean ofGo : new boolean[] {true, false}) {
        String server = ofGo ? "grpc-go" : "grpc-java";
        InetSocketAddress direct = ofGo ? go.address() : java.address();
        InetSocketAddress through = (ofGo ? toGo : toJava).address();
        Map<String, Ran> byGo = ran.computeIfAbsent("grpc-go → " + server, k -> new TreeMap<>());
        for (String name : SuitePeer.cases()) {
          byGo.put(name, run(threads, SuitePeer::run, name, direct, through));
        }
        Map<String, Ran> byJava =
            ran.computeIfAbsent("grpc-java → " + server, k -> new TreeMap<>());
        for (String name : SuiteClient.cases().keySet()) {
          byJava.put(name, run(threads, GrpcSuiteTest::runJava, name, direct, through));
        }
      }
      ran.values().stream()
          .flatMap(cases -> cases.values().stream())
          .forEach(one -> CompletableFuture.allOf(one.direct(), one.through()).join());
    } finally {
      threads.shutdown();
    }
    return ran.entrySet().stream().map(pair -> tests(pair.getKey(), pair.getValue()));
  }

  private static GatewayProcess gateway(InetSocketAddress server) {
    return GatewayProcess.with(GatewayProcess.configuration("framed", server)).start();
  }

  private static Ran run(
      ExecutorService threads,
      BiFunction<InetSocketAddress, String, String> client,
      String name,
      InetSocketAddress direct,
      InetSocketAddress through) {
    return new Ran(
        CompletableFuture.supplyAsync(() -> twice(client, direct, name), threads),
        CompletableFuture.supplyAsync(() -> client.apply(through, name), threads));
  }

  /** What a case does without Sluice judges what it does with it: once more if it failed. */
  private static String twice(
      BiFunction<InetSocketAddress, String, String> client, InetSocketAddress server, String name) {
    String why = client.apply(server, name);
    return why.isEmpty() ? why : client.apply(server, name);
  }

  private static String runJava(InetSocketAddress server, String name) {
    try (SuiteClient client = new SuiteClient(server)) {
      SuiteClient.cases().get(name).accept(client);
      return "";
    } catch (AssertionError | RuntimeException e) {
      return e.toString();
    }
  }

  private static DynamicContainer tests(String pair, Map<String, Ran> ran) {
    PAIRS.add(pair);
    List<DynamicTest> tests = new ArrayList<>();
    ran.forEach(
        (name, one) -> {
          Map<String, String> row = CELLS.computeIfAbsent(name, key -> new LinkedHashMap<>());
          row.put(pair, "FAIL");
          tests.add(
              DynamicTest.dynamicTest(
                  name,
                  () -> {
                    String direct = one.direct().join();
                    if (FAIL_WITHOUT.contains(pair + ": " + name)) {
                      assertThat(direct).as("without Sluice it fails").isNotEmpty();
                      row.put(pair, "fails without Sluice");
                      NOT_COUNTED.add(pair + ": " + name + ": " + direct);
                      abort("fails without Sluice: " + direct);
                    }
                    assertThat(direct).as("without Sluice").isEmpty();
                    assertThat(one.through().join()).as("through Sluice").isEmpty();
                    row.put(pair, PASSED);
                  }));
        });
    return DynamicContainer.dynamicContainer(pair, tests);
  }

  @AfterAll
  static void printTheTable() {
    StringBuilder table = new StringBuilder("\ngRPC's interoperability suite through Sluice\n\n|");
    PAIRS.forEach(pair -> table.append(" | ").append(pair));
    table.append(" |\n|---|").append("---|".repeat(PAIRS.size())).append('\n');
    CELLS.forEach(
        (name, row) -> {
          table.append("| ").append(name);
          PAIRS.forEach(pair -> table.append(" | ").append(row.getOrDefault(pair, "-")));
          table.append(" |\n");
        });
    table.append("| cases that pass, with Sluice as without");
    for (String pair : PAIRS) {
      table
          .append(" | ")
          .append(CELLS.values().stream().filter(row -> PASSED.equals(row.get(pair))).count());
    }
    table.append(" |\n\n-   the client has no such case\n");
    NOT_COUNTED.forEach(one -> table.append("not counted: ").append(one).append('\n'));
    System.out.println(table);
  }
}
