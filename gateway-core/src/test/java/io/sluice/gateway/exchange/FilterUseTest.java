package io.sluice.gateway.exchange;

import static io.sluice.gateway.testkit.Probe.Hook.END;
import static io.sluice.gateway.testkit.Probe.Hook.REQUEST;
import static io.sluice.gateway.testkit.Probe.Hook.REQUEST_MESSAGE;
import static io.sluice.gateway.testkit.Probe.Hook.RESPONSE;
import static io.sluice.gateway.testkit.Probe.Hook.RESPONSE_MESSAGE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.api.Call;
import io.sluice.api.Payload;
import io.sluice.api.Protocol;
import io.sluice.api.Status;
import io.sluice.api.Step;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.Frames;
import io.sluice.gateway.testkit.Journal;
import io.sluice.gateway.testkit.Message;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.Peer.StreamFrame;
import io.sluice.gateway.testkit.Probe;
import io.sluice.gateway.testkit.Probe.Hook;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Thrifts;
import io.sluice.gateway.wire.ttstream.FrameType;
import io.vertx.core.Promise;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the file says of a filter beside its settings. */
class FilterUseTest {
  private static final String[] ALL = {"a", "b", "c"};
  private static final String[] OTHERS = {"a", "c"};
  private static final List<Hook> BEFORE_END =
      List.of(REQUEST, REQUEST_MESSAGE, RESPONSE, RESPONSE_MESSAGE);
  private static final List<Hook> WITH_END =
      List.of(REQUEST, REQUEST_MESSAGE, RESPONSE, RESPONSE_MESSAGE, END);

  private final Journal journal = new Journal();
  private final Probe a = Probe.ofMessages("a", journal);
  private final Probe b = Probe.ofMessages("b", journal);
  private final Probe c = Probe.ofMessages("c", journal);

  /** One in which b stands between a and c, and is used so. */
  private TestGateway start(Downstream downstream, String use) {
    String config = TestGateway.config("framed", "", downstream.port());
    return TestGateway.start(
        config + "filters: [{use: a}, {use: b, " + use + "}, {use: c}]\n", 1, a, b, c);
  }

  private static double count(TestGateway gateway, String meter, String... tags) {
    var found = gateway.registry().find(meter).tag("filter", "b").tags(tags).counter();
    return found == null ? 0 : found.count();
  }

  /** Has b do this in each of these hooks, to calls of the method that is named so. */
  private void inEach(List<Hook> hooks, Probe.Answer answer) {
    for (Hook hook : hooks) {
      b.on(
          hook, (call, m) -> call.method().equals(hook.name()) ? answer.apply(call, m) : Step.NEXT);
    }
  }

  private void assertEchoes(Peer caller, String method) {
    journal.clear();
    Message reply = caller.call(method, 1, Thrifts.args("hi"));
    assertThat(reply.type()).isEqualTo(2);
    assertThat(Thrifts.text(reply.body())).isEqualTo("hi");
    journal.assertCompletedOnce(ALL);
    assertThat(journal.ends()).containsOnly(Status.OK);
  }

  @Test
  void lateTheCallEnds() {
    inEach(WITH_END, (call, m) -> Step.await(Promise.<Step>promise().future()));
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = start(downstream, "answerWithin: 50ms");
        Peer caller = gateway.connect()) {
      for (Hook hook : WITH_END) {
        journal.clear();
        assertThat(caller.call(hook.name(), 1, Thrifts.args("hi")).exception().text())
            .contains("filter b has not answered within 50ms");
        String[] entered = hook == REQUEST ? new String[] {"b", "a"} : new String[] {"c", "b", "a"};
        journal.assertCompletedOnce(entered);
        assertThat(journal.ends()).extracting(Status::code).containsOnly(Status.Code.INTERNAL);
        assertThat(journal.namesAt(END)).containsExactly(entered);
      }
      assertThat(count(gateway, "sluice.filter.late")).isEqualTo(WITH_END.size());
    }
  }

  @Test
  void lateAndOpenTheCallGoesOn() {
    Queue<Payload> kept = new ConcurrentLinkedQueue<>();
    Promise<Step> late = Promise.promise();
    inEach(
        WITH_END,
        (call, m) -> {
          if (m != null) {
            kept.add(m);
          }
          return Step.await(late.future());
        });
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = start(downstream, "answerWithin: 50ms, onError: open");
        Peer caller = gateway.connect()) {
      for (Hook hook : WITH_END) {
        assertEchoes(caller, hook.name());
      }
      assertThat(count(gateway, "sluice.filter.late")).isEqualTo(WITH_END.size());
      late.complete(Step.reject(Status.forbidden("too late")));
      assertEchoes(caller, "another");
    }
    assertThat(kept)
        .hasSize(2)
        .allSatisfy(
            payload ->
                assertThatThrownBy(payload::bytes).isInstanceOf(IllegalStateException.class));
  }

  /** The caller's deadline is kept while a filter has more time than that. */
  @Test
  void theDeadlineOfTheCallerComesFirst() {
    b.on(REQUEST, (call, m) -> Step.await(Promise.<Step>promise().future()));
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = start(downstream, "onError: open");
        Peer caller = gateway.connect()) {
      caller.send(
          Thrifts.ttheader(
              Protocol.TTHEADER, Map.of(12, "150"), Map.of(), 1, "echo", 4, Thrifts.args("hi")));
      assertThat(caller.read().exception().text()).startsWith("rpc timeout: timeout=150ms");
      assertThat(count(gateway, "sluice.filter.late")).isZero();
    }
  }

  /** To refuse is no failure. */
  @Test
  void openItMayRefuse() {
    inEach(BEFORE_END, (call, m) -> Step.reject(Status.forbidden("no")));
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = start(downstream, "onError: open");
        Peer caller = gateway.connect()) {
      for (Hook hook : BEFORE_END) {
        assertThat(caller.call(hook.name(), 1, Thrifts.args("hi")).exception().text())
            .isEqualTo("request forbidden: no");
      }
      assertThat(count(gateway, "sluice.filter.refusals")).isEqualTo(BEFORE_END.size());
    }
  }

  @Test
  void aShadowRefusesNothing() {
    inEach(BEFORE_END, (call, m) -> Step.reject(Status.forbidden("no")));
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = start(downstream, "shadow: true");
        Peer caller = gateway.connect()) {
      for (Hook hook : BEFORE_END) {
        assertEchoes(caller, hook.name());
      }
      assertThat(count(gateway, "sluice.filter.would.have", "done", "rejected"))
          .isEqualTo(BEFORE_END.size());
      assertThat(count(gateway, "sluice.filter.refusals")).isZero();
    }
  }

  @Test
  void aShadowAnswersAndReplacesNothing() {
    b.on(REQUEST, (call, m) -> Step.reply(Payload.of(Thrifts.result("mine"))));
    b.on(REQUEST_MESSAGE, (call, m) -> Step.replace(Payload.of(Thrifts.args("mine"))));
    b.on(RESPONSE_MESSAGE, (call, m) -> Step.replace(Payload.of(Thrifts.result("mine"))));
    b.onEndDo((call, outcome) -> outcome.status(Status.forbidden("no")));
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = start(downstream, "shadow: true");
        Peer caller = gateway.connect()) {
      assertEchoes(caller, "echo");
      assertThat(count(gateway, "sluice.filter.would.have", "done", "replied")).isEqualTo(1);
      assertThat(count(gateway, "sluice.filter.would.have", "done", "replaced")).isEqualTo(2);
      assertThat(count(gateway, "sluice.filter.would.have", "done", "changed_status")).isEqualTo(1);
    }
  }

  @Test
  void aShadowThatFailsOrIsLateHarmsNothing() {
    b.on(REQUEST, (call, m) -> Step.await(Promise.<Step>promise().future()));
    b.on(RESPONSE, (call, m) -> null);
    b.onEndDo(
        (call, outcome) -> {
          throw new AssertionError("on purpose");
        });
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = start(downstream, "shadow: true, answerWithin: 50ms");
        Peer caller = gateway.connect()) {
      assertEchoes(caller, "echo");
      assertThat(count(gateway, "sluice.filter.late")).isEqualTo(1);
      assertThat(count(gateway, "sluice.filter.errors")).isEqualTo(2);
    }
  }

  /** Others may go by what it has found out, and nobody else sees anything of it. */
  @Test
  void whatAShadowPutsIntoMetadataNobodySees() {
    AtomicReference<String> metadata = new AtomicReference<>("not asked");
    AtomicReference<String> identity = new AtomicReference<>();
    b.on(
        REQUEST,
        (call, m) -> {
          call.metadata().set("mark", "b");
          assertThat(call.metadata().get("mark")).isEqualTo("b");
          assertThat(call.metadata().remove("given")).isTrue();
          call.identity("somebody");
          return Step.NEXT;
        });
    c.on(
        REQUEST,
        (call, m) -> {
          metadata.set(call.metadata().get("mark") + " " + call.metadata().get("given"));
          identity.set(call.identity());
          return Step.NEXT;
        });
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = start(downstream, "shadow: true");
        Peer caller = gateway.connect()) {
      caller.send(
          Thrifts.ttheader(
              Protocol.TTHEADER,
              Map.of(),
              Map.of("given", "here"),
              1,
              "echo",
              4,
              Thrifts.args("hi")));
      assertThat(caller.read().type()).isEqualTo(2);
    }
    assertThat(metadata).hasValue("null here");
    assertThat(identity).hasValue("somebody");
    journal.assertCompletedOnce(ALL);
  }

  /** Messages that it stumbles over, and those that only its shadow drops, pass as they came. */
  @ParameterizedTest
  @ValueSource(strings = {"onError: open", "shadow: true"})
  void messagesOfAStreamPassAllTheSame(String use) {
    boolean shadow = use.startsWith("shadow");
    Probe.Answer stumbles =
        (call, m) -> {
          if (new String(m.copy(), UTF_8).contains("two")) {
            if (shadow) {
              return Step.drop();
            }
            throw new IllegalStateException("on purpose");
          }
          return Step.NEXT;
        };
    b.on(REQUEST_MESSAGE, stumbles);
    b.on(RESPONSE_MESSAGE, stumbles);
    try (Downstream downstream =
            Downstream.serving(
                (peer, n) -> {
                  for (StreamFrame f = peer.readFrame(); f != null; f = peer.readFrame()) {
                    Frames.echo(peer, f);
                  }
                });
        TestGateway gateway = start(downstream, use);
        Peer caller = gateway.connect()) {
      caller.send(Frames.open(1));
      assertThat(caller.readFrame().type()).isEqualTo(FrameType.HEADER);
      for (String text : List.of("one", "two", "three")) {
        caller.send(Frames.data(1, text));
        assertThat(Frames.text(caller.readFrame())).isEqualTo("<" + text + ">");
      }
      caller.send(Frames.halfClose(1));
      assertThat(caller.readFrame().type()).isEqualTo(FrameType.TRAILER);
      journal.assertCompletedOnce(ALL);
      assertThat(count(gateway, "sluice.filter.errors")).isEqualTo(shadow ? 0 : 2);
      assertThat(count(gateway, "sluice.filter.would.have", "done", "dropped"))
          .isEqualTo(shadow ? 2 : 0);
    }
  }

  @Test
  void whenItSeesTheCallsThatItIsFor() {
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = start(downstream, "when: {method: 'get*'}");
        Peer caller = gateway.connect()) {
      caller.call("getOrder", 1, Thrifts.args("hi"));
      journal.assertCompletedOnce(ALL);
      journal.clear();
      caller.call("putOrder", 2, Thrifts.args("hi"));
      journal.assertCompletedOnce(OTHERS);
      for (Hook hook : Hook.values()) {
        assertThat(journal.namesAt(hook)).as(hook.name()).containsExactlyInAnyOrder(OTHERS);
      }
    }
  }

  /** What another filter makes of the metadata later changes nothing about that. */
  @Test
  void whenIsFoundOutOnce() {
    a.on(REQUEST, (call, m) -> mark(call, "yes"));
    c.on(REQUEST, (call, m) -> mark(call, "no"));
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = start(downstream, "when: {metadata: {mark: yes}}");
        Peer caller = gateway.connect()) {
      assertEchoes(caller, "echo");
      for (Hook hook : Hook.values()) {
        assertThat(journal.namesAt(hook)).as(hook.name()).containsExactlyInAnyOrder(ALL);
      }
    }
  }

  private static Step mark(Call call, String value) {
    call.metadata().set("mark", value);
    return Step.NEXT;
  }
}
