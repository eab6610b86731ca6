package io.sluice.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.interop.harness.GatewayProcess;
import io.sluice.interop.harness.Peers;
import io.sluice.interop.harness.Peers.Outcome;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Streams of gRPC and ttstream, and ping-pong calls beside them, on one port of one gateway: all is
 * as in direct calls. There are no exceptions to that.
 */
final class StreamsThroughTest {
  private static final List<String> TRANSPORTS =
      List.of("grpc-thrift", "grpc-pb", "ttstream", "ttheader-framed");

  @TestFactory
  Stream<DynamicContainer> streamsAreAsDirectOnes() {
    Map<String, Map<String, Outcome>> direct = new LinkedHashMap<>();
    Map<String, Map<String, Outcome>> through = new LinkedHashMap<>();
    try (Peers.Server server = Peers.server()) {
      for (String transport : TRANSPORTS) {
        direct.put(transport, Peers.client(server.address(), transport));
      }
      String config = GatewayProcess.configuration("ttheader-framed", server.address());
      try (GatewayProcess gateway = GatewayProcess.with(config).start()) {
        for (String transport : TRANSPORTS) {
          through.put(transport, Peers.client(gateway.address(), transport));
        }
      }
    }
    return TRANSPORTS.stream()
        .map(
            transport ->
                DynamicContainer.dynamicContainer(
                    transport, tests(transport, direct.get(transport), through.get(transport))));
  }

  private static List<DynamicTest> tests(
      String transport, Map<String, Outcome> direct, Map<String, Outcome> through) {
    Set<String> names = new LinkedHashSet<>(direct.keySet());
    names.addAll(through.keySet());
    List<DynamicTest> tests = new ArrayList<>();
    for (String name : names) {
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
                    name + ", " + transport, expected.line(), actual.line(), actual.whole());
              }));
    }
    return tests;
  }
}
