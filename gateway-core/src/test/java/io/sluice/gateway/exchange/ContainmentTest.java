package io.sluice.gateway.exchange;

import static io.sluice.gateway.testkit.Probe.Hook.COMPLETE;
import static io.sluice.gateway.testkit.Probe.Hook.END;
import static io.sluice.gateway.testkit.Probe.Hook.REQUEST;
import static io.sluice.gateway.testkit.Probe.Hook.REQUEST_MESSAGE;
import static io.sluice.gateway.testkit.Probe.Hook.RESPONSE;
import static io.sluice.gateway.testkit.Probe.Hook.RESPONSE_MESSAGE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.sluice.api.Call;
import io.sluice.api.Filter;
import io.sluice.api.Outcome;
import io.sluice.api.Payload;
import io.sluice.api.Status;
import io.sluice.api.Step;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.Given;
import io.sluice.gateway.testkit.Journal;
import io.sluice.gateway.testkit.Message;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.Probe;
import io.sluice.gateway.testkit.Probe.Hook;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Thrifts;
import io.sluice.gateway.testkit.Warnings;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever a filter does, its call ends or gets on, the filter is named, and others are well. */
class ContainmentTest {
  private static final String[] ALL = {"a", "b", "c"};
  private static final List<Hook> HOOKS =
      List.of(REQUEST, REQUEST_MESSAGE, RESPONSE, RESPONSE_MESSAGE, END);

  private final Journal journal = new Journal();
  private final Probe a = Probe.ofMessages("a", journal);
  private final Probe b = Probe.ofMessages("b", journal);
  private final Probe c = Probe.ofMessages("c", journal);

  /** What a hook may do that it should not. */
  private enum Misdeed {
    THROWS(ContainmentTest::thrown),
    OVERFLOWS(ContainmentTest::overflow),
    RUNS_OUT_OF_MEMORY(
        () -> {
          throw new OutOfMemoryError("on purpose");
        }),
    MISSES_A_CLASS(
        () -> {
          throw new NoClassDefFoundError("gone");
        }),
    CANNOT_EVEN_SAY_WHAT_IT_THROWS(
        () -> {
          throw new Unreadable();
        }),
    ANSWERS_NULL(() -> null),
    AWAITS_NULL(() -> Step.await(Future.succeededFuture())),
    AWAITS_AN_AWAIT(() -> Step.await(Future.succeededFuture(Step.await(Future.succeededFuture())))),
    AWAITS_A_FAILURE(() -> Step.await(Future.failedFuture(new AssertionError("on purpose")))),
    AWAITS_FROM_A_STRANGE_THREAD(ContainmentTest::fromElsewhere),
    ANSWERS_WHAT_IS_NONE_HERE(Step::drop);

    private final Supplier<Step> does;

    Misdeed(Supplier<Step> does) {
      this.does = does;
    }
  }

  private static final class Unreadable extends RuntimeException {
    private static final long serialVersionUID = 1;

    @Override
    public String getMessage() {
      throw new IllegalStateException("not even that");
    }
  }

  private static Step thrown() {
    throw new IllegalArgumentException("on purpose");
  }

  private static Step overflow() {
    return overflow();
  }

  private static Step fromElsewhere() {
    Promise<Step> promise = Promise.promise();
    new Thread(() -> promise.fail(new AssertionError("on purpose")), "strange").start();
    return Step.await(promise.future());
  }

  /** Has b do this in each hook, to calls of the method that is named so. */
  private void inEach(Supplier<Step> deed) {
    for (Hook hook : HOOKS) {
      b.on(hook, (call, m) -> call.method().equals(hook.name()) ? deed.get() : Step.NEXT);
    }
  }

  private TestGateway start(Downstream downstream, String use) {
    String config = TestGateway.config("framed", "", downstream.port());
    return TestGateway.start(
        config + "filters: [{use: a}, {use: b" + use + "}, {use: c}]\n", 1, a, b, c);
  }

  private static double errors(TestGateway gateway) {
    var found = gateway.registry().find("sluice.filter.errors").tag("filter", "b").counter();
    return found == null ? 0 : found.count();
  }

  @ParameterizedTest
  @EnumSource(Misdeed.class)
  void theCallEndsAndTheNextIsWell(Misdeed misdeed) {
    inEach(misdeed.does);
    try (Warnings warnings = new Warnings();
        Downstream downstream = Downstream.echoing();
        TestGateway gateway = start(downstream, "");
        Peer caller = gateway.connect()) {
      for (Hook hook : HOOKS) {
        journal.clear();
        assertThat(caller.call(hook.name(), 1, Thrifts.args("hi")).exception().text())
            .contains("filter b failed");
        journal.assertCompletedOnce(hook == REQUEST ? new String[] {"a", "b"} : ALL);
        assertEchoes(caller, "good");
      }
      assertThat(errors(gateway)).isEqualTo(HOOKS.size());
      assertThat(warnings.first())
          .contains("filter failed, the call ends with an internal error")
          .contains("filter=\"b\"", "place=\"global\"", "hook=\"onRequest\"");
    }
  }

  @ParameterizedTest
  @EnumSource(Misdeed.class)
  void orGoesOnWhereItIsOpen(Misdeed misdeed) {
    inEach(misdeed.does);
    try (Warnings warnings = new Warnings();
        Downstream downstream = Downstream.echoing();
        TestGateway gateway = start(downstream, ", onError: open");
        Peer caller = gateway.connect()) {
      for (Hook hook : HOOKS) {
        assertEchoes(caller, hook.name());
      }
      assertThat(errors(gateway)).isEqualTo(HOOKS.size());
      assertThat(warnings.first()).contains("filter failed, the call goes on");
    }
  }

  private void assertEchoes(Peer caller, String method) {
    journal.clear();
    Message reply = caller.call(method, 2, Thrifts.args("hi"));
    assertThat(reply.type()).isEqualTo(2);
    assertThat(Thrifts.text(reply.body())).isEqualTo("hi");
    journal.assertCompletedOnce(ALL);
    assertThat(journal.ends()).containsOnly(Status.OK);
  }

  @Test
  void afterTheEndNothingIsLeftToSpoil() {
    b.on(COMPLETE, (call, m) -> thrown());
    try (Warnings warnings = new Warnings();
        Downstream downstream = Downstream.echoing();
        TestGateway gateway = start(downstream, "");
        Peer caller = gateway.connect()) {
      assertThat(caller.call("echo", 1, Thrifts.args("hi")).type()).isEqualTo(2);
      journal.assertCompletedOnce(ALL);
      assertThat(warnings.first()).contains("filter failed, the call goes on", "filter=\"b\"");
      assertThat(errors(gateway)).isEqualTo(1);
    }
  }

  /** Whatever a payload of its own does, it does it to this filter. */
  @ParameterizedTest
  @EnumSource(
      value = Hook.class,
      names = {"REQUEST", "REQUEST_MESSAGE", "RESPONSE_MESSAGE"})
  void aPayloadThatThrowsIsItsFiltersFailure(Hook hook) {
    Payload broken =
        new Payload() {
          @Override
          public int size() {
            return 1;
          }

          @Override
          public ByteBuffer bytes() {
            throw new LinkageError("on purpose");
          }
        };
    b.on(
        hook,
        (call, m) -> {
          Step answer = hook == REQUEST ? Step.reply(broken) : Step.replace(broken);
          return call.method().equals("bad") ? answer : Step.NEXT;
        });
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = start(downstream, "");
        Peer caller = gateway.connect()) {
      assertThat(caller.call("bad", 1, Thrifts.args("hi")).exception().text())
          .contains("filter b failed");
      assertEchoes(caller, "good");
      assertThat(errors(gateway)).isEqualTo(1);
    }
  }

  /** What was shown is never anything else, whenever and on whatever thread it is looked at. */
  @ParameterizedTest
  @EnumSource(
      value = Hook.class,
      names = {"REQUEST_MESSAGE", "RESPONSE_MESSAGE"})
  void keptBytesStayWhatTheyWere(Hook hook) throws Exception {
    AtomicReference<Payload> kept = new AtomicReference<>();
    AtomicReference<ByteBuffer> view = new AtomicReference<>();
    b.on(
        hook,
        (call, m) -> {
          if (call.method().equals("keep")) {
            kept.set(m);
            view.set(m.bytes());
          }
          return Step.NEXT;
        });
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = start(downstream, "");
        Peer caller = gateway.connect()) {
      caller.call("keep", 1, Thrifts.args("first"));
      for (int i = 0; i < 20; i++) {
        caller.call("other", i, Thrifts.args("other"));
      }
    }
    byte[] shown = new byte[view.get().remaining()];
    view.get().get(shown);
    assertThat(shown)
        .isEqualTo(hook == REQUEST_MESSAGE ? Thrifts.args("first") : Thrifts.result("first"));
    CompletableFuture<byte[]> elsewhere = CompletableFuture.supplyAsync(() -> kept.get().copy());
    assertThatThrownBy(() -> elsewhere.get(20, TimeUnit.SECONDS))
        .hasRootCauseInstanceOf(IllegalStateException.class);
  }

  /** One line for many, and the count of all. */
  @Test
  void aFilterThatFailsForEveryCallDoesNotFillTheLog() {
    int calls = 200;
    b.on(REQUEST, (call, m) -> thrown());
    b.on(END, (call, m) -> null);
    try (Warnings warnings = new Warnings();
        Downstream downstream = Downstream.echoing();
        TestGateway gateway = start(downstream, "");
        Peer caller = gateway.connect()) {
      for (int i = 0; i < calls; i++) {
        caller.call("echo", i, Thrifts.args("hi"));
      }
      await()
          .atMost(Duration.ofSeconds(20))
          .untilAsserted(() -> assertThat(errors(gateway)).isEqualTo(2 * calls));
      assertThat(warnings.lines()).hasSizeLessThan(calls / 10).isNotEmpty();
    }
  }

  /** Keeps the last call that it has seen. */
  private static final class Keeping implements Filter {
    private static final Call.Key<String> KEY = new Call.Key<>("kept");
    private final AtomicReference<Call> call = new AtomicReference<>();
    private final AtomicReference<Outcome> end = new AtomicReference<>();

    @Override
    public Step onRequest(Call now) {
      call.set(now);
      return Step.NEXT;
    }

    @Override
    public Step onEnd(Call now, Outcome outcome) {
      end.set(outcome);
      return Step.NEXT;
    }

    /** Tells how many of the changes were kept out. */
    int changeOnAThreadOfItsOwn() {
      List<Runnable> changes =
          new ArrayList<>(
              List.of(
                  () -> call.get().metadata().set("key", "value"),
                  () -> call.get().persistent().add("key", "value"),
                  () -> call.get().responseMetadata().remove("key"),
                  () -> call.get().identity("somebody"),
                  () -> call.get().put(KEY, "value")));
      if (end.get() != null) {
        changes.add(() -> end.get().trailers().set("key", "value"));
      }
      return CompletableFuture.supplyAsync(
              () -> changes.stream().mapToInt(Keeping::keptOut).sum(), Keeping::newThread)
          .orTimeout(20, TimeUnit.SECONDS)
          .join();
    }

    private static void newThread(Runnable run) {
      new Thread(run, "strange").start();
    }

    private static int keptOut(Runnable change) {
      try {
        change.run();
        return 0;
      } catch (IllegalStateException e) {
        return 1;
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aCallIsChangedByNobodyElse(boolean afterItsEnd) {
    Keeping keeping = new Keeping();
    Given factory = new Given("b", keeping);
    CountDownLatch mayAnswer = new CountDownLatch(afterItsEnd ? 0 : 1);
    try (Warnings warnings = new Warnings();
        Downstream downstream =
            Downstream.serving(
                (peer, n) -> {
                  for (Message m = peer.read(); m != null; m = peer.read()) {
                    mayAnswer.await();
                    peer.send(Thrifts.echo(m));
                  }
                });
        TestGateway gateway =
            TestGateway.start(
                TestGateway.config("framed", "", downstream.port())
                    + "filters: [{use: a}, {use: b}]\n",
                1,
                List.of(a.factory(), factory));
        Peer caller = gateway.connect()) {
      caller.send(Thrifts.call("echo", 1, "hi"));
      if (afterItsEnd) {
        assertThat(caller.read().type()).isEqualTo(2);
        journal.assertCompletedOnce("a");
      } else {
        journal.awaitEvent("a.REQUEST");
        await().atMost(Duration.ofSeconds(20)).until(() -> keeping.call.get() != null);
      }
      int changes = afterItsEnd ? 6 : 5;
      assertThat(keeping.changeOnAThreadOfItsOwn()).isEqualTo(changes);
      assertThat(errors(gateway)).isEqualTo(changes);
      assertThat(warnings.first())
          .contains("filter has tried to change a call that it may not change")
          .contains("filter=\"b\"");
      mayAnswer.countDown();
      if (!afterItsEnd) {
        assertThat(Thrifts.text(caller.read().body())).isEqualTo("hi");
      }
    }
  }
}
