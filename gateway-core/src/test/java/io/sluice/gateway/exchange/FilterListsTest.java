package io.sluice.gateway.exchange;

import static io.sluice.gateway.testkit.Probe.Hook.COMPLETE;
import static io.sluice.gateway.testkit.Probe.Hook.REQUEST;
import static io.sluice.gateway.testkit.Probe.Hook.RESPONSE;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.Given;
import io.sluice.gateway.testkit.Journal;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.Probe;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Thrifts;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Filters of the file, of a listener, of a route and of a cluster, as a call meets them. */
class FilterListsTest {
  private static final String CONFIG =
      """
      listeners:
        rpc: {address: '127.0.0.1:0', filters: [{use: listener}]}
        bare: {address: '127.0.0.1:0'}
      clusters:
        one: {endpoints: ['127.0.0.1:%1$d'], transport: framed, filters: [{use: one}]}
        two: {endpoints: ['127.0.0.1:%1$d'], transport: framed, filters: [{use: two}]}
        none: {endpoints: ['127.0.0.1:%1$d'], transport: framed}
      routes:
        - {match: {method: one}, cluster: one, filters: [{use: route}]}
        - {match: {method: two}, clusters: {one: 0, two: 1}, filters: [{use: route}]}
        - {match: {method: none}, cluster: none}
      filters: [{use: global}]
      """;

  private final Journal journal = new Journal();
  private final List<Given> factories =
      Stream.of("global", "listener", "route", "one", "two")
          .map(name -> Probe.of(name, journal).factory())
          .toList();

  @Test
  void runFromTheWholeToTheParticular() {
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway =
            TestGateway.start(CONFIG.formatted(downstream.port()), 1, factories)) {
      assertPassed(gateway, "rpc", "one", "global", "listener", "route", "one");
      assertPassed(gateway, "rpc", "two", "global", "listener", "route", "two");
      assertPassed(gateway, "rpc", "none", "global", "listener");
      assertPassed(gateway, "bare", "one", "global", "route", "one");
      assertPassed(gateway, "bare", "none", "global");
    }
  }

  @Test
  void thoseOfTheListenerRunOnCallsThatNoRouteTakes() {
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = TestGateway.start(CONFIG.formatted(downstream.port()), 1, factories);
        Peer caller = gateway.connect()) {
      assertThat(caller.call("strange", 1, Thrifts.args("hi")).exception().text())
          .startsWith("unknown service");
      journal.assertCompletedOnce("listener", "global");
    }
  }

  /** Connections are the downstream's, whatever filters stand before it. */
  @Test
  void comeAndGoWhileConnectionsStay() {
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = TestGateway.start(CONFIG.formatted(downstream.port()), 1, factories);
        Peer caller = gateway.connect()) {
      caller.call("one", 1, Thrifts.args("hi"));
      journal.assertCompletedOnce("one", "route", "listener", "global");
      String changed =
          CONFIG
              .formatted(downstream.port())
              .replace("filters: [{use: listener}]", "filters: [{use: two}]")
              .replace("filters: [{use: one}]", "filters: []");
      gateway.reload(changed, factories);
      journal.clear();

      caller.call("one", 2, Thrifts.args("hi"));
      journal.assertCompletedOnce("route", "two", "global");
      assertThat(downstream.accepted()).isEqualTo(1);
    }
  }

  private void assertPassed(TestGateway gateway, String listener, String method, String... names) {
    journal.clear();
    try (Peer caller = Peer.connect(gateway.gateway().port(listener))) {
      assertThat(caller.call(method, 1, Thrifts.args("hi")).type()).isEqualTo(2);
    }
    journal.assertCompletedOnce(names);
    List<String> reversed = new ArrayList<>(List.of(names));
    Collections.reverse(reversed);
    assertThat(journal.namesAt(REQUEST)).containsExactly(names);
    assertThat(journal.namesAt(RESPONSE)).containsExactlyElementsOf(reversed);
    assertThat(journal.namesAt(COMPLETE)).containsExactlyElementsOf(reversed);
  }
}
