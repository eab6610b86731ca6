package io.sluice.gateway.client;

import static io.sluice.gateway.testkit.TestGateway.config;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.Journal;
import io.sluice.gateway.testkit.Message;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.Probe;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Thrifts;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which endpoint a call goes to. */
class BalancerTest {

  /** One that answers with its name. */
  private static Downstream named(String name) {
    return Downstream.serving(
        (peer, n) -> {
          for (Message m = peer.read(); m != null; m = peer.read()) {
            peer.send(Thrifts.reply(m, name));
          }
        });
  }

  private static String endpoint(int port, int weight) {
    return "{address: '127.0.0.1:" + port + "', weight: " + weight + "}";
  }

  private static String clustered(String balance, String... endpoints) {
    return """
    listeners: {rpc: {address: '127.0.0.1:0'}}
    clusters:
      backend: {endpoints: [%s], transport: framed, balance: %s}
    routes:
      - cluster: backend
    """
        .formatted(String.join(", ", endpoints), balance);
  }

  private static String ask(Peer caller) {
    Message reply = caller.call("who", 1, Thrifts.args(""));
    return reply.type() == 2 ? Thrifts.text(reply.body()) : reply.exception().text();
  }

  private static List<String> ask(Peer caller, int times) {
    List<String> answers = new ArrayList<>();
    for (int i = 0; i < times; i++) {
      answers.add(ask(caller));
    }
    return answers;
  }

  @Test
  void theHeavierComeMoreOftenAndEvenlySpread() {
    try (Downstream a = named("a");
        Downstream b = named("b");
        Downstream c = named("c");
        TestGateway gateway =
            TestGateway.start(
                clustered(
                    "round-robin",
                    endpoint(a.port(), 5),
                    endpoint(b.port(), 1),
                    endpoint(c.port(), 1)),
                1);
        Peer caller = gateway.connect()) {
      List<String> answers = ask(caller, 70);
      assertThat(answers).filteredOn("a"::equals).hasSize(50);
      assertThat(answers).filteredOn("b"::equals).hasSize(10);
      assertThat(answers).filteredOn("c"::equals).hasSize(10);
      // Whatever the start, the round of nginx: a a b a c a a.
      String twice = String.join("", answers) + String.join("", answers);
      assertThat(twice).contains("aabacaa".repeat(9));
    }
  }

  @Test
  void everyGatewayBeginsSomewhereElse() {
    List<String> first = new ArrayList<>();
    try (Downstream a = named("a");
        Downstream b = named("b")) {
      String text = config("framed", "", a.port(), b.port());
      await()
          .atMost(Duration.ofSeconds(60))
          .pollDelay(Duration.ZERO)
          .until(
              () -> {
                try (TestGateway gateway = TestGateway.start(text, 1);
                    Peer caller = gateway.connect()) {
                  first.add(ask(caller));
                }
                return first.contains("a") && first.contains("b");
              });
    }
  }

  @Test
  void leastCallsKeepsAwayFromTheSlowOne() {
    CountDownLatch held = new CountDownLatch(1);
    CountDownLatch done = new CountDownLatch(1);
    Downstream.Service service =
        (peer, n) -> {
          for (Message m = peer.read(); m != null; m = peer.read()) {
            if (m.method().equals("hold")) {
              held.countDown();
              done.await();
            }
            peer.send(Thrifts.reply(m, "answer"));
          }
        };
    try (Downstream a = Downstream.serving(service);
        Downstream b = Downstream.serving(service);
        TestGateway gateway =
            TestGateway.start(
                clustered("least-calls", endpoint(a.port(), 1), endpoint(b.port(), 1)), 1);
        Peer slow = gateway.connect();
        Peer caller = gateway.connect()) {
      slow.send(Thrifts.call("hold", 1, ""));
      await().until(() -> held.getCount() == 0);
      assertThat(ask(caller, 40)).containsOnly("answer");
      // One connection for the held call, one for all others.
      assertThat(a.accepted()).isEqualTo(1);
      assertThat(b.accepted()).isEqualTo(1);
      done.countDown();
      assertThat(slow.read().seqId()).isEqualTo(1);
    }
  }

  @Test
  void leastCallsGivesMoreToTheHeavier() {
    try (Downstream a = named("a");
        Downstream b = named("b");
        TestGateway gateway =
            TestGateway.start(
                clustered("least-calls", endpoint(a.port(), 9), endpoint(b.port(), 1)), 1);
        Peer caller = gateway.connect()) {
      List<String> answers = ask(caller, 200);
      // 180 on the average; five times the deviation of such a draw.
      assertThat(answers).filteredOn("a"::equals).hasSizeBetween(158, 199);
      assertThat(answers).contains("b");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"round-robin", "least-calls"})
  void oneThatRefusesIsPassedOverAndProbedSeldom(String balance) {
    List<Integer> attempts = new CopyOnWriteArrayList<>();
    Probe counting =
        Probe.of("counting", new Journal())
            .onEndDo((call, outcome) -> attempts.add(call.attempts()));
    try (Downstream good = named("good");
        TestGateway gateway =
            TestGateway.start(
                clustered(
                    balance, endpoint(Downstream.refusingPort(), 1), endpoint(good.port(), 1)),
                1,
                counting);
        Peer caller = gateway.connect()) {
      assertThat(ask(caller, 300)).containsOnly("good");
      // With a back-off that doubles, so many tries would last longer than any test.
      assertThat(attempts).filteredOn(n -> n > 1).hasSizeBetween(1, 20);
      assertThat(attempts).allMatch(n -> n <= 2);
    }
  }

  @Test
  void oneThatComesBackIsUsedAgain() {
    int port = Downstream.refusingPort();
    try (Downstream good = named("good");
        TestGateway gateway = TestGateway.start(config("framed", "", port, good.port()), 1);
        Peer caller = gateway.connect()) {
      assertThat(ask(caller, 10)).containsOnly("good");
      try (Downstream back = Downstream.on(port, BalancerTest::sayBack)) {
        await().atMost(Duration.ofSeconds(20)).until(() -> ask(caller, 2).contains("back"));
        // Good again: both in turn.
        assertThat(ask(caller, 10)).filteredOn("back"::equals).hasSize(5);
        assertThat(back.accepted()).isEqualTo(1);
      }
      await().until(() -> ask(caller, 4).stream().allMatch("good"::equals));
    }
  }

  private static void sayBack(Peer peer, int connection) {
    for (Message m = peer.read(); m != null; m = peer.read()) {
      peer.send(Thrifts.reply(m, "back"));
    }
  }

  @Test
  void theOnlyOneIsTriedByEveryCallHoweverOftenItHasRefused() {
    int port = Downstream.refusingPort();
    try (TestGateway gateway = TestGateway.start(config("framed", "", port), 1);
        Peer caller = gateway.connect()) {
      assertThat(ask(caller, 50)).allMatch(text -> text.startsWith("remote or network error: "));
      try (Downstream back = Downstream.on(port, BalancerTest::sayBack)) {
        assertThat(ask(caller)).isEqualTo("back");
        assertThat(back.accepted()).isEqualTo(1);
      }
    }
  }

  @Test
  void ifAllRefuseTheCallHasTriedEachOnce() {
    List<Integer> attempts = new CopyOnWriteArrayList<>();
    Probe counting =
        Probe.of("counting", new Journal())
            .onEndDo((call, outcome) -> attempts.add(call.attempts()));
    try (TestGateway gateway =
            TestGateway.start(
                config(
                    "framed",
                    "",
                    Downstream.refusingPort(),
                    Downstream.refusingPort(),
                    Downstream.refusingPort()),
                1,
                counting);
        Peer caller = gateway.connect()) {
      ask(caller, 10);
      assertThat(attempts).hasSize(10).containsOnly(3);
    }
  }
}
