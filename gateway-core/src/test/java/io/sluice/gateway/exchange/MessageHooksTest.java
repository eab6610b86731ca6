package io.sluice.gateway.exchange;

import static io.sluice.gateway.testkit.Probe.Hook.REQUEST;
import static io.sluice.gateway.testkit.Probe.Hook.REQUEST_MESSAGE;
import static io.sluice.gateway.testkit.Probe.Hook.RESPONSE_MESSAGE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.util.internal.ThreadExecutorMap;
import io.sluice.api.Call;
import io.sluice.api.Payload;
import io.sluice.api.Protocol;
import io.sluice.api.Status;
import io.sluice.api.Step;
import io.sluice.gateway.loop.Budget;
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
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Hooks that see the messages of ping-pong calls. */
class MessageHooksTest {
  private final Journal journal = new Journal();
  private final Probe a = Probe.ofMessages("a", journal);
  private final Probe b = Probe.ofMessages("b", journal);

  private static String text(int length) {
    Random random = new Random(length);
    StringBuilder text = new StringBuilder(length);
    for (int i = 0; i < length; i++) {
      text.append((char) ('a' + random.nextInt(26)));
    }
    return text.toString();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 70_000, 1 << 20})
  void seeEachMessageWholeHoweverItArrives(int length) {
    List<byte[]> requests = new CopyOnWriteArrayList<>();
    List<byte[]> responses = new CopyOnWriteArrayList<>();
    a.on(REQUEST_MESSAGE, (call, m) -> note(requests, m));
    a.on(RESPONSE_MESSAGE, (call, m) -> note(responses, m));
    String text = text(length);
    try (Downstream downstream =
            Downstream.serving(
                (peer, n) -> {
                  for (Message m = peer.read(); m != null; m = peer.read()) {
                    inPieces(peer, Thrifts.reply(m, Thrifts.text(m.body())), 3);
                  }
                });
        TestGateway gateway = TestGateway.to(downstream.port(), a, b);
        Peer caller = gateway.connect()) {
      inPieces(caller, Thrifts.call("echo", 1, text), 4);
      assertThat(Thrifts.text(caller.read().body())).isEqualTo(text);
    }
    assertThat(requests).containsExactly(Thrifts.args(text));
    assertThat(responses).containsExactly(Thrifts.result(text));
  }

  private static Step note(List<byte[]> messages, Payload message) {
    byte[] copy = message.copy();
    assertThat(message.size()).isEqualTo(copy.length);
    messages.add(copy);
    return Step.NEXT;
  }

  private static void inPieces(Peer peer, byte[] bytes, int seed) {
    Random random = new Random(seed);
    for (byte[] piece : Splits.pieces(bytes, 1 + bytes.length / (5 + random.nextInt(20)))) {
      peer.send(piece);
      Thread.yield();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 5000, 1 << 20})
  void replaceMessagesInBothDirections(int length) {
    String before = text(300_000);
    String after = text(length);
    a.on(REQUEST_MESSAGE, (call, m) -> Step.replace(Payload.of(Thrifts.args(after))));
    b.on(RESPONSE_MESSAGE, (call, m) -> Step.replace(Payload.of(Thrifts.result(after + "!"))));
    List<byte[]> seen = new CopyOnWriteArrayList<>();
    // In either direction behind the one that replaces.
    b.on(REQUEST_MESSAGE, (call, m) -> note(seen, m));
    a.on(RESPONSE_MESSAGE, (call, m) -> note(seen, m));
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = TestGateway.to(downstream.port(), a, b);
        Peer caller = gateway.connect()) {
      assertThat(Thrifts.text(caller.call("echo", 1, Thrifts.args(before)).body()))
          .isEqualTo(after + "!");
      // And the connection is in step.
      assertThat(Thrifts.text(caller.call("echo", 2, Thrifts.args("")).body()))
          .isEqualTo(after + "!");
    }
    assertThat(seen.get(0)).isEqualTo(Thrifts.args(after));
    assertThat(seen.get(1)).isEqualTo(Thrifts.result(after + "!"));
  }

  static Stream<Arguments> payloadsMadeOfTheShownOne() {
    return Stream.of(
        Arguments.of(REQUEST_MESSAGE, 10),
        Arguments.of(REQUEST_MESSAGE, 5000),
        Arguments.of(RESPONSE_MESSAGE, 10),
        Arguments.of(RESPONSE_MESSAGE, 5000));
  }

  /** A filter may well say: go on with what you have shown me, or with a part of it. */
  @ParameterizedTest
  @MethodSource("payloadsMadeOfTheShownOne")
  void replaceAMessageByAViewOfItself(Hook hook, int length) {
    a.on(hook, (call, m) -> Step.replace(viewOf(m)));
    b.on(hook, (call, m) -> scribble());
    Probe[] probes = hook == REQUEST_MESSAGE ? new Probe[] {a, b} : new Probe[] {b, a};
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = TestGateway.to(downstream.port(), probes);
        Peer caller = gateway.connect()) {
      for (int i = 0; i < 50; i++) {
        String text = text(length + i);
        Message reply = caller.call("echo", i, Thrifts.args(text));
        assertThat(reply.type()).isEqualTo(2);
        assertThat(Thrifts.text(reply.body())).isEqualTo(text);
      }
    }
  }

  /** Writes over the memory that is free on this loop, as any other call may. */
  private static Step scribble() {
    List<ByteBuf> taken = new ArrayList<>();
    for (int size = 64; size <= 128 * 1024; size *= 2) {
      byte[] fill = new byte[size];
      Arrays.fill(fill, (byte) 0x5A);
      for (int i = 0; i < 8; i++) {
        taken.add(ByteBufAllocator.DEFAULT.directBuffer(size).writeBytes(fill));
      }
    }
    taken.forEach(ByteBuf::release);
    return Step.NEXT;
  }

  private static Payload viewOf(Payload message) {
    return new Payload() {
      @Override
      public int size() {
        return message.size();
      }

      @Override
      public ByteBuffer bytes() {
        return message.bytes();
      }
    };
  }

  @ParameterizedTest
  @EnumSource(
      value = Hook.class,
      names = {"REQUEST_MESSAGE", "RESPONSE_MESSAGE"})
  void aPayloadKeptBeyondItsHookIsNoLongerThere(Hook hook) {
    AtomicReference<Payload> kept = new AtomicReference<>();
    a.on(
        hook,
        (call, m) -> {
          assertThatThrownBy(() -> m.bytes().put(0, (byte) 1))
              .isInstanceOf(ReadOnlyBufferException.class);
          kept.set(m);
          return Step.NEXT;
        });
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = TestGateway.to(downstream.port(), a, b);
        Peer caller = gateway.connect()) {
      caller.call("echo", 1, Thrifts.args("hi"));
      journal.assertCompletedOnce("a", "b");
      assertThatThrownBy(() -> kept.get().size()).isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(() -> kept.get().bytes()).isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(() -> kept.get().copy()).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void aPayloadIsThereUntilTheAwaitedAnswerIs() {
    AtomicReference<Payload> kept = new AtomicReference<>();
    Promise<Step> answer = Promise.promise();
    AtomicReference<byte[]> seen = new AtomicReference<>();
    a.on(
        REQUEST_MESSAGE,
        (call, m) -> {
          kept.set(m);
          loopOf(call)
              .execute(
                  () -> {
                    seen.set(m.copy());
                    answer.complete(Step.NEXT);
                  });
          return Step.await(answer.future());
        });
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = TestGateway.to(downstream.port(), a);
        Peer caller = gateway.connect()) {
      caller.call("echo", 1, Thrifts.args("hi"));
      assertThat(seen.get()).isEqualTo(Thrifts.args("hi"));
      assertThatThrownBy(() -> kept.get().copy()).isInstanceOf(IllegalStateException.class);
    }
  }

  /** Later on the same loop. */
  private static Executor loopOf(Call call) {
    assertThat(call.method()).isEqualTo("echo");
    return ThreadExecutorMap.currentExecutor();
  }

  @Test
  void whileOneWaitsTheNextIsNotShown() {
    Promise<Step> first = Promise.promise();
    a.on(
        REQUEST_MESSAGE,
        (call, m) ->
            journal.namesAt(REQUEST_MESSAGE).size() == 1 ? Step.await(first.future()) : Step.NEXT);
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = TestGateway.to(downstream.port(), a);
        Peer caller = gateway.connect()) {
      caller.send(Splits.glued(Thrifts.call("echo", 1, "one"), Thrifts.call("echo", 2, "two")));
      journal.awaitEvent("a.REQUEST_MESSAGE");
      caller.assertSilentFor(100);
      assertThat(journal.namesAt(REQUEST)).hasSize(1);
      first.complete(Step.NEXT);
      assertThat(Thrifts.text(caller.read().body())).isEqualTo("one");
      assertThat(Thrifts.text(caller.read().body())).isEqualTo("two");
    }
  }

  /** A replaced message under a TTHeader: what was signed is no longer there. */
  @Test
  void aReplacedMessageLosesItsChecksums() {
    a.on(REQUEST_MESSAGE, (call, m) -> Step.replace(Payload.of(Thrifts.args("other"))));
    AtomicReference<Message> got = new AtomicReference<>();
    try (Downstream downstream =
            Downstream.serving(
                (peer, n) -> {
                  got.set(peer.read());
                  peer.send(Thrifts.reply(got.get(), "done"));
                });
        TestGateway gateway =
            TestGateway.start(TestGateway.config("ttheader-framed", "", downstream.port()), 1, a);
        Peer caller = gateway.connect()) {
      caller.send(
          Thrifts.ttheader(
              Protocol.TTHEADER_FRAMED,
              Map.of(),
              Map.of("crc32c", "01234567", "PV_own", "x", "user", "kept"),
              1,
              "echo",
              3,
              Thrifts.args("hi")));
      assertThat(caller.read().type()).isEqualTo(2);
      assertThat(Thrifts.text(got.get().body())).isEqualTo("other");
      assertThat(got.get().strings())
          .containsEntry("user", "kept")
          .doesNotContainKeys("crc32c", "PV_own");
    }
  }

  /** All of a call but its last byte has been sent, and the hook waits for that. */
  private static byte[] sendAllButTheLast(Peer caller, int length) {
    byte[] call = Thrifts.call("echo", 1, text(length));
    caller.send(Arrays.copyOf(call, call.length - 1));
    return Arrays.copyOfRange(call, call.length - 1, call.length);
  }

  @Test
  void whatIsGatheredForThemCountsAsMemory() {
    int length = 2 << 20;
    long before = Budget.ofProcess().held();
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = TestGateway.to(downstream.port(), a);
        Peer caller = gateway.connect()) {
      byte[] last = sendAllButTheLast(caller, length);
      await().until(() -> Budget.ofProcess().held() >= before + length);
      caller.send(last);
      assertThat(Thrifts.text(caller.read().body())).hasSize(length);
      await().until(() -> Budget.ofProcess().held() < before + length);
    }
    await().until(() -> Budget.ofProcess().held() <= before);
  }

  @Test
  void callThatGathersMostIsEndedWhenMemoryIsShort() {
    Budget budget = Budget.ofProcess();
    List<Budget.Share> others = new ArrayList<>();
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = TestGateway.to(downstream.port(), a);
        Peer caller = gateway.connect()) {
      // Each too small to be the one that is cut.
      while (budget.limit() - budget.held() > 1 << 20) {
        Budget.Share other = budget.share(Runnable::run, () -> {});
        assertThat(other.holds(64 * 1024)).isTrue();
        others.add(other);
      }
      byte[] last = sendAllButTheLast(caller, 3 << 20);
      Status told = caller.read().exception();
      assertThat(told.number()).isEqualTo(6);
      assertThat(told.text()).contains("memory is short");
      others.forEach(Budget.Share::release);
      others.clear();
      caller.send(last);
      // And the connection is in step.
      assertThat(Thrifts.text(caller.call("echo", 2, Thrifts.args("next")).body()))
          .isEqualTo("next");
      assertThat(
              gateway
                  .registry()
                  .get("sluice.limits")
                  .tag("limit", "memory")
                  .functionCounter()
                  .count())
          .isEqualTo(1);
    } finally {
      others.forEach(Budget.Share::release);
    }
  }
}
