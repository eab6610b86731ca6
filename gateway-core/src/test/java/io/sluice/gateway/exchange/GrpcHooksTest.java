package io.sluice.gateway.exchange;

import static io.sluice.gateway.testkit.Probe.Hook.END;
import static io.sluice.gateway.testkit.Probe.Hook.REQUEST;
import static io.sluice.gateway.testkit.Probe.Hook.REQUEST_MESSAGE;
import static io.sluice.gateway.testkit.Probe.Hook.RESPONSE;
import static io.sluice.gateway.testkit.Probe.Hook.RESPONSE_MESSAGE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.api.Payload;
import io.sluice.api.Status;
import io.sluice.api.Step;
import io.sluice.gateway.testkit.GrpcPeers;
import io.sluice.gateway.testkit.GrpcPeers.Answer;
import io.sluice.gateway.testkit.Journal;
import io.sluice.gateway.testkit.Probe;
import io.sluice.gateway.testkit.Probe.Hook;
import io.sluice.gateway.testkit.RawGrpc;
import io.sluice.gateway.testkit.TestGateway;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.grpc.client.GrpcClientRequest;
import io.vertx.grpc.common.GrpcStatus;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Filters on the streams of real gRPC peers. */
class GrpcHooksTest {
  private final Journal journal = new Journal();
  private final Probe a = Probe.ofMessages("a", journal);
  private final Probe b = Probe.ofMessages("b", journal);
  private final GrpcPeers peers = new GrpcPeers();
  private final ExecutorService elsewhere = Executors.newSingleThreadExecutor();

  @AfterEach
  void stop() {
    peers.close();
    elsewhere.shutdownNow();
  }

  private static String text(Payload message) {
    return new String(message.copy(), StandardCharsets.UTF_8);
  }

  private static Payload payload(String text) {
    return Payload.of(text.getBytes(StandardCharsets.UTF_8));
  }

  private Answer call(TestGateway gateway, List<String> messages) {
    GrpcClientRequest<Buffer, Buffer> request = peers.open(gateway.port(), "Chat");
    Future<Answer> answer = GrpcPeers.listen(request);
    GrpcPeers.say(request, messages);
    return TestGateway.get(answer);
  }

  private static List<String> texts(int n) {
    Random random = new Random(n);
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      StringBuilder text = new StringBuilder().append(i).append('-');
      for (int left = i % 10 == 0 ? 40_000 : i; left > 0; left--) {
        text.append((char) ('a' + random.nextInt(26)));
      }
      texts.add(text.toString());
    }
    return texts;
  }

  /** Says where they differ and not all that is in them. */
  private static void assertSame(List<String> messages, List<String> expected) {
    for (int i = 0; i < Math.min(messages.size(), expected.size()); i++) {
      assertThat(messages.get(i).equals(expected.get(i)))
          .as("message %d of %d characters", i, expected.get(i).length())
          .isTrue();
    }
    assertThat(messages).hasSameSizeAs(expected);
  }

  @Test
  void eachMessageOfBothDirectionsPassesEachFilter() {
    a.on(REQUEST_MESSAGE, (call, m) -> Step.replace(payload(text(m) + "a")));
    b.on(REQUEST_MESSAGE, (call, m) -> Step.replace(payload(text(m) + "b")));
    a.on(RESPONSE_MESSAGE, (call, m) -> Step.replace(payload(text(m) + "A")));
    b.on(RESPONSE_MESSAGE, (call, m) -> Step.replace(payload(text(m) + "B")));
    List<String> texts = texts(200);
    try (TestGateway gateway = TestGateway.to(peers.serveEcho(), a, b)) {
      Answer answer = call(gateway, texts);
      assertThat(answer.status()).isZero();
      assertSame(answer.messages(), texts.stream().map(t -> "<" + t + "ab>BA").toList());
      journal.assertCompletedOnce("a", "b");
    }
    assertThat(journal.namesAt(REQUEST_MESSAGE)).hasSize(400);
    assertThat(journal.events()).startsWith("a.REQUEST", "b.REQUEST", "a.REQUEST_MESSAGE");
    assertThat(journal.events()).endsWith("b.END", "a.END", "b.COMPLETE", "a.COMPLETE");
    assertThat(journal.namesAt(RESPONSE)).containsExactly("b", "a");
  }

  @Test
  void messagesCanBeDroppedInBothDirections() {
    a.on(REQUEST_MESSAGE, (call, m) -> text(m).startsWith("no") ? Step.drop() : Step.NEXT);
    b.on(RESPONSE_MESSAGE, (call, m) -> text(m).contains("mute") ? Step.drop() : Step.NEXT);
    try (TestGateway gateway = TestGateway.to(peers.serveEcho(), a, b)) {
      Answer answer =
          call(gateway, List.of("no", "one", "no2", "no3", "two", "mute", "three", "no4"));
      assertThat(answer.messages()).containsExactly("<one>", "<two>", "<three>");
      assertThat(answer.status()).isZero();
    }
  }

  @Test
  void messagesThatWaitKeepTheirOrder() {
    Probe.Answer later =
        (call, m) -> {
          if (m.size() % 3 == 0) {
            return Step.NEXT;
          }
          if (m.size() % 3 == 1) {
            return Step.await(Future.succeededFuture(Step.NEXT));
          }
          Promise<Step> promise = Promise.promise();
          elsewhere.execute(() -> promise.complete(Step.NEXT));
          return Step.await(promise.future());
        };
    a.on(REQUEST_MESSAGE, later).on(RESPONSE_MESSAGE, later);
    b.on(REQUEST_MESSAGE, later).on(RESPONSE_MESSAGE, later);
    List<String> texts = texts(300);
    try (TestGateway gateway = TestGateway.to(peers.serveEcho(), a, b)) {
      Answer answer = call(gateway, texts);
      assertSame(answer.messages(), texts.stream().map(t -> "<" + t + ">").toList());
      assertThat(answer.status()).isZero();
    }
    assertThat(journal.threads()).allMatch(name -> name.contains("eventloop"));
  }

  @ParameterizedTest
  @EnumSource(
      value = Hook.class,
      names = {"REQUEST", "REQUEST_MESSAGE", "RESPONSE", "RESPONSE_MESSAGE"})
  void aRefusalEndsTheCallOnBothSides(Hook hook) {
    AtomicBoolean cancelled = new AtomicBoolean();
    int port =
        peers.serve(
            call -> {
              call.exceptionHandler(gone -> cancelled.set(true));
              call.errorHandler(gone -> cancelled.set(true));
              call.handler(m -> call.response().write(m));
            });
    b.on(hook, (call, m) -> Step.reject(Status.forbidden("über")));
    try (TestGateway gateway = TestGateway.to(port, a, b)) {
      GrpcClientRequest<Buffer, Buffer> request = peers.open(gateway.port(), "Chat");
      Future<Answer> answer = GrpcPeers.listen(request);
      request.write(Buffer.buffer("one"));
      Answer told = TestGateway.get(answer);
      assertThat(told.status()).isEqualTo(7);
      assertThat(told.text()).isEqualTo("request forbidden: über");
      assertThat(told.messages()).isEmpty();
      journal.assertCompletedOnce("a", "b");
      assertThat(journal.namesAt(END)).containsExactly("b", "a");
      if (hook == RESPONSE || hook == RESPONSE_MESSAGE) {
        await().untilTrue(cancelled);
      }
    }
  }

  @Test
  void aCancelOfTheCallerReachesTheDownstream() {
    AtomicBoolean cancelled = new AtomicBoolean();
    int port =
        peers.serve(
            call -> {
              call.exceptionHandler(gone -> cancelled.set(true));
              call.errorHandler(gone -> cancelled.set(true));
              call.handler(m -> call.response().write(m));
            });
    try (TestGateway gateway = TestGateway.to(port, a, b)) {
      GrpcClientRequest<Buffer, Buffer> request = peers.open(gateway.port(), "Chat");
      request.write(Buffer.buffer("one"));
      TestGateway.get(request.response());
      request.cancel();
      journal.assertCompletedOnce("a", "b");
      await().untilTrue(cancelled);
      assertThat(journal.ends()).extracting(Status::code).containsOnly(Status.Code.CANCELLED);
      assertThat(journal.namesAt(END)).isEmpty();
    }
  }

  @Test
  void theCallersDeadlineEndsTheCallOnBothSides() {
    AtomicReference<Long> left = new AtomicReference<>();
    int port = peers.serve(call -> left.set(call.timeout()));
    try (TestGateway gateway = TestGateway.to(port, a, b)) {
      Answer told = deadline(gateway);
      assertThat(told.status()).isEqualTo(4);
      journal.assertCompletedOnce("a", "b");
      assertThat(left.get()).isBetween(1L, 300L);
    }
  }

  /** The caller's own library runs no timer here: what ends the call is the gateway. */
  private Answer deadline(TestGateway gateway) {
    GrpcClientRequest<Buffer, Buffer> request = peers.open(gateway.port(), "Chat");
    request.headers().set("grpc-timeout", "300m");
    Future<Answer> answer = GrpcPeers.listen(request);
    request.write(Buffer.buffer("one"));
    return TestGateway.get(answer);
  }

  @ParameterizedTest
  @EnumSource(
      value = Hook.class,
      names = {"REQUEST", "REQUEST_MESSAGE", "RESPONSE", "RESPONSE_MESSAGE"})
  void neverAnsweredTheDeadlineEndsTheCall(Hook hook) {
    b.on(hook, (call, m) -> Step.await(Promise.<Step>promise().future()));
    try (TestGateway gateway = TestGateway.to(peers.serveEcho(), a, b)) {
      Answer told = deadline(gateway);
      assertThat(told.status()).isEqualTo(4);
      assertThat(told.text()).startsWith("rpc timeout: timeout=300ms");
      journal.assertCompletedOnce("a", "b");
    }
  }

  @Test
  void statusTextAndTrailersPassAndCanBeChanged() {
    int port =
        peers.serve(
            call -> {
              call.response().headers().set("x-head", call.headers().get("x-added"));
              call.response().trailers().set("x-trailer", "1").set("x-gone", "1");
              call.handler(m -> {});
              call.endHandler(
                  end -> {
                    call.response().write(Buffer.buffer("partial"));
                    call.response().status(GrpcStatus.NOT_FOUND).statusMessage("no such 世").end();
                  });
            });
    a.on(
        REQUEST,
        (call, m) -> {
          assertThat(call.packageName()).isEqualTo("pkg");
          assertThat(call.service()).isEqualTo("Svc");
          assertThat(call.method()).isEqualTo("Chat");
          call.metadata().set("X-Added", "yes");
          return Step.NEXT;
        });
    a.on(
        RESPONSE,
        (call, m) -> {
          call.responseMetadata().set("x-of-filter", call.responseMetadata().get("x-head"));
          return Step.NEXT;
        });
    AtomicReference<Status> seen = new AtomicReference<>();
    a.onEndDo(
        (call, end) -> {
          seen.set(end.status());
          end.trailers().remove("x-gone");
          end.trailers().set("x-new", "2");
        });
    try (TestGateway gateway = TestGateway.to(port, a, b)) {
      Answer answer = call(gateway, List.of("one"));
      assertThat(answer.messages()).containsExactly("partial");
      assertThat(answer.status()).isEqualTo(5);
      assertThat(answer.text()).isEqualTo("no such 世");
      assertThat(answer.headers()).containsEntry("x-head", "yes");
      assertThat(answer.headers()).containsEntry("x-of-filter", "yes");
      assertThat(answer.trailers()).containsEntry("x-trailer", "1").containsEntry("x-new", "2");
      assertThat(answer.trailers()).doesNotContainKey("x-gone");
    }
    assertThat(seen.get()).isEqualTo(Status.grpc(5, "no such 世"));
  }

  @Test
  void aStreamCannotBeAnsweredByAReply() {
    b.on(REQUEST, (call, m) -> Step.reply(payload("x")));
    try (TestGateway gateway = TestGateway.to(peers.serveEcho(), a, b)) {
      Answer told = call(gateway, List.of("one"));
      assertThat(told.status()).isEqualTo(13);
      assertThat(told.text()).isEqualTo("filter b failed");
      journal.assertCompletedOnce("a", "b");
    }
  }

  /** Answers that are there already, for thousands of messages in one frame. */
  @Test
  void manySmallMessagesAtOnceWithAnswersThatAreThere() {
    Probe.Answer now = (call, m) -> Step.await(Future.succeededFuture(Step.NEXT));
    a.on(REQUEST_MESSAGE, now).on(RESPONSE_MESSAGE, now);
    int n = 20_000;
    Buffer body = Buffer.buffer();
    for (int i = 0; i < n; i++) {
      body.appendBuffer(GrpcPeers.framed(""));
    }
    List<String> got = new CopyOnWriteArrayList<>();
    int port =
        peers.serve(
            call -> {
              int[] count = {0};
              call.handler(m -> count[0]++);
              call.endHandler(
                  end -> {
                    got.add("" + count[0]);
                    call.response().end(Buffer.buffer("done"));
                  });
            });
    try (TestGateway gateway = TestGateway.to(port, a)) {
      Answer answer = peers.post(gateway.port(), "/pkg.Svc/Chat", body);
      assertThat(answer.text()).isEmpty();
      assertThat(answer.status()).isZero();
      assertThat(got).containsExactly("" + n);
    }
  }

  /** What they see is what came; what they put in its place is plain. */
  @Test
  void messagesThatArePacked() {
    List<String> seen = new CopyOnWriteArrayList<>();
    Probe.Answer replaceTwo =
        (call, m) -> {
          seen.add(m.encoding() + ":" + text(m));
          return text(m).startsWith("two") ? Step.replace(payload("2")) : Step.NEXT;
        };
    a.on(REQUEST_MESSAGE, replaceTwo).on(RESPONSE_MESSAGE, replaceTwo);
    b.on(
        REQUEST_MESSAGE,
        (call, m) -> {
          seen.add("then " + m.encoding() + ":" + text(m));
          return Step.NEXT;
        });
    Buffer body =
        RawGrpc.framed(1, "one".getBytes())
            .appendBuffer(RawGrpc.framed(1, "two".getBytes()))
            .appendBuffer(RawGrpc.framed(0, "three".getBytes()));
    Buffer passed =
        RawGrpc.framed(1, "one".getBytes())
            .appendBuffer(RawGrpc.framed(0, "2".getBytes()))
            .appendBuffer(RawGrpc.framed(0, "three".getBytes()));
    Buffer got = Buffer.buffer();
    try (RawGrpc raw = new RawGrpc()) {
      int port =
          raw.serveRaw(
              request -> {
                request.handler(got::appendBuffer);
                request.endHandler(
                    end -> {
                      request.response().putHeader("content-type", "application/grpc");
                      request.response().putHeader("grpc-encoding", "zip");
                      request.response().setChunked(true).write(body);
                      request.response().putTrailer("grpc-status", "0").end();
                    });
              });
      try (TestGateway gateway = TestGateway.to(port, a, b)) {
        RawGrpc.Answer answer =
            raw.send(gateway.port(), "/pkg.Svc/Chat", Map.of("grpc-encoding", "gzip"), body);
        assertThat(answer.status()).isZero();
        assertThat(answer.texts()).containsExactly("one", "2", "three");
      }
    }
    assertThat(got).isEqualTo(passed);
    assertThat(seen)
        .containsExactly(
            "gzip:one",
            "then gzip:one",
            "gzip:two",
            "then :2",
            ":three",
            "then :three",
            "zip:one",
            "zip:two",
            ":three");
  }

  /** Nothing of half a message may get lost in silence. */
  @Test
  void aRequestThatEndsWithinAMessage() {
    try (TestGateway gateway = TestGateway.to(peers.serveEcho(), a)) {
      Buffer body = GrpcPeers.framed("one").appendBuffer(GrpcPeers.framed("two").getBuffer(0, 6));
      Answer answer = peers.post(gateway.port(), "/pkg.Svc/Chat", body);
      assertThat(answer.status()).isEqualTo(13);
      assertThat(answer.text()).isEqualTo("half-closed within a message");
      journal.assertCompletedOnce("a");
      assertThat(journal.namesAt(REQUEST_MESSAGE)).hasSize(1);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0, '', 13, the downstream ended within a message",
    "5, not found, 5, not found",
  })
  void anAnswerThatEndsWithinAMessage(String status, String text, int expected, String told) {
    try (RawGrpc raw = new RawGrpc()) {
      int port =
          raw.serveRaw(
              request -> {
                HttpServerResponse response = request.response();
                response.putHeader("content-type", "application/grpc").setChunked(true);
                response.write(GrpcPeers.framed("one"));
                response.write(GrpcPeers.framed("two").getBuffer(0, 3));
                response.putTrailer("grpc-status", status).putTrailer("grpc-message", text);
                response.putTrailer("tail", "1").end();
              });
      try (TestGateway gateway = TestGateway.to(port, a)) {
        Answer answer = call(gateway, List.of("one"));
        assertThat(answer.messages()).containsExactly("one");
        assertThat(answer.status()).isEqualTo(expected);
        assertThat(answer.text()).isEqualTo(told);
        assertThat(answer.trailers()).containsEntry("tail", "1");
        journal.assertCompletedOnce("a");
        assertThat(journal.ends()).containsExactly(Status.grpc(expected, told));
      }
    }
  }

  /** The second message of a frame is nobody's business when the first was refused. */
  @Test
  void afterARefusalNoMessageIsShownWhileTheEndWaits() {
    Promise<Step> end = Promise.promise();
    a.on(REQUEST_MESSAGE, (call, m) -> Step.reject(Status.forbidden("no")));
    a.on(END, (call, m) -> Step.await(end.future()));
    try (TestGateway gateway = TestGateway.to(peers.serveEcho(), a)) {
      Buffer body =
          GrpcPeers.framed("one")
              .appendBuffer(GrpcPeers.framed("two"))
              .appendBuffer(GrpcPeers.framed("three"));
      elsewhere.execute(
          () -> {
            journal.awaitEvent("a.END");
            end.complete(Step.NEXT);
          });
      Answer answer = peers.post(gateway.port(), "/pkg.Svc/Chat", body);
      assertThat(answer.status()).isEqualTo(7);
      journal.assertCompletedOnce("a");
      assertThat(journal.namesAt(REQUEST_MESSAGE)).containsExactly("a");
      assertThat(journal.namesAt(END)).containsExactly("a");
    }
  }

  @Test
  void manyCallsOnOneConnection() {
    try (TestGateway gateway = TestGateway.to(peers.serveEcho(), a)) {
      List<Future<Answer>> answers = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        GrpcClientRequest<Buffer, Buffer> request = peers.open(gateway.port(), "Chat");
        answers.add(GrpcPeers.listen(request));
        GrpcPeers.say(request, List.of("m" + i));
      }
      for (int i = 0; i < answers.size(); i++) {
        assertThat(TestGateway.get(answers.get(i)).messages()).containsExactly("<m" + i + ">");
      }
      await()
          .atMost(20, TimeUnit.SECONDS)
          .until(() -> journal.namesAt(Hook.COMPLETE).size() == answers.size());
    }
  }
}
