package io.sluice.gateway.exchange;

import static io.sluice.gateway.testkit.Frames.data;
import static io.sluice.gateway.testkit.Frames.header;
import static io.sluice.gateway.testkit.Frames.open;
import static io.sluice.gateway.testkit.Frames.text;
import static io.sluice.gateway.testkit.Frames.trailer;
import static io.sluice.gateway.testkit.Probe.Hook.END;
import static io.sluice.gateway.testkit.Probe.Hook.REQUEST;
import static io.sluice.gateway.testkit.Probe.Hook.REQUEST_MESSAGE;
import static io.sluice.gateway.testkit.Probe.Hook.RESPONSE;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.api.Call;
import io.sluice.api.Payload;
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
import io.sluice.gateway.testkit.Splits;
import io.sluice.gateway.testkit.Standstill;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Thrifts;
import io.sluice.gateway.wire.ttstream.FrameType;
import io.vertx.core.Promise;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** While filters think about an answer that is over, the rest of the request holds up nobody. */
class HeldEndTest {
  private static final int KERNEL_BUFFER = 64 * 1024;

  /** More than a stream may have on its way. */
  private static final int MESSAGES = 512;

  private static final byte[] MESSAGE = new byte[64 * 1024];

  private final Journal journal = new Journal();
  private final Promise<Step> thought = Promise.promise();
  private final AtomicBoolean asked = new AtomicBoolean();
  private final ExecutorService threads = Executors.newCachedThreadPool();

  @AfterEach
  void stop() {
    threads.shutdownNow();
  }

  /** Thinks about the first call only. */
  private Step think(Call call, Payload message) {
    return asked.getAndSet(true) ? Step.NEXT : Step.await(thought.future());
  }

  private Probe probe(boolean ofMessages) {
    return ofMessages ? Probe.ofMessages("a", journal) : Probe.of("a", journal);
  }

  private static TestGateway gateway(Downstream downstream, Probe... probes) {
    return TestGateway.start(
        TestGateway.config("framed", "", downstream.port())
            .replace("'127.0.0.1:0'", "'127.0.0.1:0', limits: {stallTimeout: 1h}"),
        1,
        probes);
  }

  /** Ends the first stream of all when the time has come, and echoes in the others. */
  private static Downstream endingTheFirst(CountDownLatch time) {
    return Downstream.serving(
        KERNEL_BUFFER,
        (peer, n) -> {
          int ended = 0;
          if (n == 1) { // others come where the first is slow to be read
            ended = peer.readFrame().id();
            time.await(1, TimeUnit.MINUTES);
            peer.send(Splits.glued(header(ended), trailer(ended, Status.OK, null)));
          }
          for (StreamFrame f = peer.readFrame(); f != null; f = peer.readFrame()) {
            if (f.id() != ended) {
              Frames.echo(peer, f);
            }
          }
        });
  }

  /** Floods the first stream, and opens another one then. */
  private void flood(Peer caller, AtomicInteger sent) {
    for (int i = 0; i < MESSAGES; i++) {
      caller.send(data(1, MESSAGE));
      sent.incrementAndGet();
    }
    caller.send(Splits.glued(open(2), data(2, "still here")));
  }

  private static void assertOtherGoesOn(Peer caller) {
    StreamFrame frame = caller.readFrame();
    assertThat(frame.type()).isEqualTo(FrameType.HEADER);
    assertThat(frame.id()).isEqualTo(2);
    frame = caller.readFrame();
    assertThat(text(frame)).as("%s", frame).isEqualTo("<still here>");
  }

  private void assertEnds(Peer caller) {
    thought.complete(Step.NEXT);
    StreamFrame frame = caller.readFrame();
    assertThat(frame.id()).isEqualTo(1);
    if (frame.type() == FrameType.HEADER) {
      frame = caller.readFrame();
    }
    assertThat(frame.type()).isEqualTo(FrameType.TRAILER);
    journal.assertCompletedOnce("a");
  }

  @ParameterizedTest
  @CsvSource({"RESPONSE, false", "RESPONSE, true", "END, false", "END, true"})
  void whatComesMeanwhile(Hook hook, boolean ofMessages) {
    Probe a = probe(ofMessages).on(hook, this::think);
    try (Downstream downstream = endingTheFirst(new CountDownLatch(0));
        TestGateway gateway = gateway(downstream, a);
        Peer caller = Peer.connect(gateway.port(), KERNEL_BUFFER)) {
      caller.send(open(1));
      journal.awaitEvent("a." + hook);
      if (hook == END) {
        assertThat(caller.readFrame().type()).isEqualTo(FrameType.HEADER);
      }
      threads.execute(() -> flood(caller, new AtomicInteger()));
      assertOtherGoesOn(caller);
      assertEnds(caller);
    }
  }

  /** It was on its way when the answer came to its end. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whatHadGoneBefore(boolean ofMessages) {
    whatHadCome(probe(ofMessages).on(RESPONSE, this::think));
  }

  /** It waits for a filter when another one ends the call. */
  @Test
  void whatAFilterHolds() {
    AtomicBoolean first = new AtomicBoolean();
    Probe a = Probe.ofMessages("a", journal);
    a.on(
        REQUEST_MESSAGE,
        (call, m) ->
            first.getAndSet(true) ? Step.NEXT : Step.await(Promise.<Step>promise().future()));
    a.on(RESPONSE, (call, m) -> asked.get() ? Step.NEXT : Step.reject(Status.forbidden("no")));
    a.on(END, this::think);
    whatHadCome(a);
  }

  private void whatHadCome(Probe a) {
    CountDownLatch time = new CountDownLatch(1);
    try (Downstream downstream = endingTheFirst(time);
        TestGateway gateway = gateway(downstream, a);
        Peer caller = Peer.connect(gateway.port(), KERNEL_BUFFER)) {
      AtomicInteger sent = new AtomicInteger();
      caller.send(open(1));
      threads.execute(() -> flood(caller, sent));
      Standstill.await(sent::get);
      assertThat(sent.get()).isLessThan(MESSAGES);
      time.countDown();
      assertOtherGoesOn(caller);
      assertEnds(caller);
    } finally {
      time.countDown();
    }
  }

  /** What a filter held of a request that another has answered is no burden either. */
  @Test
  void whatAFilterHasHeldAndAnswers() {
    Promise<Step> reply = Promise.promise();
    AtomicBoolean first = new AtomicBoolean();
    Probe a = Probe.of("a", journal).on(RESPONSE, this::think);
    Probe b =
        Probe.of("b", journal)
            .on(
                REQUEST,
                (call, m) -> first.getAndSet(true) ? Step.NEXT : Step.await(reply.future()));
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = gateway(downstream, a, b);
        Peer caller = gateway.connect()) {
      caller.send(Thrifts.multiplexed("echo", 1, Thrifts.args("x".repeat(300_000))));
      journal.awaitEvent("b.REQUEST");
      threads.execute(() -> caller.send(Thrifts.multiplexed("echo", 2, Thrifts.args("two"))));
      reply.complete(Step.reply(Payload.of(Thrifts.result("mine"))));
      Message two = caller.read();
      assertThat(two.seqId()).isEqualTo(2);
      assertThat(Thrifts.text(two.body())).isEqualTo("two");
      thought.complete(Step.NEXT);
      assertThat(Thrifts.text(caller.read().body())).isEqualTo("mine");
    }
  }
}
