package io.sluice.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.interop.grpc.SuiteClient;
import io.sluice.interop.grpc.SuiteService;
import io.sluice.interop.harness.GatewayProcess;
import io.sluice.interop.harness.SuitePeer;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
        CompletableFuture.supplyAsync(() -> client.apply(direct, name), threads),
        CompletableFuture.supplyAsync(() -> client.apply(through, name), threads));
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
                    boolean passesWithout = one.direct().join().isEmpty();
                    if (passesWithout) {
                      assertThat(one.through().join()).as("through Sluice").isEmpty();
                    }
                    row.put(pair, passesWithout ? "passed" : "fails without Sluice");
                  }));
        });
    tests.add(
        DynamicTest.dynamicTest(
            "most cases pass without Sluice",
            () ->
                assertThat(ran.values().stream().map(one -> one.direct().join()))
                    .filteredOn(why -> !why.isEmpty())
                    .hasSizeLessThanOrEqualTo(2)));
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
    System.out.println(table.append("\n-   the client has no such case\n"));
  }
}
