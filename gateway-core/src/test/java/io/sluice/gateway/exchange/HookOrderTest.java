package io.sluice.gateway.exchange;

import static io.sluice.gateway.testkit.Probe.Hook.COMPLETE;
import static io.sluice.gateway.testkit.Probe.Hook.END;
import static io.sluice.gateway.testkit.Probe.Hook.REQUEST;
import static io.sluice.gateway.testkit.Probe.Hook.REQUEST_MESSAGE;
import static io.sluice.gateway.testkit.Probe.Hook.RESPONSE;
import static io.sluice.gateway.testkit.Probe.Hook.RESPONSE_MESSAGE;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.api.Payload;
import io.sluice.api.Protocol;
import io.sluice.api.Status;
import io.sluice.api.Step;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.Journal;
import io.sluice.gateway.testkit.Message;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.Probe;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.ThriftService;
import io.sluice.gateway.testkit.Thrifts;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which filter is asked what, and in what order. */
class HookOrderTest {
  private static final String[] NAMES = {"a", "b", "c"};
  private static ThriftService service;

  private final Journal journal = new Journal();

  @BeforeAll
  static void start() {
    service = ThriftService.start();
  }

  @AfterAll
  static void stop() {
    service.close();
  }

  @Test
  void requestInOrderAllElseInReverse() {
    try (TestGateway gateway =
            TestGateway.to(
                service.port(),
                Probe.ofMessages("a", journal),
                Probe.of("b", journal),
                Probe.ofMessages("c", journal));
        Peer caller = gateway.connect()) {
      Message reply = caller.call("echo", 7, Thrifts.args("hi"));
      assertThat(reply.type()).isEqualTo(2);
      assertThat(Thrifts.text(reply.body())).isEqualTo("hi");
      journal.assertCompletedOnce(NAMES);
    }
    assertThat(journal.events())
        .containsExactly(
            "a.REQUEST",
            "b.REQUEST",
            "c.REQUEST",
            "a.REQUEST_MESSAGE",
            "c.REQUEST_MESSAGE",
            "c.RESPONSE",
            "b.RESPONSE",
            "a.RESPONSE",
            "c.RESPONSE_MESSAGE",
            "a.RESPONSE_MESSAGE",
            "c.END",
            "b.END",
            "a.END",
            "c.COMPLETE",
            "b.COMPLETE",
            "a.COMPLETE");
    assertThat(journal.threads()).allMatch(name -> name.contains("eventloop"));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  void afterARefusalOnlyThoseEnteredAreAsked(int refusing) {
    Probe[] probes = probes();
    probes[refusing].on(REQUEST, (call, m) -> Step.reject(Status.forbidden("no")));
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = TestGateway.to(downstream.port(), probes);
        Peer caller = gateway.connect()) {
      Message refused = caller.call("echo", 7, Thrifts.args("hi"));
      assertThat(refused.type()).isEqualTo(3);
      assertThat(refused.exception()).isEqualTo(Status.exception(6, "request forbidden: no"));
      // The connection goes on.
      caller.call("echo", 8, Thrifts.args("hi"));
      assertThat(downstream.accepted()).isZero();
    }
    List<String> entered = new ArrayList<>(Arrays.asList(NAMES).subList(0, refusing + 1));
    List<String> both = new ArrayList<>(entered);
    both.addAll(entered);
    assertThat(journal.namesAt(REQUEST)).isEqualTo(both);
    Collections.reverse(entered);
    List<String> reversed = new ArrayList<>(entered);
    reversed.addAll(entered);
    assertThat(journal.namesAt(END)).isEqualTo(reversed);
    assertThat(journal.namesAt(COMPLETE)).isEqualTo(reversed);
    assertThat(journal.namesAt(RESPONSE)).isEmpty();
    assertThat(journal.namesAt(REQUEST_MESSAGE)).isEmpty();
    assertThat(journal.ends()).extracting(Status::code).containsOnly(Status.Code.FORBIDDEN);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  void aReplyOfAFilterPassesThoseBeforeIt(int replying) {
    Probe[] probes = probes();
    probes[replying].on(REQUEST, (call, m) -> Step.reply(Payload.of(Thrifts.result("mine"))));
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = TestGateway.to(downstream.port(), probes);
        Peer caller = gateway.connect()) {
      Message reply = caller.call("echo", 7, Thrifts.args("hi"));
      assertThat(reply.type()).isEqualTo(2);
      assertThat(Thrifts.text(reply.body())).isEqualTo("mine");
      journal.assertCompletedOnce(Arrays.copyOf(NAMES, replying + 1));
      assertThat(downstream.accepted()).isZero();
    }
    List<String> entered = new ArrayList<>(Arrays.asList(NAMES).subList(0, replying + 1));
    assertThat(journal.namesAt(REQUEST)).isEqualTo(entered);
    Collections.reverse(entered);
    assertThat(journal.namesAt(RESPONSE)).isEqualTo(entered);
    assertThat(journal.namesAt(END)).isEqualTo(entered);
    // Those look at what a downstream said.
    assertThat(journal.namesAt(RESPONSE_MESSAGE)).isEmpty();
    assertThat(journal.ends()).containsOnly(Status.OK);
  }

  private Probe[] probes() {
    return Arrays.stream(NAMES).map(name -> Probe.ofMessages(name, journal)).toArray(Probe[]::new);
  }

  @Test
  void filtersOfTheGatewayRunOnUnroutedCallsThoseOfARouteDoNot() {
    Probe global = Probe.of("global", journal);
    Probe ofRoute = Probe.of("of-route", journal);
    String config =
        """
        listeners: {rpc: {address: '127.0.0.1:0'}}
        clusters:
          backend: {endpoints: ['127.0.0.1:%d'], transport: framed}
        routes:
          - {match: {service: Known}, cluster: backend, filters: [{use: of-route}]}
        filters: [{use: global}]
        """
            .formatted(service.port());
    try (TestGateway gateway = TestGateway.start(config, 1, global, ofRoute);
        Peer caller = gateway.connect()) {
      Message refused = caller.call("echo", 7, Thrifts.args("hi"));
      assertThat(refused.exception())
          .isEqualTo(Status.exception(20, "unknown service , method echo"));
      journal.assertCompletedOnce("global");
      assertThat(journal.events())
          .containsExactly("global.REQUEST", "global.END", "global.COMPLETE");

      caller.send(
          Thrifts.ttheader(
              Protocol.TTHEADER_FRAMED,
              Map.of(),
              Map.of("isn", "Known"),
              1,
              "echo",
              8,
              Thrifts.args("ho")));
      assertThat(Thrifts.text(caller.read().body())).isEqualTo("ho");
      journal.assertCompletedOnce("global", "global", "of-route");
      assertThat(journal.events())
          .endsWith(
              "global.REQUEST",
              "of-route.REQUEST",
              "of-route.RESPONSE",
              "global.RESPONSE",
              "of-route.END",
              "global.END",
              "of-route.COMPLETE",
              "global.COMPLETE");
    }
  }

  @Test
  void everyFilterOfAnUnroutedCallMaySayWhatTheCallerIsTold() {
    Probe kind =
        Probe.of("kind", journal)
            .onEndDo((call, end) -> end.status(Status.exception(99, "ask elsewhere")));
    String config =
        """
        listeners: {rpc: {address: '127.0.0.1:0'}}
        """;
    try (TestGateway gateway = TestGateway.start(config, 1, kind);
        Peer caller = gateway.connect()) {
      assertThat(caller.call("echo", 7, Thrifts.args("hi")).exception())
          .isEqualTo(Status.exception(99, "ask elsewhere"));
    }
  }
}
