package io.sluice.gateway.exchange;

import static io.sluice.gateway.testkit.Probe.Hook.END;
import static io.sluice.gateway.testkit.Probe.Hook.REQUEST;
import static io.sluice.gateway.testkit.Probe.Hook.REQUEST_MESSAGE;
import static io.sluice.gateway.testkit.Probe.Hook.RESPONSE;
import static io.sluice.gateway.testkit.Probe.Hook.RESPONSE_MESSAGE;
import static io.sluice.gateway.testkit.StreamServer.FLOOD;
import static io.sluice.gateway.testkit.StreamServer.LARGE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.api.Payload;
import io.sluice.api.Protocol;
import io.sluice.api.Status;
import io.sluice.api.Step;
import io.sluice.gateway.testkit.Journal;
import io.sluice.gateway.testkit.Probe;
import io.sluice.gateway.testkit.Probe.Hook;
import io.sluice.gateway.testkit.Standstill;
import io.sluice.gateway.testkit.StreamCaller;
import io.sluice.gateway.testkit.StreamServer;
import io.sluice.gateway.testkit.TestGateway;
import io.vertx.core.Promise;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Filters on streams between any two protocols that have streams, translated ones too. */
class StreamHooksMatrixTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** From whom and to whom. */
  enum Pair {
    GRPC(Protocol.GRPC, Protocol.GRPC),
    TTSTREAM(Protocol.TTSTREAM, Protocol.TTSTREAM),
    GRPC_TO_TTSTREAM(Protocol.GRPC, Protocol.TTSTREAM),
    TTSTREAM_TO_GRPC(Protocol.TTSTREAM, Protocol.GRPC);

    private final Protocol from;
    private final Protocol to;

    Pair(Protocol from, Protocol to) {
      this.from = from;
      this.to = to;
    }
  }

  private final Journal journal = new Journal();
  private final Probe a = Probe.ofMessages("a", journal);
  private final Probe b = Probe.ofMessages("b", journal);

  private static TestGateway gateway(Pair pair, StreamServer server, String more, Probe... probes) {
    String transport = pair.to == Protocol.GRPC ? "{streaming: grpc}" : "{streaming: ttstream}";
    String uses = Stream.of(probes).map(Probe::use).collect(Collectors.joining(", "));
    String route = "mode: stream, filters: [" + uses + "]" + (more.isEmpty() ? "" : ", " + more);
    return TestGateway.start(TestGateway.config(transport, route, server.port()), 1, probes);
  }

  private static String text(Payload message) {
    return new String(message.copy(), StandardCharsets.UTF_8);
  }

  private static Payload payload(String text) {
    return Payload.of(text.getBytes(StandardCharsets.UTF_8));
  }

  /** All messages up to the end, and that. */
  private static List<String> rest(StreamCaller caller) throws InterruptedException {
    List<String> rest = new ArrayList<>();
    String next = caller.next();
    while (!next.startsWith("end:") && !next.equals("lost")) {
      if (!next.startsWith("head:") && !next.startsWith("tail:")) {
        rest.add(next);
      }
      next = caller.next();
    }
    rest.add(next);
    return rest;
  }

  /** So many messages of the caller, and whether they are answered: the four kinds of calls. */
  @ParameterizedTest
  @EnumSource(Pair.class)
  void messagesOfEveryKindOfCallAreChangedAndDropped(Pair pair) throws InterruptedException {
    a.on(REQUEST_MESSAGE, (call, m) -> Step.replace(payload(text(m) + "a")));
    b.on(REQUEST_MESSAGE, (call, m) -> text(m).startsWith("no") ? Step.drop() : Step.NEXT);
    a.on(
        RESPONSE_MESSAGE,
        (call, m) -> text(m).contains("mute") ? Step.drop() : Step.replace(payload(text(m) + "A")));
    try (StreamServer server = StreamServer.of(pair.to);
        TestGateway gateway = gateway(pair, server, "", a, b)) {
      assertChanged(pair, gateway, List.of("one"), true);
      assertChanged(pair, gateway, List.of("one"), false);
      assertChanged(pair, gateway, texts(20), true);
      assertChanged(pair, gateway, texts(20), false);
      journal.assertCompletedOnce("a", "b", "a", "b", "a", "b", "a", "b");
      assertThat(journal.namesAt(REQUEST_MESSAGE)).hasSize(2 * (3 + 3 + 22 + 22));
      assertThat(journal.namesAt(RESPONSE_MESSAGE)).hasSize(2 * (1 + 1 + 20 + 20));
    }
  }

  private static void assertChanged(
      Pair pair, TestGateway gateway, List<String> texts, boolean answered)
      throws InterruptedException {
    try (StreamCaller caller = StreamCaller.open(pair.from, gateway.port())) {
      String mark = answered ? "" : " mute";
      caller.say("no one");
      texts.forEach(text -> caller.say(text + mark));
      caller.say("not this");
      caller.halfClose();
      List<String> expected = new ArrayList<>();
      if (answered) {
        texts.forEach(text -> expected.add("<" + text + "a>A"));
      }
      expected.add("end:");
      assertThat(rest(caller)).containsExactlyElementsOf(expected);
    }
  }

  private static List<String> texts(int n) {
    return IntStream.range(0, n).mapToObj(i -> "message " + i).toList();
  }

  @ParameterizedTest
  @EnumSource(Pair.class)
  void headersAndTrailersCanBeChanged(Pair pair) throws InterruptedException {
    a.on(
        REQUEST,
        (call, m) -> {
          call.metadata().set("word", "x");
          return Step.NEXT;
        });
    a.on(
        RESPONSE,
        (call, m) -> {
          call.responseMetadata().set("head", call.responseMetadata().get("head") + "y");
          return Step.NEXT;
        });
    a.onEndDo((call, end) -> end.trailers().set("tail", end.trailers().get("tail") + "z"));
    try (StreamServer server = StreamServer.of(pair.to);
        TestGateway gateway = gateway(pair, server, "", a);
        StreamCaller caller = StreamCaller.open(pair.from, gateway.port())) {
      caller.halfClose();
      List<String> all = new ArrayList<>();
      do {
        all.add(caller.next());
      } while (!all.get(all.size() - 1).startsWith("end:"));
      assertThat(all).contains("head:head=xy", "tail:tail=xz").endsWith("end:");
    }
  }

  /** Those of gRPC and of ttstream alone have tests of their own. */
  static Stream<Arguments> hooks() {
    return Stream.of(Pair.GRPC_TO_TTSTREAM, Pair.TTSTREAM_TO_GRPC)
        .flatMap(
            pair ->
                Stream.of(REQUEST, REQUEST_MESSAGE, RESPONSE, RESPONSE_MESSAGE)
                    .map(hook -> Arguments.of(pair, hook)));
  }

  @ParameterizedTest
  @MethodSource("hooks")
  void aRefusalEndsTheStreamForBothSides(Pair pair, Hook hook) throws InterruptedException {
    b.on(hook, (call, m) -> Step.reject(Status.forbidden("no")));
    try (StreamServer server = StreamServer.of(pair.to);
        TestGateway gateway = gateway(pair, server, "", a, b);
        StreamCaller caller = StreamCaller.open(pair.from, gateway.port())) {
      caller.say("one");
      assertThat(rest(caller)).containsExactly("end:request forbidden: no");
      journal.assertCompletedOnce("a", "b");
      assertThat(journal.namesAt(END)).containsExactly("b", "a");
      if (hook == RESPONSE || hook == RESPONSE_MESSAGE) {
        await().atMost(PATIENCE).until(() -> server.cancelled() == 1);
      }
    }
  }

  private static void awaitStandstill(LongSupplier flooded) {
    Standstill.await(flooded);
    assertThat(flooded.getAsLong()).as("messages that got away").isLessThan(FLOOD / 2);
  }

  static Stream<Arguments> directions() {
    return Stream.of(Pair.GRPC, Pair.GRPC_TO_TTSTREAM, Pair.TTSTREAM_TO_GRPC)
        .flatMap(
            pair ->
                Stream.of(REQUEST_MESSAGE, RESPONSE_MESSAGE).map(hook -> Arguments.of(pair, hook)));
  }

  /** While a filter thinks about one message, no other is shown to it, and few are read. */
  @ParameterizedTest
  @MethodSource("directions")
  void aFilterThatThinksHoldsUpTheSender(Pair pair, Hook hook) throws InterruptedException {
    Promise<Step> thought = Promise.promise();
    a.on(
        hook,
        (call, m) ->
            m.size() == LARGE.length && !thought.future().isComplete()
                ? Step.await(thought.future())
                : Step.NEXT);
    try (StreamServer server = StreamServer.of(pair.to);
        TestGateway gateway = gateway(pair, server, "timeout: 5m", a);
        StreamCaller caller = StreamCaller.open(pair.from, gateway.port())) {
      boolean request = hook == REQUEST_MESSAGE;
      if (request) {
        caller.flood(LARGE, FLOOD);
      } else {
        caller.say("flood");
      }
      journal.awaitEvent("a." + hook);
      awaitStandstill(request ? caller::flooded : server::flooded);
      assertThat(journal.namesAt(hook)).hasSize(1);
      thought.complete(Step.NEXT);
      if (request) {
        caller.say("last");
      }
      String last = request ? "<last>" : "last";
      int before = 0;
      for (String next = caller.next(); !next.equals(last); next = caller.next()) {
        before += next.length() == LARGE.length ? 1 : 0;
      }
      assertThat(before).isEqualTo(request ? 0 : FLOOD);
      caller.halfClose();
      assertThat(rest(caller)).containsExactly("end:");
      assertThat(journal.namesAt(hook)).hasSize(FLOOD + 1);
      journal.assertCompletedOnce("a");
    }
  }

  /** Who ends a stream while a filter waits. */
  enum Ending {
    CALLER_CANCELS,
    CALLER_GOES,
    DOWNSTREAM_GOES,
    DEADLINE
  }

  static Stream<Arguments> endings() {
    Stream<Arguments> heads =
        Stream.of(Arguments.of(Pair.GRPC, REQUEST), Arguments.of(Pair.GRPC, RESPONSE));
    return Stream.concat(heads, directions())
        .flatMap(
            hook ->
                Stream.of(Ending.values())
                    // Before the request has passed, no downstream is there to go.
                    .filter(ending -> ending != Ending.DOWNSTREAM_GOES || hook.get()[1] != REQUEST)
                    // Its time ends a call by the same way whatever the protocols.
                    .filter(ending -> ending != Ending.DEADLINE || hook.get()[0] == Pair.GRPC)
                    .map(ending -> Arguments.of(hook.get()[0], hook.get()[1], ending)));
  }

  @ParameterizedTest
  @MethodSource("endings")
  void itCompletesOnceWhoeverEndsTheStreamWhileAFilterWaits(Pair pair, Hook hook, Ending ending)
      throws InterruptedException {
    Promise<Step> thought = Promise.promise();
    b.on(hook, (call, m) -> Step.await(thought.future()));
    String more = ending == Ending.DEADLINE ? "timeout: 2s" : "timeout: 5m";
    try (StreamServer server = StreamServer.of(pair.to);
        TestGateway gateway = gateway(pair, server, more, a, b);
        StreamCaller caller = StreamCaller.open(pair.from, gateway.port())) {
      caller.say("one").say("two");
      journal.awaitEvent("b." + hook);
      if (ending != Ending.DEADLINE && hook != REQUEST) {
        await().atMost(PATIENCE).until(() -> server.opened() == 1);
      }
      Status.Code expected = Status.Code.CANCELLED;
      switch (ending) {
        case CALLER_CANCELS -> caller.cancel();
        case CALLER_GOES -> caller.leave();
        case DOWNSTREAM_GOES -> {
          server.leave();
          expected = Status.Code.UNAVAILABLE;
          if (hook == REQUEST_MESSAGE) {
            // Nothing is left to be answered.
            assertThat(rest(caller)).singleElement().asString().startsWith("end:remote or network");
          }
          thought.tryComplete(Step.NEXT);
          if (hook != REQUEST_MESSAGE) {
            // What it had said is told before the end.
            List<String> rest = rest(caller);
            assertThat(rest.get(rest.size() - 1)).startsWith("end:remote or network error");
          }
        }
        case DEADLINE -> {
          assertThat(rest(caller))
              .singleElement()
              .asString()
              .startsWith("end:rpc timeout: timeout=2000ms");
          expected = Status.Code.DEADLINE_EXCEEDED;
        }
      }
      journal.assertCompletedOnce("a", "b");
      thought.tryComplete(Step.NEXT);
      boolean told = hook != REQUEST && ending != Ending.DOWNSTREAM_GOES;
      if (told) {
        await().atMost(PATIENCE).until(() -> server.cancelled() == 1);
      }
      assertThat(journal.ends()).extracting(Status::code).containsOnly(expected);
    }
    journal.assertCompletedOnce("a", "b");
  }

  /** The end that a filter thinks about reaches the caller all the same, or nobody is there. */
  @ParameterizedTest
  @EnumSource(Pair.class)
  void aCallerThatGoesWhileTheEndWaits(Pair pair) {
    Promise<Step> thought = Promise.promise();
    a.on(END, (call, m) -> Step.await(thought.future()));
    try (StreamServer server = StreamServer.of(pair.to);
        TestGateway gateway = gateway(pair, server, "", a);
        StreamCaller caller = StreamCaller.open(pair.from, gateway.port())) {
      caller.halfClose();
      journal.awaitEvent("a.END");
      caller.leave();
      journal.assertCompletedOnce("a");
      thought.complete(Step.NEXT);
    }
    journal.assertCompletedOnce("a");
  }
}
