package io.sluice.gateway.client;

import static io.sluice.gateway.testkit.TestGateway.config;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.api.Protocol;
import io.sluice.api.Status;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.Message;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Thrifts;
import io.sluice.gateway.wire.thrift.ThriftHead;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Many ping-pong calls on one connection to a downstream. */
class MultiplexTest {

  private static TestGateway start(int port, String... settings) {
    String text = config("{unary: ttheader-framed, multiplex: true}", "", port);
    for (String setting : settings) {
      text =
          setting.startsWith("maxInFlight")
              ? text.replace("multiplex: true", "multiplex: true, " + setting)
              : text.replace("idleTimeout", setting + ", idleTimeout");
    }
    return TestGateway.start(text, 1);
  }

  private static byte[] reply(Message to, String text) {
    return reply(to, Map.of(), text);
  }

  private static byte[] reply(Message to, Map<String, String> strings, String text) {
    return Thrifts.ttheader(
        Protocol.TTHEADER_FRAMED,
        Map.of(),
        strings,
        2,
        to.method(),
        to.seqId(),
        Thrifts.result(text));
  }

  private static byte[] exception(Message to, int type, String text) {
    byte[] framed = Thrifts.exception(to, type, text);
    int head = 4 + ThriftHead.size(to.method());
    byte[] body = Arrays.copyOfRange(framed, head, framed.length);
    return Thrifts.ttheader(
        Protocol.TTHEADER_FRAMED, Map.of(), Map.of(), 3, to.method(), to.seqId(), body);
  }

  /** Reads so many calls, then answers them in another order. */
  private static Downstream shuffling(int calls, List<Message> seen) {
    return Downstream.serving(
        (peer, n) -> {
          Random random = new Random(n);
          while (true) {
            List<Message> batch = new ArrayList<>();
            for (int i = 0; i < calls; i++) {
              Message m = peer.read();
              if (m == null) {
                return;
              }
              batch.add(m);
            }
            seen.addAll(batch);
            Collections.shuffle(batch, random);
            for (Message m : batch) {
              peer.send(reply(m, Thrifts.text(m.body())));
            }
          }
        });
  }

  @Test
  void repliesInAnyOrderReachTheirCallers() {
    List<Message> seen = Collections.synchronizedList(new ArrayList<>());
    try (Downstream downstream = shuffling(40, seen);
        TestGateway gateway = start(downstream.port())) {
      List<Peer> callers = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        callers.add(gateway.connect());
      }
      for (int round = 0; round < 20; round++) {
        for (int i = 0; i < 40; i++) {
          // All the same sequence id, as callers that know nothing of each other may have.
          callers.get(i).send(Thrifts.call("echo", 7, round + " of " + i));
        }
        for (int i = 0; i < 40; i++) {
          Message reply = callers.get(i).read();
          assertThat(reply.seqId()).isEqualTo(7);
          assertThat(reply.framing()).isEqualTo(Protocol.FRAMED);
          assertThat(Thrifts.text(reply.body())).isEqualTo(round + " of " + i);
        }
      }
      assertThat(downstream.accepted()).isEqualTo(1);
      assertThat(seen).hasSize(800).allMatch(m -> m.flags() == 1);
      Set<Integer> ids = new HashSet<>();
      seen.forEach(m -> ids.add(m.seqId()));
      assertThat(ids).as("sequence ids").hasSize(800).doesNotContain(0);
      callers.forEach(Peer::close);
    }
  }

  @Test
  void furtherConnectionsWhenAllAreFull() {
    CountDownLatch all = new CountDownLatch(7);
    AtomicInteger most = new AtomicInteger();
    try (Downstream downstream =
            Downstream.serving(
                (peer, n) -> {
                  List<Message> batch = new ArrayList<>();
                  while (batch.size() < (n < 4 ? 2 : 1)) {
                    batch.add(peer.read());
                    all.countDown();
                    most.accumulateAndGet(batch.size(), Math::max);
                  }
                  all.await();
                  for (Message m : batch) {
                    peer.send(reply(m, "ok"));
                  }
                  peer.read();
                });
        TestGateway gateway = start(downstream.port(), "maxInFlight: 2")) {
      List<Peer> callers = new ArrayList<>();
      for (int i = 0; i < 7; i++) {
        callers.add(gateway.connect().send(Thrifts.call("echo", i, "hi")));
      }
      for (int i = 0; i < 7; i++) {
        assertThat(callers.get(i).read().seqId()).isEqualTo(i);
      }
      assertThat(downstream.accepted()).isEqualTo(4);
      assertThat(most).hasValue(2);
      callers.forEach(Peer::close);
    }
  }

  @Test
  void whatFindsNoRoomWaits() {
    try (Downstream downstream =
            Downstream.serving(
                (peer, n) -> {
                  for (Message m = peer.read(); m != null; m = peer.read()) {
                    peer.send(reply(m, "ok"));
                  }
                });
        TestGateway gateway = start(downstream.port(), "maxInFlight: 1", "maxConnections: 1")) {
      List<Peer> callers = new ArrayList<>();
      for (int i = 0; i < 30; i++) {
        callers.add(gateway.connect().send(Thrifts.call("echo", i, "hi")));
      }
      for (int i = 0; i < 30; i++) {
        assertThat(callers.get(i).read().seqId()).isEqualTo(i);
      }
      assertThat(downstream.accepted()).isEqualTo(1);
      callers.forEach(Peer::close);
    }
  }

  /** A request whose end is not there yet would hold up all others. */
  @Test
  void aLargeRequestGoesByItself() {
    CountDownLatch begun = new CountDownLatch(1);
    try (Downstream downstream =
            Downstream.serving(
                (peer, n) -> {
                  for (Message m = peer.read(); m != null; m = peer.read()) {
                    begun.countDown();
                    peer.send(reply(m, m.flags() + " " + m.body().length));
                  }
                });
        TestGateway gateway = start(downstream.port());
        Peer slow = gateway.connect();
        Peer caller = gateway.connect()) {
      byte[] large = Thrifts.call("put", 1, "x".repeat(1 << 20));
      slow.send(Arrays.copyOf(large, 500_000));
      for (int i = 0; i < 20; i++) {
        assertThat(Thrifts.text(caller.call("echo", 1, Thrifts.args("hi")).body()))
            .isEqualTo("1 10");
      }
      slow.send(Arrays.copyOfRange(large, 500_000, large.length));
      assertThat(Thrifts.text(slow.read().body())).isEqualTo("0 " + ((1 << 20) + 8));
      assertThat(downstream.accepted()).isEqualTo(2);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"FRAMED", "TTHEADER", "TTHEADER_FRAMED"})
  void metadataErrorsAndBusinessStatus(Protocol framing) {
    try (Downstream downstream =
            Downstream.serving(
                (peer, n) -> {
                  for (Message m = peer.read(); m != null; m = peer.read()) {
                    if (m.method().equals("fail")) {
                      peer.send(exception(m, 42, "no"));
                    } else {
                      peer.send(
                          reply(
                              m,
                              Map.of("biz-status", "5", "biz-message", "bad", "back", "ward"),
                              m.strings().getOrDefault("RPC_PERSIST_a", "none")));
                    }
                  }
                });
        TestGateway gateway = start(downstream.port());
        Peer caller = gateway.connect()) {
      for (String method : List.of("fail", "ask", "fail", "ask")) {
        byte[] call =
            framing == Protocol.FRAMED
                ? Thrifts.call(method, 3, "hi")
                : Thrifts.ttheader(
                    framing,
                    Map.of(3, "me"),
                    Map.of("RPC_PERSIST_a", "kept"),
                    1,
                    method,
                    3,
                    Thrifts.args("hi"));
        Message reply = caller.send(call).read();
        assertThat(reply.framing()).isEqualTo(framing);
        assertThat(reply.seqId()).isEqualTo(3);
        if (method.equals("fail")) {
          assertThat(reply.exception()).isEqualTo(Status.exception(42, "no"));
        } else if (framing == Protocol.FRAMED) {
          assertThat(reply.exception().text()).contains("5").contains("bad");
        } else {
          assertThat(reply.strings())
              .containsEntry("biz-status", "5")
              .containsEntry("back", "ward");
          assertThat(Thrifts.text(reply.body())).isEqualTo("kept");
        }
      }
      assertThat(downstream.accepted()).isEqualTo(1);
    }
  }

  @Test
  void aOnewayCallIsToldAndTheConnectionGoesOn() throws InterruptedException {
    LinkedBlockingQueue<Message> told = new LinkedBlockingQueue<>();
    try (Downstream downstream =
            Downstream.serving(
                (peer, n) -> {
                  for (Message m = peer.read(); m != null; m = peer.read()) {
                    told.add(m);
                    // As an unknown-service handler does, which knows no better.
                    peer.send(reply(m, Thrifts.text(m.body())));
                  }
                });
        TestGateway gateway = start(downstream.port());
        Peer caller = gateway.connect()) {
      for (int i = 0; i < 5; i++) {
        caller.send(Thrifts.framed(4, "tell", 1, Thrifts.args("secret")));
        Message got = told.poll(10, TimeUnit.SECONDS);
        assertThat(got.type()).isEqualTo(4);
        assertThat(got.integers()).containsEntry(22, "4");
        assertThat(Thrifts.text(caller.call("echo", 2, Thrifts.args("hi")).body())).isEqualTo("hi");
        told.clear();
      }
      assertThat(downstream.accepted()).isEqualTo(1);
    }
  }

  /** The number is forgotten, what comes for it is nobody's, and the others go on. */
  @Test
  void aCallThatIsGivenUpDoesNotEndTheConnection() {
    CountDownLatch late = new CountDownLatch(1);
    LinkedBlockingQueue<Message> slow = new LinkedBlockingQueue<>();
    try (Downstream downstream =
            Downstream.serving(
                (peer, n) -> {
                  for (Message m = peer.read(); m != null; m = peer.read()) {
                    if (m.method().equals("slow")) {
                      slow.add(m);
                    } else {
                      if (late.getCount() == 0) {
                        for (Message s = slow.poll(); s != null; s = slow.poll()) {
                          peer.send(reply(s, "late"));
                        }
                      }
                      peer.send(reply(m, Thrifts.text(m.body())));
                    }
                  }
                });
        TestGateway gateway =
            TestGateway.start(
                config(
                    "{unary: ttheader-framed, multiplex: true}",
                    "timeout: 300ms",
                    downstream.port()),
                1);
        Peer caller = gateway.connect()) {
      Peer leaving = gateway.connect().send(Thrifts.call("slow", 1, ""));
      await().until(() -> slow.size() == 1);
      leaving.close();
      Message timedOut = caller.call("slow", 1, Thrifts.args(""));
      assertThat(timedOut.exception().text()).startsWith("rpc timeout: ");
      late.countDown();
      for (int i = 0; i < 5; i++) {
        assertThat(Thrifts.text(caller.call("echo", i, Thrifts.args("hi " + i)).body()))
            .isEqualTo("hi " + i);
      }
      caller.assertSilentFor(50);
      assertThat(downstream.accepted()).isEqualTo(1);
    }
  }

  @Test
  void theTimeToTheFirstByteEndsItsCallOnly() {
    try (Downstream downstream =
            Downstream.serving(
                (peer, n) -> {
                  for (Message m = peer.read(); m != null; m = peer.read()) {
                    if (!m.method().equals("slow")) {
                      peer.send(reply(m, "ok"));
                    }
                  }
                });
        TestGateway gateway = start(downstream.port(), "firstByteTimeout: 200ms");
        Peer caller = gateway.connect()) {
      assertThat(caller.call("slow", 1, Thrifts.args("")).exception().text())
          .startsWith("rpc timeout: no byte of a reply within 200ms (firstByteTimeout)");
      assertThat(Thrifts.text(caller.call("ask", 2, Thrifts.args("")).body())).isEqualTo("ok");
      assertThat(downstream.accepted()).isEqualTo(1);
    }
  }

  @Test
  void oneWhoseServerIsAboutToCloseTakesNoNewCalls() {
    CountDownLatch told = new CountDownLatch(1);
    try (Downstream downstream =
            Downstream.serving(
                (peer, n) -> {
                  for (Message m = peer.read(); m != null; m = peer.read()) {
                    if (m.method().equals("open")) {
                      answerLater(peer, m, told);
                    } else {
                      peer.send(
                          reply(m, n == 1 ? Map.of("crrst", "1") : Map.of(), "connection " + n));
                    }
                  }
                });
        TestGateway gateway = start(downstream.port());
        Peer patient = gateway.connect();
        Peer caller = gateway.connect()) {
      patient.send(Thrifts.call("open", 1, ""));
      await().until(() -> downstream.accepted() == 1);
      assertThat(Thrifts.text(caller.call("ask", 1, Thrifts.args("")).body()))
          .isEqualTo("connection 1");
      assertThat(Thrifts.text(caller.call("ask", 2, Thrifts.args("")).body()))
          .isEqualTo("connection 2");
      told.countDown();
      assertThat(Thrifts.text(patient.read().body())).isEqualTo("the last");
      // With its last call it is closed.
      await().until(() -> downstream.open() == 1);
    }
  }

  private static void answerLater(Peer peer, Message to, CountDownLatch when) {
    Thread thread =
        new Thread(
            () -> {
              try {
                when.await();
                peer.send(reply(to, "the last"));
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            },
            "answering");
    thread.setDaemon(true);
    thread.start();
  }

  @Test
  void largeRepliesAndOnesInPieces() {
    String large = "y".repeat(3 << 20);
    try (Downstream downstream =
            Downstream.serving(
                (peer, n) -> {
                  for (Message m = peer.read(); m != null; m = peer.read()) {
                    byte[] reply = reply(m, m.method().equals("large") ? large : "small");
                    int half = reply.length / 2;
                    peer.send(Arrays.copyOf(reply, half));
                    peer.send(Arrays.copyOfRange(reply, half, reply.length));
                  }
                });
        TestGateway gateway = start(downstream.port())) {
      List<Peer> callers = new ArrayList<>();
      for (int i = 0; i < 10; i++) {
        callers.add(gateway.connect().send(Thrifts.call(i % 2 == 0 ? "large" : "small", i, "")));
      }
      for (int i = 0; i < 10; i++) {
        Message reply = callers.get(i).read();
        assertThat(reply.seqId()).isEqualTo(i);
        assertThat(Thrifts.text(reply.body())).isEqualTo(i % 2 == 0 ? large : "small");
      }
      assertThat(downstream.accepted()).isEqualTo(1);
      callers.forEach(Peer::close);
    }
  }

  /** While others share the connection, reading goes on, and only the slow call is ended. */
  @Test
  void aCallerThatDoesNotReadHoldsUpNobody() throws InterruptedException {
    CountDownLatch sent = new CountDownLatch(1);
    String huge = "z".repeat(24 << 20);
    try (Downstream downstream =
            Downstream.serving(
                (peer, n) -> {
                  Message other = null;
                  for (Message m = peer.read(); m != null; m = peer.read()) {
                    if (m.method().equals("wait")) {
                      other = m;
                    } else if (m.method().equals("huge")) {
                      peer.send(reply(m, huge));
                      sent.countDown();
                      peer.send(reply(other, "waited"));
                    } else {
                      peer.send(reply(m, "ok"));
                    }
                  }
                });
        TestGateway gateway = start(downstream.port());
        Peer slow = Peer.connect(gateway.port(), 64 * 1024);
        Peer waiting = gateway.connect();
        Peer caller = gateway.connect()) {
      assertThat(Thrifts.text(caller.call("ask", 1, Thrifts.args("")).body())).isEqualTo("ok");
      waiting.send(Thrifts.call("wait", 1, ""));
      slow.send(Thrifts.call("huge", 1, ""));
      assertThat(sent.await(20, TimeUnit.SECONDS)).isTrue();
      assertThat(Thrifts.text(waiting.read().body())).isEqualTo("waited");
      assertThat(Thrifts.text(caller.call("ask", 2, Thrifts.args("")).body())).isEqualTo("ok");
      // Half of a reply cannot be taken back: its connection is closed.
      assertThat(slow.read()).isNull();
      assertThat(downstream.accepted()).isEqualTo(1);
    }
  }

  @Test
  void anIdleOneIsLetGo() {
    try (Downstream downstream =
            Downstream.serving(
                (peer, n) -> {
                  for (Message m = peer.read(); m != null; m = peer.read()) {
                    peer.send(reply(m, "ok"));
                  }
                });
        TestGateway gateway = start(downstream.port());
        Peer caller = gateway.connect()) {
      caller.call("ask", 1, Thrifts.args(""));
      await().atMost(Duration.ofSeconds(10)).until(() -> downstream.open() == 0);
      caller.call("ask", 2, Thrifts.args(""));
      assertThat(downstream.accepted()).isEqualTo(2);
    }
  }
}
