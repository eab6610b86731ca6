package io.sluice.gateway.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.api.Protocol;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.Message;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.Splits;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Thrifts;
import io.sluice.gateway.testkit.Vectors;
import io.sluice.gateway.wire.thrift.ThriftHead;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** A caller whose TTHeader says so gets its answers when they are there. */
class MultiplexTest {

  /** Answers a call once somebody says so by its text. */
  private static final class Held implements AutoCloseable {
    private final Map<String, CountDownLatch> latches = new ConcurrentHashMap<>();
    private final AtomicInteger heard = new AtomicInteger();
    private final Downstream downstream =
        Downstream.serving(
            (peer, connection) -> {
              for (Message m = peer.read(); m != null; m = peer.read()) {
                heard.incrementAndGet();
                latch(Thrifts.text(m.body())).await();
                peer.send(Thrifts.echo(m));
              }
            });

    private CountDownLatch latch(String text) {
      return latches.computeIfAbsent(text, t -> new CountDownLatch(1));
    }

    void answer(String text) {
      latch(text).countDown();
    }

    void awaitHeard(int calls) {
      await().until(() -> heard.get() == calls);
    }

    @Override
    public void close() {
      latches.values().forEach(CountDownLatch::countDown);
      downstream.close();
    }
  }

  private static byte[] call(int seqId, String text) {
    return Thrifts.multiplexed("echo", seqId, Thrifts.args(text));
  }

  @Test
  void repliesComeAsTheyAreThere() {
    try (Held held = new Held();
        TestGateway gateway = TestGateway.to(held.downstream.port());
        Peer caller = gateway.connect()) {
      caller.send(Splits.glued(call(1, "a"), call(2, "b"), call(3, "c")));
      held.awaitHeard(3);
      for (String text : List.of("c", "a", "b")) {
        held.answer(text);
        Message reply = caller.read();
        assertThat(Thrifts.text(reply.body())).isEqualTo(text);
        assertThat(reply.seqId()).isEqualTo("abc".indexOf(text) + 1);
        assertThat(reply.framing()).isEqualTo(Protocol.TTHEADER_FRAMED);
        assertThat(reply.flags()).isZero();
      }
    }
  }

  /** A Kitex client that multiplexes matches by the header alone. */
  @Test
  void theHeaderHasTheSequenceIdToo() {
    byte[] bytes = Vectors.named("ttheader_mux_call").bytes();
    int seqId = Vectors.named("ttheader_mux_call").message().getInteger("seq_id");
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = TestGateway.to(downstream.port());
        Peer caller = gateway.connect()) {
      caller.send(bytes);
      byte[] head = caller.readSome(12);
      assertThat(Arrays.copyOfRange(head, 4, 8)).isEqualTo(new byte[] {0x10, 0, 0, 0});
      assertThat(Arrays.copyOfRange(head, 8, 12))
          .isEqualTo(new byte[] {0, 0, (byte) (seqId >> 8), (byte) seqId});
    }
  }

  @Test
  void aCallWithoutTheFlagWaitsUntilItIsAloneAndHoldsUpOthers() {
    try (Held held = new Held();
        TestGateway gateway = TestGateway.to(held.downstream.port());
        Peer caller = gateway.connect()) {
      caller.send(
          Splits.glued(
              call(1, "a"),
              call(2, "b"),
              Thrifts.call("echo", 3, "c"),
              call(4, "d"),
              call(5, "e")));
      held.awaitHeard(2);
      held.answer("b");
      assertThat(caller.read().seqId()).isEqualTo(2);
      assertThat(held.heard).hasValue(2);
      held.answer("a");
      assertThat(caller.read().seqId()).isEqualTo(1);
      held.awaitHeard(3);
      held.answer("c");
      Message alone = caller.read();
      assertThat(alone.seqId()).isEqualTo(3);
      assertThat(alone.framing()).isEqualTo(Protocol.FRAMED);
      held.awaitHeard(5);
      held.answer("e");
      assertThat(caller.read().seqId()).isEqualTo(5);
      held.answer("d");
      assertThat(caller.read().seqId()).isEqualTo(4);
    }
  }

  @Test
  void noMoreThanAllowedAreOpenAtOnce() {
    try (Held held = new Held();
        TestGateway gateway =
            TestGateway.start(
                TestGateway.config("framed", "", held.downstream.port())
                    .replace("'127.0.0.1:0'", "'127.0.0.1:0', limits: {maxStreams: 2}"),
                1);
        Peer caller = gateway.connect()) {
      List<byte[]> calls = new ArrayList<>();
      for (int i = 0; i < 10; i++) {
        calls.add(call(i, "t" + i));
      }
      caller.send(Splits.glued(calls.toArray(byte[][]::new)));
      for (int i = 0; i < 10; i++) {
        held.awaitHeard(Math.min(10, i + 2));
        held.answer("t" + i);
        assertThat(caller.read().seqId()).isEqualTo(i);
      }
    }
  }

  @Test
  void repliesInPartsAreNotMixed() {
    Random random = new Random(3);
    byte[] large = new byte[700_000];
    random.nextBytes(large);
    CountDownLatch bothHalf = new CountDownLatch(4);
    try (Downstream downstream =
            Downstream.serving(
                (peer, connection) -> {
                  for (Message m = peer.read(); m != null; m = peer.read()) {
                    byte[] reply =
                        Thrifts.framed(
                            ThriftHead.REPLY, m.method(), m.seqId(), Thrifts.struct(0, large));
                    peer.send(Arrays.copyOf(reply, 400_000));
                    bothHalf.countDown();
                    bothHalf.await();
                    peer.send(Arrays.copyOfRange(reply, 400_000, reply.length));
                  }
                });
        TestGateway gateway = TestGateway.to(downstream.port());
        Peer caller = gateway.connect()) {
      for (int i = 1; i <= 4; i++) {
        caller.send(call(i, "x"));
      }
      List<Integer> seqIds = new ArrayList<>();
      for (int i = 1; i <= 4; i++) {
        Message reply = caller.read();
        assertThat(reply.body()).isEqualTo(Thrifts.struct(0, large));
        seqIds.add(reply.seqId());
      }
      assertThat(seqIds).containsExactlyInAnyOrder(1, 2, 3, 4);
    }
  }

  @Test
  void aReplyThatBreaksOffIsAnErrorOfItsCallOnly() {
    try (Held held = new Held();
        Downstream breaking =
            Downstream.serving(
                (peer, connection) -> {
                  Message m = peer.read();
                  byte[] reply =
                      Thrifts.framed(ThriftHead.REPLY, m.method(), m.seqId(), new byte[400_000]);
                  peer.send(Arrays.copyOf(reply, 300_000));
                });
        TestGateway gateway =
            TestGateway.start(
                """
                listeners: {rpc: {address: '127.0.0.1:0'}}
                clusters:
                  good: {endpoints: ['127.0.0.1:%d'], transport: framed}
                  bad: {endpoints: ['127.0.0.1:%d'], transport: framed}
                routes:
                  - {match: {service: Bad}, cluster: bad}
                  - {cluster: good}
                """
                    .formatted(held.downstream.port(), breaking.port()),
                1);
        Peer caller = gateway.connect()) {
      caller.send(call(1, "a"));
      held.awaitHeard(1);
      caller.send(
          Thrifts.withHeader(
              1,
              2,
              Map.of(),
              Map.of("isn", "Bad"),
              Thrifts.framed(ThriftHead.CALL, "echo", 2, Thrifts.args("b"))));
      Message broken = caller.read();
      assertThat(broken.seqId()).isEqualTo(2);
      assertThat(broken.type()).isEqualTo(ThriftHead.EXCEPTION);
      held.answer("a");
      assertThat(caller.read().seqId()).isEqualTo(1);
    }
  }

  @Test
  void allOpenCallsAreCancelledWithTheirConnection() {
    try (Held held = new Held();
        TestGateway gateway = TestGateway.to(held.downstream.port())) {
      try (Peer caller = gateway.connect()) {
        for (int i = 0; i < 20; i++) {
          caller.send(call(i, "never" + i));
        }
        held.awaitHeard(20);
        assertThat(held.downstream.open()).isEqualTo(20);
      }
      await()
          .until(
              () ->
                  gateway.registry().find("sluice.calls").counters().stream()
                          .filter(t -> t.getId().toString().contains("cancelled"))
                          .mapToDouble(t -> t.count())
                          .sum()
                      == 20);
    }
  }

  @Test
  void manyCallsInAnyOrderFindTheirCallers() {
    int n = 3000;
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = TestGateway.to(downstream.port());
        Peer caller = gateway.connect()) {
      Thread writer =
          new Thread(
              () -> {
                for (int i = 0; i < n; i++) {
                  caller.send(call(i, "text " + i));
                }
              });
      writer.start();
      boolean[] answered = new boolean[n];
      for (int i = 0; i < n; i++) {
        Message reply = caller.read();
        assertThat(Thrifts.text(reply.body())).isEqualTo("text " + reply.seqId());
        assertThat(answered[reply.seqId()]).isFalse();
        answered[reply.seqId()] = true;
      }
    }
  }
}
