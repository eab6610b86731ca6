package io.sluice.gateway.exchange;

import static io.sluice.gateway.testkit.Probe.Hook.COMPLETE;
import static io.sluice.gateway.testkit.Probe.Hook.END;
import static io.sluice.gateway.testkit.Probe.Hook.REQUEST;
import static io.sluice.gateway.testkit.Probe.Hook.REQUEST_MESSAGE;
import static io.sluice.gateway.testkit.Probe.Hook.RESPONSE;
import static io.sluice.gateway.testkit.Probe.Hook.RESPONSE_MESSAGE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.api.Call.Phase;
import io.sluice.api.Payload;
import io.sluice.api.Status;
import io.sluice.api.Step;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.Journal;
import io.sluice.gateway.testkit.Message;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.Probe;
import io.sluice.gateway.testkit.Probe.Hook;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Thrifts;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever becomes of a call, each filter that it had entered completes once. */
class CompletionTest {
  private static final String[] ALL = {"a", "b", "c"};

  private final Journal journal = new Journal();
  private final Probe a = Probe.ofMessages("a", journal);
  private final Probe b = Probe.ofMessages("b", journal);
  private final Probe c = Probe.ofMessages("c", journal);
  private String[] expected = ALL;

  /** When the downstream began to answer, or -1; as the first filter sees it at the end. */
  private volatile long answered;

  @BeforeEach
  void watch() {
    a.onEndDo((call, outcome) -> answered = call.nanosTo(Phase.ANSWERED));
  }

  /** Also when everything has been closed. */
  @AfterEach
  void onceAndNotAgain() {
    assertThat(journal.namesAt(COMPLETE)).containsExactlyInAnyOrder(expected);
    assertThat(journal.namesAt(END)).doesNotHaveDuplicates();
  }

  private void assertEnds(Status.Code code) {
    journal.assertCompletedOnce(expected);
    assertThat(journal.ends()).extracting(Status::code).containsOnly(code);
  }

  @Test
  void anOrdinaryEnd() {
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = TestGateway.to(downstream.port(), a, b, c);
        Peer caller = gateway.connect()) {
      caller.call("echo", 1, Thrifts.args("hi"));
      assertEnds(Status.Code.OK);
    }
  }

  @Test
  void anExceptionOfTheDownstream() {
    try (Downstream downstream =
            Downstream.serving((peer, n) -> peer.send(Thrifts.exception(peer.read(), 42, "no")));
        TestGateway gateway = TestGateway.to(downstream.port(), a, b, c);
        Peer caller = gateway.connect()) {
      Message reply = caller.call("echo", 1, Thrifts.args("hi"));
      assertThat(reply.exception()).isEqualTo(Status.exception(42, "no"));
      assertEnds(Status.Code.EXCEPTION);
      assertThat(answered).isPositive();
    }
  }

  @Test
  void aRefusal() {
    expected = new String[] {"a", "b"};
    b.on(REQUEST, (call, m) -> Step.reject(Status.overLimit("enough")));
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = TestGateway.to(downstream.port(), a, b, c);
        Peer caller = gateway.connect()) {
      caller.call("echo", 1, Thrifts.args("hi"));
      assertEnds(Status.Code.OVER_LIMIT);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Hook.class,
      names = {"REQUEST_MESSAGE", "RESPONSE", "RESPONSE_MESSAGE"})
  void aRefusalLater(Hook hook) {
    b.on(hook, (call, m) -> Step.reject(Status.unauthenticated("who?")));
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = TestGateway.to(downstream.port(), a, b, c);
        Peer caller = gateway.connect()) {
      Message refused = caller.call("echo", 1, Thrifts.args("hi"));
      assertThat(refused.exception()).isEqualTo(Status.exception(6, "request forbidden: who?"));
      assertEnds(Status.Code.UNAUTHENTICATED);
    }
  }

  @Test
  void aReplyOfAFilter() {
    expected = new String[] {"a", "b"};
    b.on(REQUEST, (call, m) -> Step.reply(Payload.of(Thrifts.result("mine"))));
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = TestGateway.to(downstream.port(), a, b, c);
        Peer caller = gateway.connect()) {
      caller.call("echo", 1, Thrifts.args("hi"));
      assertEnds(Status.Code.OK);
      assertThat(answered).isEqualTo(-1);
    }
  }

  static Stream<Arguments> everyHookAndThrowable() {
    Supplier<Throwable> exception = () -> new IllegalStateException("on purpose");
    Supplier<Throwable> error = () -> new StackOverflowError("on purpose");
    Supplier<Throwable> checked = () -> new Exception("on purpose");
    return Stream.of(REQUEST, REQUEST_MESSAGE, RESPONSE, RESPONSE_MESSAGE)
        .flatMap(hook -> Stream.of(exception, error, checked).map(t -> Arguments.of(hook, t)));
  }

  @ParameterizedTest
  @MethodSource("everyHookAndThrowable")
  void aFilterThatThrows(Hook hook, Supplier<Throwable> thrown) {
    expected = hook == REQUEST ? new String[] {"a", "b"} : ALL;
    b.on(
        hook,
        (call, m) -> {
          throw sneaky(thrown.get());
        });
    assertToldAsInternalError();
  }

  @ParameterizedTest
  @EnumSource(
      value = Hook.class,
      names = {"REQUEST", "REQUEST_MESSAGE", "RESPONSE", "RESPONSE_MESSAGE"})
  void aFilterThatAnswersNull(Hook hook) {
    expected = hook == REQUEST ? new String[] {"a", "b"} : ALL;
    b.on(hook, (call, m) -> null);
    assertToldAsInternalError();
  }

  @ParameterizedTest
  @EnumSource(
      value = Hook.class,
      names = {"REQUEST", "REQUEST_MESSAGE", "RESPONSE", "RESPONSE_MESSAGE"})
  void aFilterWhoseFutureFails(Hook hook) {
    expected = hook == REQUEST ? new String[] {"a", "b"} : ALL;
    b.on(hook, (call, m) -> Step.await(Future.failedFuture("on purpose")));
    assertToldAsInternalError();
  }

  static Stream<Arguments> answersThatAreNone() {
    Step reply = Step.reply(Payload.of(Thrifts.result("x")));
    Step replace = Step.replace(Payload.of(Thrifts.result("x")));
    Step again = Step.await(Future.succeededFuture(Step.NEXT));
    return Stream.of(
        Arguments.of(REQUEST, replace),
        Arguments.of(REQUEST, Step.drop()),
        Arguments.of(REQUEST_MESSAGE, reply),
        Arguments.of(REQUEST_MESSAGE, Step.drop()),
        Arguments.of(RESPONSE, reply),
        Arguments.of(RESPONSE, replace),
        Arguments.of(RESPONSE, Step.drop()),
        Arguments.of(RESPONSE_MESSAGE, reply),
        Arguments.of(RESPONSE_MESSAGE, Step.drop()),
        Arguments.of(REQUEST, Step.await(Future.succeededFuture(again))),
        Arguments.of(RESPONSE, Step.await(Future.succeededFuture(null))));
  }

  @ParameterizedTest
  @MethodSource("answersThatAreNone")
  void aFilterWhoseAnswerIsNone(Hook hook, Step answer) {
    expected = hook == REQUEST ? new String[] {"a", "b"} : ALL;
    b.on(hook, (call, m) -> answer);
    assertToldAsInternalError();
  }

  private void assertToldAsInternalError() {
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = TestGateway.to(downstream.port(), a, b, c);
        Peer caller = gateway.connect()) {
      Message told = caller.call("echo", 1, Thrifts.args("hi"));
      assertThat(told.exception()).isEqualTo(Status.exception(6, "filter b failed"));
      assertEnds(Status.Code.INTERNAL);
    }
  }

  @Test
  void aFilterThatThrowsOnCompletionHarmsNobody() {
    b.on(
        COMPLETE,
        (call, m) -> {
          throw new AssertionError("on purpose");
        });
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = TestGateway.to(downstream.port(), a, b, c);
        Peer caller = gateway.connect()) {
      assertThat(Thrifts.text(caller.call("echo", 1, Thrifts.args("hi")).body())).isEqualTo("hi");
      assertEnds(Status.Code.OK);
    }
  }

  /** What onEnd says about a refused call reaches the caller. */
  @Test
  void aFilterThatThrowsAtTheEndOfARefusedCall() {
    c.on(REQUEST, (call, m) -> Step.reject(Status.forbidden("no")));
    b.on(
        END,
        (call, m) -> {
          throw new IllegalStateException("on purpose");
        });
    assertToldAsInternalError();
  }

  /** The contract of Filter: a hook that throws ends the call with an error that names it. */
  @Test
  void aFilterThatThrowsAtTheEndOfAnAnsweredCall() {
    b.on(
        END,
        (call, m) -> {
          throw new IllegalStateException("on purpose");
        });
    assertToldAsInternalError();
  }

  /** The contract of Filter: status may be changed in onEnd. */
  @Test
  void aStatusThatAFilterChangesAtTheEndOfAnAnsweredCall() {
    b.onEndDo((call, end) -> end.status(Status.exception(77, "changed my mind")));
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = TestGateway.to(downstream.port(), a, b, c);
        Peer caller = gateway.connect()) {
      Message told = caller.call("echo", 1, Thrifts.args("hi"));
      assertThat(told.exception()).isEqualTo(Status.exception(77, "changed my mind"));
      assertEnds(Status.Code.EXCEPTION);
    }
  }

  @Test
  void aStatusThatAFilterChangesAtTheEndOfAFailedCall() {
    b.onEndDo((call, end) -> end.status(Status.exception(77, "changed my mind")));
    try (Downstream downstream =
            Downstream.serving((peer, n) -> peer.send(Thrifts.exception(peer.read(), 42, "no")));
        TestGateway gateway = TestGateway.to(downstream.port(), a, b, c);
        Peer caller = gateway.connect()) {
      Message told = caller.call("echo", 1, Thrifts.args("hi"));
      assertThat(told.exception()).isEqualTo(Status.exception(77, "changed my mind"));
      assertEnds(Status.Code.EXCEPTION);
    }
  }

  @Test
  void aDownstreamThatRefuses() {
    try (TestGateway gateway = TestGateway.to(Downstream.refusingPort(), a, b, c);
        Peer caller = gateway.connect()) {
      Message told = caller.call("echo", 1, Thrifts.args("hi"));
      assertThat(told.exception().number()).isEqualTo(6);
      assertThat(told.exception().text())
          .startsWith("remote or network error: get connection error: ");
      assertEnds(Status.Code.UNAVAILABLE);
    }
  }

  @Test
  void aDownstreamLostBeforeItsReply() {
    try (Downstream downstream = Downstream.serving((peer, n) -> peer.read());
        TestGateway gateway = TestGateway.to(downstream.port(), a, b, c);
        Peer caller = gateway.connect()) {
      Message told = caller.call("echo", 1, Thrifts.args("hi"));
      assertThat(told.exception().text()).startsWith("remote or network error: ");
      assertEnds(Status.Code.UNAVAILABLE);
    }
  }

  @Test
  void aDownstreamLostAmidASmallReply() {
    try (Downstream downstream =
            Downstream.serving((peer, n) -> peer.send(half(Thrifts.reply(peer.read(), "hello"))));
        TestGateway gateway = TestGateway.to(downstream.port(), a, b, c);
        Peer caller = gateway.connect()) {
      assertThat(caller.call("echo", 1, Thrifts.args("hi")).exception().text())
          .startsWith("remote or network error: ");
      assertEnds(Status.Code.UNAVAILABLE);
    }
  }

  /** The filters here want whole messages, so nothing of it has been sent on. */
  @Test
  void aDownstreamLostAmidALargeReplyThatIsGathered() {
    try (Downstream downstream =
            Downstream.serving(
                (peer, n) -> peer.send(half(Thrifts.reply(peer.read(), "x".repeat(1 << 20)))));
        TestGateway gateway = TestGateway.to(downstream.port(), a, b, c);
        Peer caller = gateway.connect()) {
      assertThat(caller.call("echo", 1, Thrifts.args("hi")).exception().text())
          .startsWith("remote or network error: ");
      assertEnds(Status.Code.UNAVAILABLE);
    }
  }

  /** Half of a reply cannot be taken back; all that is left is to close. */
  @Test
  void aDownstreamLostAmidALargeReplyThatIsRelayed() {
    expected = new String[] {"d"};
    try (Downstream downstream =
            Downstream.serving(
                (peer, n) -> peer.send(half(Thrifts.reply(peer.read(), "x".repeat(1 << 20)))));
        TestGateway gateway = TestGateway.to(downstream.port(), Probe.of("d", journal));
        Peer caller = gateway.connect()) {
      caller.send(Thrifts.call("echo", 1, "hi"));
      assertThat(caller.read()).isNull();
      assertEnds(Status.Code.UNAVAILABLE);
    }
  }

  private static byte[] half(byte[] bytes) {
    return Arrays.copyOf(bytes, bytes.length / 2);
  }

  @Test
  void aDeadline() {
    try (Downstream downstream = silent();
        TestGateway gateway =
            TestGateway.start(
                TestGateway.config("framed", "timeout: 200ms", downstream.port()), 1, a, b, c);
        Peer caller = gateway.connect()) {
      Message told = caller.call("echo", 1, Thrifts.args("hi"));
      assertThat(told.exception())
          .isEqualTo(Status.exception(6, "rpc timeout: timeout=200ms, to=backend, method=echo"));
      assertEnds(Status.Code.DEADLINE_EXCEEDED);
      // What may still come of it must meet nobody.
      await().until(() -> downstream.open() == 0);
    }
  }

  @Test
  void aCallerGoneWhileTheDownstreamWorks() {
    try (Downstream downstream = silent();
        TestGateway gateway = TestGateway.to(downstream.port(), a, b, c)) {
      try (Peer caller = gateway.connect()) {
        caller.send(Thrifts.call("echo", 1, "hi"));
        await().until(() -> downstream.open() == 1);
      }
      assertEnds(Status.Code.CANCELLED);
      await().until(() -> downstream.open() == 0);
      assertThat(journal.namesAt(END)).isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Hook.class,
      names = {"REQUEST", "REQUEST_MESSAGE", "RESPONSE", "RESPONSE_MESSAGE", "END"})
  void aCallerGoneWhileAFilterWaits(Hook hook) {
    expected = hook == REQUEST ? new String[] {"a", "b"} : ALL;
    Promise<Step> never = Promise.promise();
    b.on(hook, (call, m) -> Step.await(never.future()));
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = TestGateway.to(downstream.port(), a, b, c)) {
      try (Peer caller = gateway.connect()) {
        caller.send(Thrifts.call("echo", 1, "hi"));
        journal.awaitEvent("b." + hook);
      }
      assertEnds(Status.Code.CANCELLED);
      // Too late, and for nobody.
      int before = journal.events().size();
      never.complete(Step.NEXT);
      try (Peer stranger = gateway.connect()) {
        stranger.send(new byte[8]).assertClosedWithoutAWord();
      }
      assertThat(journal.events()).hasSize(before);
    }
  }

  private static Downstream silent() {
    CountDownLatch never = new CountDownLatch(1);
    return Downstream.serving(
        (peer, n) -> {
          peer.read();
          // Ends when the gateway closes the connection.
          if (peer.read() != null) {
            never.await();
          }
        });
  }

  @SuppressWarnings("unchecked") // the cast is what hides a checked exception
  private static <T extends Throwable> RuntimeException sneaky(Throwable thrown) throws T {
    throw (T) thrown;
  }
}
