package io.sluice.gateway.exchange;

import static io.sluice.gateway.testkit.Frames.data;
import static io.sluice.gateway.testkit.Frames.exception;
import static io.sluice.gateway.testkit.Frames.halfClose;
import static io.sluice.gateway.testkit.Frames.open;
import static io.sluice.gateway.testkit.Frames.reset;
import static io.sluice.gateway.testkit.Frames.text;
import static io.sluice.gateway.testkit.Probe.Hook.REQUEST;
import static io.sluice.gateway.testkit.Probe.Hook.REQUEST_MESSAGE;
import static io.sluice.gateway.testkit.Probe.Hook.RESPONSE;
import static io.sluice.gateway.testkit.Probe.Hook.RESPONSE_MESSAGE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.api.Status;
import io.sluice.api.Step;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.Frames;
import io.sluice.gateway.testkit.Journal;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.Peer.StreamFrame;
import io.sluice.gateway.testkit.Probe;
import io.sluice.gateway.testkit.Probe.Hook;
import io.sluice.gateway.testkit.Splits;
import io.sluice.gateway.testkit.Standstill;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.wire.ttstream.FrameType;
import io.vertx.core.Promise;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Filters on streams of ttstream; those of gRPC are in {@link GrpcHooksTest}. */
class StreamHooksTest {
  private static final int KERNEL_BUFFER = 64 * 1024;
  private static final byte[] MESSAGE = new byte[64 * 1024];
  private static final int MESSAGES = 2048;
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Journal journal = new Journal();
  private final Probe a = Probe.ofMessages("a", journal);
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final AtomicLong sent = new AtomicLong();

  @AfterEach
  void stop() {
    threads.shutdownNow();
  }

  private void flood(Peer to, int id) {
    byte[] frame = data(id, MESSAGE);
    try {
      for (int i = 0; i < MESSAGES; i++) {
        to.send(frame);
        sent.incrementAndGet();
      }
      to.send(data(id, "last"));
    } catch (UncheckedIOException e) {
      // The test is over.
    }
  }

  /** Echoes small messages and half closes, and floods a stream in which it is asked to. */
  private Downstream downstream() {
    return Downstream.serving(
        KERNEL_BUFFER,
        (peer, n) -> {
          for (StreamFrame f = peer.readFrame(); f != null; f = peer.readFrame()) {
            if (f.type() == FrameType.DATA && text(f).equals("go")) {
              return;
            } else if (f.type() == FrameType.DATA && text(f).equals("flood")) {
              int id = f.id();
              threads.execute(() -> flood(peer, id));
            } else if (f.type() != FrameType.DATA || f.payload().length < MESSAGE.length) {
              Frames.echo(peer, f);
            }
          }
        });
  }

  /** While a filter thinks about one message, no other is shown to it, and few are read. */
  @ParameterizedTest
  @EnumSource(
      value = Hook.class,
      names = {"REQUEST_MESSAGE", "RESPONSE_MESSAGE"})
  void aFilterThatThinksHoldsUpTheSender(Hook hook) {
    Promise<Step> thought = Promise.promise();
    a.on(
        hook,
        (call, m) ->
            m.size() == MESSAGE.length && !thought.future().isComplete()
                ? Step.await(thought.future())
                : Step.NEXT);
    try (Downstream downstream = downstream();
        TestGateway gateway = TestGateway.to(downstream.port(), a);
        Peer caller = Peer.connect(gateway.port(), KERNEL_BUFFER)) {
      caller.send(open(1));
      assertThat(caller.readFrame().type()).isEqualTo(FrameType.HEADER);
      if (hook == REQUEST_MESSAGE) {
        threads.execute(() -> flood(caller, 1));
      } else {
        caller.send(data(1, "flood"));
      }
      Standstill.await(sent::get);
      assertThat(sent.get()).as("messages that got away").isLessThan(MESSAGES / 2);
      assertThat(journal.namesAt(hook)).hasSize(1);
      thought.complete(Step.NEXT);
      StreamFrame frame = caller.readFrame();
      while (frame.payload().length == MESSAGE.length) {
        frame = caller.readFrame();
      }
      assertThat(text(frame)).isEqualTo(hook == REQUEST_MESSAGE ? "<last>" : "last");
      assertThat(journal.namesAt(hook)).hasSize(MESSAGES + 1);
      caller.send(halfClose(1));
      assertThat(caller.readFrame().type()).isEqualTo(FrameType.TRAILER);
      journal.assertCompletedOnce("a");
    }
  }

  @Test
  void headersAndTrailersCanBeChanged() {
    a.on(
        REQUEST,
        (call, m) -> {
          call.metadata().set("user", "changed");
          return Step.NEXT;
        });
    a.on(
        RESPONSE,
        (call, m) -> {
          call.responseMetadata().remove("head");
          call.responseMetadata().set("new", call.metadata().get("user"));
          return Step.NEXT;
        });
    a.onEndDo(
        (call, end) -> {
          end.trailers().remove("end");
          end.trailers().set("last", "words");
        });
    try (Downstream downstream = downstream();
        TestGateway gateway = TestGateway.to(downstream.port(), a);
        Peer caller = gateway.connect()) {
      caller.send(Splits.glued(open(1, "user", "u"), halfClose(1)));
      assertThat(caller.readFrame().strings())
          .containsEntry("new", "changed")
          .doesNotContainKey("head");
      assertThat(caller.readFrame().strings())
          .containsEntry("last", "words")
          .doesNotContainKey("end");
      journal.assertCompletedOnce("a");
    }
  }

  /** Each direction's filter has a time of its own to answer. */
  @Test
  void oneFilterThatAnswersGivesAnotherNoMoreTime() {
    Promise<Step> answered = Promise.promise();
    a.on(
        REQUEST_MESSAGE,
        (call, m) ->
            journal.namesAt(REQUEST_MESSAGE).size() < 2
                ? Step.NEXT
                : Step.await(answered.future()));
    a.on(RESPONSE_MESSAGE, (call, m) -> Step.await(Promise.<Step>promise().future()));
    try (Downstream downstream = downstream();
        TestGateway gateway =
            TestGateway.start(
                TestGateway.config("framed", "", downstream.port())
                    + "filters: [{use: a, answerWithin: 2s}]\n",
                1,
                a);
        Peer caller = gateway.connect()) {
      caller.send(Splits.glued(open(1), data(1, "one")));
      journal.awaitEvent("a.RESPONSE_MESSAGE");
      caller.send(data(1, "two"));
      await().until(() -> journal.namesAt(REQUEST_MESSAGE).size() == 2);
      answered.complete(Step.NEXT);
      assertThat(caller.readFrame().type()).isEqualTo(FrameType.HEADER);
      StreamFrame end = caller.readFrame();
      assertThat(end.type()).isEqualTo(FrameType.TRAILER);
      assertThat(exception(end).text()).contains("filter a has not answered within 2000ms");
      journal.assertCompletedOnce("a");
    }
  }

  /** Who ends a stream while a filter waits. */
  enum Ending {
    CALLER_RESETS,
    CALLER_GOES,
    DOWNSTREAM_GOES,
    DEADLINE
  }

  @ParameterizedTest
  @EnumSource(Ending.class)
  void itCompletesOnceWhoeverEndsTheStreamWhileAFilterWaits(Ending ending) {
    Promise<Step> thought = Promise.promise();
    a.on(RESPONSE_MESSAGE, (call, m) -> Step.await(thought.future()));
    String route = ending == Ending.DEADLINE ? "timeout: 3s" : "";
    try (Downstream downstream = downstream();
        TestGateway gateway =
            TestGateway.start(TestGateway.config("framed", route, downstream.port()), 1, a);
        Peer caller = gateway.connect()) {
      caller.send(Splits.glued(open(1), data(1, "one")));
      journal.awaitEvent("a.RESPONSE_MESSAGE");
      Status.Code expected = Status.Code.CANCELLED;
      switch (ending) {
        case CALLER_RESETS -> caller.send(reset(1, 12007, "enough", "web"));
        case CALLER_GOES -> caller.reset();
        case DOWNSTREAM_GOES -> {
          caller.send(data(1, "go"));
          await().atMost(PATIENCE).until(() -> downstream.open() == 0);
          // What it had said before is told before the end.
          thought.complete(Step.NEXT);
          assertThat(caller.readFrame().type()).isEqualTo(FrameType.HEADER);
          assertThat(text(caller.readFrame())).isEqualTo("<one>");
          StreamFrame end = caller.readFrame();
          assertThat(end.type()).isEqualTo(FrameType.TRAILER);
          assertThat(exception(end).text()).startsWith("remote or network error");
          expected = Status.Code.UNAVAILABLE;
        }
        case DEADLINE -> expected = Status.Code.DEADLINE_EXCEEDED;
      }
      journal.assertCompletedOnce("a");
      thought.tryComplete(Step.NEXT);
      assertThat(journal.ends()).extracting(Status::code).containsExactly(expected);
    }
    journal.assertCompletedOnce("a");
  }
}
