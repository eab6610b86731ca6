package io.sluice.gateway.exchange;

import static io.sluice.gateway.testkit.Probe.Hook.COMPLETE;
import static io.sluice.gateway.testkit.Probe.Hook.END;
import static io.sluice.gateway.testkit.Probe.Hook.REQUEST;
import static io.sluice.gateway.testkit.Probe.Hook.RESPONSE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.api.Payload;
import io.sluice.api.Protocol;
import io.sluice.api.Status;
import io.sluice.api.Step;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.Journal;
import io.sluice.gateway.testkit.Message;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.Probe;
import io.sluice.gateway.testkit.Probe.Hook;
import io.sluice.gateway.testkit.Splits;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Thrifts;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Filters that answer later, from whatever thread, or never. */
class AwaitTest {
  private static final String[] ALL = {"a", "b", "c"};
  private static final int CALLS = 5;

  private final Journal journal = new Journal();
  private final Probe a = Probe.ofMessages("a", journal);
  private final Probe b = Probe.ofMessages("b", journal);
  private final Probe c = Probe.ofMessages("c", journal);
  private final ExecutorService elsewhere = Executors.newSingleThreadExecutor();

  @AfterEach
  void stop() {
    elsewhere.shutdownNow();
  }

  private Probe.Answer later(Step step) {
    return (call, m) -> {
      Promise<Step> promise = Promise.promise();
      elsewhere.execute(() -> promise.complete(step));
      return Step.await(promise.future());
    };
  }

  @ParameterizedTest
  @EnumSource(
      value = Hook.class,
      names = {"REQUEST", "REQUEST_MESSAGE", "RESPONSE", "RESPONSE_MESSAGE", "END"})
  void answeredFromAnotherThread(Hook hook) {
    b.on(hook, later(Step.NEXT));
    assertEchoes("hi");
    assertThat(journal.namesAt(hook)).hasSize(CALLS * ALL.length);
  }

  @Test
  void answeredFromAnotherThreadInEveryHookOfEveryFilter() {
    for (Hook hook : Hook.values()) {
      if (hook != COMPLETE) {
        a.on(hook, later(Step.NEXT));
        b.on(hook, later(Step.NEXT));
        c.on(hook, later(Step.NEXT));
      }
    }
    assertEchoes("hi");
    assertEchoes("x".repeat(1 << 20));
  }

  @ParameterizedTest
  @EnumSource(
      value = Hook.class,
      names = {"REQUEST", "RESPONSE"})
  void aLargeMessageThatIsRelayedWaitsInPieces(Hook hook) {
    Probe only = Probe.of("only", journal).on(hook, later(Step.NEXT));
    String text = "y".repeat(1 << 20);
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = TestGateway.to(downstream.port(), only);
        Peer caller = gateway.connect()) {
      assertThat(Thrifts.text(caller.call("echo", 5, Thrifts.args(text)).body())).isEqualTo(text);
    }
  }

  private void assertEchoes(String text) {
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = TestGateway.to(downstream.port(), a, b, c);
        Peer caller = gateway.connect()) {
      int before = journal.ends().size();
      for (int i = 0; i < CALLS; i++) {
        Message reply = caller.call("echo", i, Thrifts.args(text));
        assertThat(reply.type()).isEqualTo(2);
        assertThat(Thrifts.text(reply.body())).isEqualTo(text);
      }
      await()
          .atMost(Duration.ofSeconds(30))
          .until(() -> journal.ends().size() == before + CALLS * ALL.length);
    }
    assertThat(journal.threads()).allMatch(name -> name.contains("eventloop"));
    assertThat(journal.ends()).containsOnly(Status.OK);
  }

  @ParameterizedTest
  @EnumSource(
      value = Hook.class,
      names = {"REQUEST", "REQUEST_MESSAGE", "RESPONSE", "RESPONSE_MESSAGE"})
  void refusedFromAnotherThread(Hook hook) {
    b.on(hook, later(Step.reject(Status.forbidden("thought about it"))));
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = TestGateway.to(downstream.port(), a, b, c);
        Peer caller = gateway.connect()) {
      assertThat(caller.call("echo", 1, Thrifts.args("hi")).exception().text())
          .isEqualTo("request forbidden: thought about it");
      journal.assertCompletedOnce(hook == REQUEST ? new String[] {"a", "b"} : ALL);
    }
  }

  @Test
  void answeredWithAReplyFromAnotherThread() {
    b.on(REQUEST, later(Step.reply(Payload.of(Thrifts.result("mine")))));
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = TestGateway.to(downstream.port(), a, b, c);
        Peer caller = gateway.connect()) {
      assertThat(Thrifts.text(caller.call("echo", 1, Thrifts.args("hi")).body())).isEqualTo("mine");
      journal.assertCompletedOnce("a", "b");
    }
  }

  /** The reply of b has to wait for a's look at its head, while the request still comes in. */
  @ParameterizedTest
  @ValueSource(ints = {10, 300_000})
  void aReplyOfAFilterThatAnotherHoldsUp(int length) {
    Promise<Step> go = Promise.promise();
    a.on(RESPONSE, (call, m) -> Step.await(go.future()));
    b.on(REQUEST, (call, m) -> Step.reply(Payload.of(Thrifts.result("mine"))));
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = TestGateway.to(downstream.port(), a, b, c);
        Peer caller = gateway.connect()) {
      caller.send(Thrifts.call("echo", 1, "x".repeat(length)));
      journal.awaitEvent("a.RESPONSE");
      go.complete(Step.NEXT);
      Message reply = caller.read();
      assertThat(reply).as("the reply").isNotNull();
      assertThat(Thrifts.text(reply.body())).isEqualTo("mine");
      journal.assertCompletedOnce("a", "b");
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Hook.class,
      names = {"REQUEST", "REQUEST_MESSAGE", "RESPONSE", "RESPONSE_MESSAGE"})
  void neverAnsweredTheDeadlineOfTheRouteEndsTheCall(Hook hook) {
    b.on(hook, (call, m) -> Step.await(Promise.<Step>promise().future()));
    String config =
        """
        listeners: {rpc: {address: '127.0.0.1:0'}}
        clusters:
          backend: {endpoints: ['127.0.0.1:%d'], transport: framed}
        routes:
          - {cluster: backend, timeout: 200ms, filters: [{use: a}, {use: b}, {use: c}]}
        """;
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = TestGateway.start(config.formatted(downstream.port()), 1, a, b, c);
        Peer caller = gateway.connect()) {
      assertThat(caller.call("echo", 1, Thrifts.args("hi")).exception().text())
          .isEqualTo("rpc timeout: timeout=200ms, to=backend, method=echo");
      journal.assertCompletedOnce(hook == REQUEST ? new String[] {"a", "b"} : ALL);
      assertThat(journal.ends())
          .extracting(Status::code)
          .containsOnly(Status.Code.DEADLINE_EXCEEDED);
    }
  }

  /** Before routing the route's timeout is not known, the caller's is. */
  @Test
  void neverAnsweredBeforeRoutingTheDeadlineOfTheCallerEndsTheCall() {
    b.on(REQUEST, (call, m) -> Step.await(Promise.<Step>promise().future()));
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = TestGateway.to(downstream.port(), a, b, c);
        Peer caller = gateway.connect()) {
      caller.send(
          Thrifts.ttheader(
              Protocol.TTHEADER, Map.of(12, "150"), Map.of(), 1, "echo", 4, Thrifts.args("hi")));
      Message told = caller.read();
      assertThat(told.seqId()).isEqualTo(4);
      assertThat(told.exception().text()).startsWith("rpc timeout: timeout=150ms");
      journal.assertCompletedOnce("a", "b");
    }
  }

  @Test
  void aFailureAtTheEndIsToldToTheFiltersBeforeIt() {
    Promise<Step> never = Promise.promise();
    b.on(END, (call, m) -> Step.await(never.future()));
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = TestGateway.to(downstream.port(), a, b, c);
        Peer caller = gateway.connect()) {
      caller.send(Thrifts.call("echo", 1, "hi"));
      journal.awaitEvent("b.END");
      never.fail("on purpose");
      assertThat(caller.read().exception().text()).contains("filter b failed");
      journal.assertCompletedOnce(ALL);
      assertThat(journal.namesAt(END)).containsExactly("c", "b", "a");
    }
  }

  /** While the end is being thought about, an answer to an earlier question opens nothing. */
  @ParameterizedTest
  @EnumSource(
      value = Hook.class,
      names = {"REQUEST", "REQUEST_MESSAGE", "RESPONSE", "RESPONSE_MESSAGE"})
  void anAnswerAfterTheDeadlineIsNotGoneBy(Hook hook) {
    Promise<Step> late = Promise.promise();
    Promise<Step> end = Promise.promise();
    // In the direction of the hook, x comes before z.
    Probe x = Probe.ofMessages("x", journal);
    x.on(hook, (call, m) -> Step.await(late.future()));
    x.on(END, (call, m) -> Step.await(end.future()));
    String config =
        """
        listeners: {rpc: {address: '127.0.0.1:0'}}
        clusters:
          backend: {endpoints: ['127.0.0.1:%d'], transport: framed}
        routes:
          - {cluster: backend, timeout: 100ms, filters: [{use: a}, {use: x}, {use: c}]}
        """;
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = TestGateway.start(config.formatted(downstream.port()), 1, a, x, c);
        Peer caller = gateway.connect()) {
      caller.send(Thrifts.call("echo", 1, "hi"));
      journal.awaitEvent("x.END");
      int asked = journal.namesAt(hook).size();
      late.complete(Step.NEXT);
      end.complete(Step.NEXT);
      assertThat(caller.read().exception().text()).startsWith("rpc timeout: ");
      assertThat(journal.namesAt(hook)).as("filters asked at " + hook).hasSize(asked);
    }
  }

  /** As above, but the late answer is a failure: the end is still the deadline's. */
  @Test
  void aFailureAfterTheDeadlineIsNotTold() {
    Promise<Step> late = Promise.promise();
    Promise<Step> end = Promise.promise();
    Probe x = Probe.ofMessages("x", journal);
    x.on(REQUEST, (call, m) -> Step.await(late.future()));
    x.on(END, (call, m) -> Step.await(end.future()));
    String config =
        """
        listeners: {rpc: {address: '127.0.0.1:0'}}
        clusters:
          backend: {endpoints: ['127.0.0.1:%d'], transport: framed}
        routes:
          - {cluster: backend, timeout: 100ms, filters: [{use: a}, {use: x}]}
        """;
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = TestGateway.start(config.formatted(downstream.port()), 1, a, x);
        Peer caller = gateway.connect()) {
      caller.send(Thrifts.call("echo", 1, "hi"));
      journal.awaitEvent("x.END");
      late.fail("on purpose");
      end.complete(Step.NEXT);
      assertThat(caller.read().exception().text()).startsWith("rpc timeout: ");
      journal.assertCompletedOnce("a", "x");
      assertThat(journal.namesAt(END)).containsExactly("x", "a");
    }
  }

  /** Pipelined requests are answered in their order, whatever filters wait for. */
  @Test
  void pipelinedCallsKeepTheirOrder() {
    a.on(REQUEST, later(Step.NEXT));
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = TestGateway.to(downstream.port(), a, b, c);
        Peer caller = gateway.connect()) {
      byte[][] calls = new byte[50][];
      for (int i = 0; i < calls.length; i++) {
        calls[i] = Thrifts.call("echo", i, "text " + i);
      }
      caller.send(Splits.glued(calls));
      for (int i = 0; i < calls.length; i++) {
        Message reply = caller.read();
        assertThat(reply.seqId()).isEqualTo(i);
        assertThat(Thrifts.text(reply.body())).isEqualTo("text " + i);
      }
    }
  }
}
