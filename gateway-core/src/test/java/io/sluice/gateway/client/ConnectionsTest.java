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
import io.sluice.gateway.testkit.ThriftService;
import io.sluice.gateway.testkit.Thrifts;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How connections to downstreams come, are used again, and go. */
class ConnectionsTest {

  private static void assertEchoes(Peer caller, int seqId) {
    Message reply = caller.call("echo", seqId, Thrifts.args("text " + seqId));
    assertThat(reply.type()).isEqualTo(2);
    assertThat(Thrifts.text(reply.body())).isEqualTo("text " + seqId);
  }

  /** A gateway whose cluster has these settings too. */
  private static TestGateway start(String settings, int port) {
    String text = config("framed", "", port).replace("idleTimeout", settings + ", idleTimeout");
    return TestGateway.start(text, 1);
  }

  @Test
  void oneIsEnoughForCallsOneAfterAnother() {
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = TestGateway.to(downstream.port())) {
      for (int i = 0; i < 5; i++) {
        try (Peer caller = gateway.connect()) {
          for (int seqId = 0; seqId < 20; seqId++) {
            assertEchoes(caller, seqId);
          }
        }
      }
      assertThat(downstream.accepted()).isEqualTo(1);
    }
  }

  @Test
  void asManyAsThereAreCallsAtOnce() {
    CountDownLatch all = new CountDownLatch(10);
    try (Downstream downstream =
            Downstream.serving(
                (peer, n) -> {
                  for (Message m = peer.read(); m != null; m = peer.read()) {
                    all.countDown();
                    all.await();
                    peer.send(Thrifts.reply(m, "ok"));
                  }
                });
        TestGateway gateway = TestGateway.to(downstream.port())) {
      List<Peer> callers = new ArrayList<>();
      for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 10; i++) {
          Peer caller = round == 0 ? gateway.connect() : callers.get(i);
          if (round == 0) {
            callers.add(caller);
          }
          caller.send(Thrifts.call("echo", i, "hi"));
        }
        for (int i = 0; i < 10; i++) {
          assertThat(callers.get(i).read().seqId()).isEqualTo(i);
        }
      }
      assertThat(downstream.accepted()).isEqualTo(10);
      callers.forEach(Peer::close);
    }
  }

  @Test
  void notMoreThanConfiguredAndTheRestWaits() {
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = start("maxConnections: 2", downstream.port())) {
      List<Peer> callers = new ArrayList<>();
      for (int i = 0; i < 30; i++) {
        callers.add(gateway.connect().send(Thrifts.call("echo", i, "hi")));
      }
      for (int i = 0; i < 30; i++) {
        Message reply = callers.get(i).read();
        assertThat(reply.type()).isEqualTo(2);
        assertThat(reply.seqId()).isEqualTo(i);
      }
      assertThat(downstream.accepted()).isBetween(1, 2);
      callers.forEach(Peer::close);
    }
  }

  @Test
  void anIdleOneIsLetGoAndTheNextCallGetsAnother() {
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = TestGateway.to(downstream.port());
        Peer caller = gateway.connect()) {
      assertEchoes(caller, 1);
      long begin = System.nanoTime();
      assertThat(downstream.open()).isEqualTo(1);
      await().atMost(Duration.ofSeconds(10)).until(() -> downstream.open() == 0);
      assertThat(Duration.ofNanos(System.nanoTime() - begin))
          .as("the idle timeout is 1 s")
          .isBetween(Duration.ofMillis(900), Duration.ofSeconds(4));
      assertEchoes(caller, 2);
      assertThat(downstream.accepted()).isEqualTo(2);
    }
  }

  @Test
  void oneThatTheDownstreamHasClosedIsNotUsed() {
    try (Downstream downstream =
            Downstream.serving((peer, n) -> peer.send(Thrifts.reply(peer.read(), "only one")));
        TestGateway gateway = TestGateway.to(downstream.port());
        Peer caller = gateway.connect()) {
      for (int i = 1; i <= 5; i++) {
        assertThat(Thrifts.text(caller.call("echo", i, Thrifts.args("hi")).body()))
            .isEqualTo("only one");
        await().until(() -> downstream.open() == 0);
        // The close has been read too, which the loop does before the next of its reads.
        try (Peer other = gateway.connect()) {
          other.send(new byte[] {1, 2, 3, 4, 5, 6, 7, 8}).assertClosedWithoutAWord();
        }
      }
      assertThat(downstream.accepted()).isEqualTo(5);
    }
  }

  @ParameterizedTest
  @CsvSource({"6, true", "42, true", "1, false", "7, false", "20, false"})
  void anExceptionEndsItOnlyWhereKitexCloses(int type, boolean reused) {
    try (Downstream downstream =
            Downstream.serving(
                (peer, n) -> {
                  for (Message m = peer.read(); m != null; m = peer.read()) {
                    peer.send(Thrifts.exception(m, type, "no"));
                  }
                });
        TestGateway gateway = TestGateway.to(downstream.port());
        Peer caller = gateway.connect()) {
      for (int i = 0; i < 3; i++) {
        assertThat(caller.call("echo", i, Thrifts.args("hi")).exception())
            .isEqualTo(Status.exception(type, "no"));
      }
      assertThat(downstream.accepted()).isEqualTo(reused ? 1 : 3);
    }
  }

  @Test
  void oneWhoseServerIsAboutToCloseIsNotUsedAgain() {
    try (Downstream downstream =
            Downstream.serving(
                (peer, n) -> {
                  for (Message m = peer.read(); m != null; m = peer.read()) {
                    peer.send(
                        Thrifts.ttheader(
                            Protocol.TTHEADER,
                            Map.of(),
                            Map.of("crrst", "1"),
                            2,
                            m.method(),
                            m.seqId(),
                            Thrifts.result("bye")));
                  }
                });
        TestGateway gateway = TestGateway.start(config("ttheader", "", downstream.port()), 1);
        Peer caller = gateway.connect()) {
      caller.call("echo", 1, Thrifts.args("hi"));
      caller.call("echo", 2, Thrifts.args("hi"));
      assertThat(downstream.accepted()).isEqualTo(2);
    }
  }

  @Test
  void aOnewayCallIsToldAndNotAnswered() throws InterruptedException {
    LinkedBlockingQueue<Message> told = new LinkedBlockingQueue<>();
    try (Downstream downstream =
            Downstream.serving(
                (peer, n) -> {
                  for (Message m = peer.read(); m != null; m = peer.read()) {
                    told.add(m);
                    // As an unknown-service handler does, which knows no better.
                    peer.send(Thrifts.reply(m, Thrifts.text(m.body())));
                  }
                });
        TestGateway gateway = TestGateway.to(downstream.port());
        Peer caller = gateway.connect()) {
      caller.send(Thrifts.framed(4, "tell", 1, Thrifts.args("secret")));
      Message got = told.poll(10, TimeUnit.SECONDS);
      assertThat(got.type()).isEqualTo(4);
      assertThat(Thrifts.text(got.body())).isEqualTo("secret");
      assertEchoes(caller, 2);
      assertThat(downstream.accepted()).isEqualTo(2);
    }
  }

  @Test
  void aOnewayCallToAThriftServer() {
    try (ThriftService service = ThriftService.start();
        TestGateway gateway = TestGateway.to(service.port());
        Peer caller = gateway.connect()) {
      caller.send(Thrifts.framed(4, "tell", 1, Thrifts.args("hi")));
      await().until(() -> service.calls() == 1);
      assertEchoes(caller, 2);
      assertThat(caller.call("fail", 3, Thrifts.args("hi")).exception())
          .isEqualTo(Status.exception(42, "failed: hi"));
      assertEchoes(caller, 4);
    }
  }

  @Test
  void anEndpointThatRefusesIsPassedOver() {
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway =
            TestGateway.start(
                config("framed", "", Downstream.refusingPort(), downstream.port()), 1);
        Peer caller = gateway.connect()) {
      for (int i = 0; i < 20; i++) {
        assertEchoes(caller, i);
      }
    }
  }

  /** Many at once: the tries of one call must not use up the turns of another. */
  @Test
  void anEndpointThatRefusesIsPassedOverByEveryCallAtOnce() {
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway =
            TestGateway.start(
                config("framed", "", Downstream.refusingPort(), downstream.port()), 1)) {
      List<Peer> callers = new ArrayList<>();
      for (int i = 0; i < 60; i++) {
        callers.add(gateway.connect());
      }
      List<String> failed = new ArrayList<>();
      for (int round = 0; round < 5; round++) {
        for (Peer caller : callers) {
          caller.send(Thrifts.call("echo", 1, "hi"));
        }
        for (Peer caller : callers) {
          Message reply = caller.read();
          if (reply.type() != 2) {
            failed.add(reply.exception().text());
          }
        }
      }
      assertThat(failed.stream().distinct().toList()).isEmpty();
      callers.forEach(Peer::close);
    }
  }

  @Test
  void aShortOneIsForOneCall() {
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = start("connections: short", downstream.port());
        Peer caller = gateway.connect()) {
      for (int i = 1; i <= 5; i++) {
        assertEchoes(caller, i);
        assertThat(downstream.accepted()).isEqualTo(i);
      }
      await().until(() -> downstream.open() == 0);
    }
  }

  @Test
  void shortOnesAreNotMoreThanConfiguredEither() {
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = start("connections: short, maxConnections: 1", downstream.port())) {
      List<Peer> callers = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        callers.add(gateway.connect().send(Thrifts.call("echo", i, "hi")));
      }
      for (int i = 0; i < 20; i++) {
        assertThat(callers.get(i).read().seqId()).isEqualTo(i);
      }
      assertThat(downstream.accepted()).isEqualTo(20);
      callers.forEach(Peer::close);
    }
  }

  @Test
  void thoseNoLongerNeededAreLetGoWhileOneIsUsed() {
    CountDownLatch all = new CountDownLatch(10);
    try (Downstream downstream =
            Downstream.serving(
                (peer, n) -> {
                  for (Message m = peer.read(); m != null; m = peer.read()) {
                    all.countDown();
                    all.await();
                    peer.send(Thrifts.reply(m, Thrifts.text(m.body())));
                  }
                });
        TestGateway gateway = TestGateway.to(downstream.port());
        Peer caller = gateway.connect()) {
      List<Peer> callers = new ArrayList<>();
      for (int i = 0; i < 10; i++) {
        callers.add(gateway.connect().send(Thrifts.call("echo", i, "hi")));
      }
      callers.forEach(peer -> assertThat(peer.read().type()).isEqualTo(2));
      assertThat(downstream.open()).isEqualTo(10);
      await()
          .atMost(Duration.ofSeconds(20))
          .until(
              () -> {
                assertEchoes(caller, 1);
                return downstream.open() == 1;
              });
      assertThat(downstream.accepted()).isEqualTo(10);
      callers.forEach(Peer::close);
    }
  }

  @Test
  void endpointsTakeTurns() {
    try (Downstream one = Downstream.echoing();
        Downstream two = Downstream.echoing();
        TestGateway gateway = TestGateway.start(config("framed", "", one.port(), two.port()), 1);
        Peer caller = gateway.connect()) {
      assertEchoes(caller, 1);
      assertEchoes(caller, 2);
      assertThat(one.accepted()).isEqualTo(1);
      assertThat(two.accepted()).isEqualTo(1);
    }
  }
}
