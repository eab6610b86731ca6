package io.sluice.gateway.exchange;

import static io.sluice.gateway.testkit.Probe.Hook.END;
import static io.sluice.gateway.testkit.Probe.Hook.REQUEST;
import static io.sluice.gateway.testkit.Probe.Hook.REQUEST_MESSAGE;
import static io.sluice.gateway.testkit.Probe.Hook.RESPONSE;
import static io.sluice.gateway.testkit.Probe.Hook.RESPONSE_MESSAGE;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.api.Payload;
import io.sluice.api.Status;
import io.sluice.api.Step;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.Journal;
import io.sluice.gateway.testkit.Message;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.Probe;
import io.sluice.gateway.testkit.Probe.Hook;
import io.sluice.gateway.testkit.RawGrpc;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Thrifts;
import io.vertx.core.Promise;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Filters on unary calls between gRPC and ping-pong: they see messages as their caller has them.
 */
class UnaryTranslationHooksTest {
  private static final String LARGE = "x".repeat(1_000_000);

  private final Journal journal = new Journal();
  private final Probe a = Probe.ofMessages("a", journal);
  private final Probe b = Probe.ofMessages("b", journal);
  private final RawGrpc grpc = new RawGrpc();
  private final ExecutorService elsewhere = Executors.newSingleThreadExecutor();

  @AfterEach
  void stop() {
    grpc.close();
    elsewhere.shutdownNow();
  }

  private TestGateway toPingPong(Downstream downstream) {
    return TestGateway.start(
        TestGateway.config("{unary: framed, streaming: none}", "timeout: 5s", downstream.port()),
        1,
        a,
        b);
  }

  private TestGateway toGrpc() {
    int port =
        grpc.serve(
            call ->
                call.answer(Map.of("grpc-status", "0"), call.messages().toArray(byte[][]::new)));
    return TestGateway.start(
        TestGateway.config("{unary: grpc, streaming: none}, service: Svc", "timeout: 5s", port),
        1,
        a,
        b);
  }

  private RawGrpc.Answer call(TestGateway gateway, String text) {
    return grpc.call(gateway.port(), "/Svc/echo", Map.of(), Thrifts.args(text));
  }

  private static Payload args(String text) {
    return Payload.of(Thrifts.args(text));
  }

  /** Of a request, which a downstream sends back as it is. */
  private static String text(Payload message) {
    return Thrifts.text(message.copy());
  }

  private void change() {
    a.on(REQUEST_MESSAGE, (call, m) -> Step.replace(args(text(m) + "a")));
    b.on(
        REQUEST_MESSAGE,
        (call, m) -> {
          Promise<Step> later = Promise.promise();
          Payload changed = args(text(m) + "b");
          elsewhere.execute(() -> later.complete(Step.replace(changed)));
          return Step.await(later.future());
        });
    b.on(RESPONSE_MESSAGE, (call, m) -> Step.replace(args(text(m) + "B")));
    a.on(
        RESPONSE_MESSAGE,
        (call, m) -> {
          Promise<Step> later = Promise.promise();
          Payload changed = args(text(m) + "A");
          elsewhere.execute(() -> later.complete(Step.replace(changed)));
          return Step.await(later.future());
        });
  }

  @Test
  void messagesOfGrpcCallersAreChangedOnTheirWay() {
    change();
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = toPingPong(downstream)) {
      for (String text : new String[] {"", "one", LARGE}) {
        RawGrpc.Answer answer = call(gateway, text);
        assertThat(answer.status()).as(answer.end("grpc-message")).isZero();
        assertThat(Thrifts.text(answer.messages().get(0)).equals(text + "abBA")).isTrue();
      }
      journal.assertCompletedOnce("a", "b", "a", "b", "a", "b");
    }
  }

  @Test
  void messagesOfPingPongCallersAreChangedOnTheirWay() {
    change();
    try (TestGateway gateway = toGrpc();
        Peer caller = gateway.connect()) {
      for (String text : new String[] {"", "one", LARGE}) {
        Message reply = caller.call("echo", 1, Thrifts.args(text));
        assertThat(Thrifts.text(reply.body()).equals(text + "abBA")).isTrue();
      }
      journal.assertCompletedOnce("a", "b", "a", "b", "a", "b");
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Hook.class,
      names = {"REQUEST", "REQUEST_MESSAGE", "RESPONSE", "RESPONSE_MESSAGE"})
  void aRefusalIsToldInTheWordsOfTheCaller(Hook hook) {
    b.on(hook, (call, m) -> Step.reject(Status.forbidden("no")));
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = toPingPong(downstream)) {
      RawGrpc.Answer answer = call(gateway, "one");
      assertThat(answer.status()).isEqualTo(7);
      assertThat(answer.end("grpc-message")).isEqualTo("request forbidden: no");
      assertThat(answer.messages()).isEmpty();
      journal.assertCompletedOnce("a", "b");
    }
    try (TestGateway gateway = toGrpc();
        Peer caller = gateway.connect()) {
      Message reply = caller.call("echo", 1, Thrifts.args("one"));
      assertThat(reply.exception()).isEqualTo(Status.exception(6, "request forbidden: no"));
      journal.assertCompletedOnce("a", "b", "a", "b");
      assertThat(journal.namesAt(END)).containsExactly("b", "a", "b", "a");
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Hook.class,
      names = {"REQUEST", "REQUEST_MESSAGE", "RESPONSE", "RESPONSE_MESSAGE"})
  void neverAnsweredTheDeadlineEndsTheCall(Hook hook) {
    b.on(hook, (call, m) -> Step.await(Promise.<Step>promise().future()));
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway =
            TestGateway.start(
                TestGateway.config(
                    "{unary: framed, streaming: none}",
                    "timeout: 300ms, filters: [" + a.use() + ", " + b.use() + "]",
                    downstream.port()),
                1,
                a,
                b)) {
      RawGrpc.Answer answer = call(gateway, "one");
      assertThat(answer.status()).isEqualTo(4);
      assertThat(answer.end("grpc-message")).startsWith("rpc timeout: timeout=300ms");
      journal.assertCompletedOnce("a", "b");
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Hook.class,
      names = {"REQUEST", "REQUEST_MESSAGE", "RESPONSE", "RESPONSE_MESSAGE"})
  void aCallerThatGoesWhileAFilterWaits(Hook hook) {
    Promise<Step> thought = Promise.promise();
    b.on(hook, (call, m) -> Step.await(thought.future()));
    try (TestGateway gateway = toGrpc();
        Peer caller = gateway.connect()) {
      caller.send(Thrifts.call("echo", 1, "one"));
      journal.awaitEvent("b." + hook);
      caller.reset();
      journal.assertCompletedOnce("a", "b");
      thought.complete(Step.NEXT);
      assertThat(journal.ends()).extracting(Status::code).containsOnly(Status.Code.CANCELLED);
    }
    journal.assertCompletedOnce("a", "b");
  }

  /** A call that is unary for its downstream has a message, so without one it is none. */
  @Test
  void theOnlyRequestOfAGrpcCallerCanBeDroppedButNotSent() {
    a.on(REQUEST_MESSAGE, (call, m) -> Step.drop());
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = toPingPong(downstream)) {
      RawGrpc.Answer answer = call(gateway, "one");
      assertThat(answer.status()).isEqualTo(13);
      assertThat(answer.end("grpc-message")).isEqualTo("half-closed without a message");
      assertThat(downstream.accepted()).isZero();
      journal.assertCompletedOnce("a", "b");
    }
  }

  @Test
  void headersAndTrailersCanBeChanged() {
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
    a.onEndDo((call, end) -> end.trailers().set("tail", "z"));
    try (Downstream downstream =
            Downstream.serving(
                (peer, n) -> {
                  Message m = peer.read();
                  peer.send(
                      Thrifts.ttheader(
                          m.framing(),
                          Map.of(22, "2"),
                          Map.of("head", m.strings().get("word")),
                          2,
                          m.method(),
                          m.seqId(),
                          m.body()));
                });
        TestGateway gateway =
            TestGateway.start(
                TestGateway.config(
                    "{unary: ttheader-framed, streaming: none}", "timeout: 5s", downstream.port()),
                1,
                a)) {
      RawGrpc.Answer answer = call(gateway, "one");
      assertThat(answer.status()).as(answer.end("grpc-message")).isZero();
      assertThat(answer.headers()).containsEntry("head", "xy");
      assertThat(answer.trailers()).containsEntry("tail", "z");
    }
  }
}
