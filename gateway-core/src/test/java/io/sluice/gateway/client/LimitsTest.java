package io.sluice.gateway.client;

import static io.sluice.gateway.testkit.TestGateway.config;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.GrpcPeers;
import io.sluice.gateway.testkit.Journal;
import io.sluice.gateway.testkit.Message;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.Probe;
import io.sluice.gateway.testkit.RawGrpc;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Thrifts;
import io.vertx.core.buffer.Buffer;
import io.vertx.grpc.common.GrpcStatus;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The limits and times of a cluster, each with an error of its own. */
class LimitsTest {
  private final CountDownLatch release = new CountDownLatch(1);
  private final AtomicInteger held = new AtomicInteger();

  /** Calls of {@code hold} are answered when the latch is down, all others at once. */
  private Downstream holding() {
    return Downstream.serving(
        (peer, n) -> {
          for (Message m = peer.read(); m != null; m = peer.read()) {
            if (m.method().equals("hold")) {
              held.incrementAndGet();
              release.await();
            }
            peer.send(Thrifts.reply(m, "answer"));
          }
        });
  }

  private static TestGateway start(String settings, int port, Probe... probes) {
    String text = config("framed", "", port).replace("idleTimeout", settings + ", idleTimeout");
    return TestGateway.start(text, 1, probes);
  }

  private void hold(Peer caller) {
    int before = held.get();
    caller.send(Thrifts.call("hold", 1, ""));
    await().until(() -> held.get() == before + 1);
  }

  private static void assertRefused(Peer caller, String text) {
    Message told = caller.call("ask", 2, Thrifts.args(""));
    assertThat(told.exception().number()).isEqualTo(6);
    assertThat(told.exception().text()).isEqualTo(text);
  }

  private void assertServed(Peer caller) {
    assertThat(Thrifts.text(caller.call("ask", 3, Thrifts.args("")).body())).isEqualTo("answer");
  }

  @Test
  void callsAtOnce() {
    try (Downstream downstream = holding();
        TestGateway gateway = start("maxCalls: 2", downstream.port());
        Peer one = gateway.connect();
        Peer two = gateway.connect();
        Peer three = gateway.connect()) {
      hold(one);
      hold(two);
      assertRefused(three, "request over limit: cluster backend has 2 calls open (maxCalls)");
      assertRefused(three, "request over limit: cluster backend has 2 calls open (maxCalls)");
      release.countDown();
      one.read();
      two.read();
      assertServed(three);
      assertServed(one);
    }
  }

  /** Neither calls that fail nor those that are given up are counted for good. */
  @Test
  void callsThatAreOverCountNoLonger() {
    try (Downstream downstream = holding();
        TestGateway gateway = start("maxCalls: 1", downstream.port());
        Peer caller = gateway.connect()) {
      for (int i = 0; i < 3; i++) {
        try (Peer leaving = gateway.connect()) {
          hold(leaving);
        }
        await().until(() -> caller.call("ask", 1, Thrifts.args("")).type() == 2);
        caller.send(Thrifts.framed(4, "tell", 1, Thrifts.args("")));
        await().until(() -> caller.call("ask", 1, Thrifts.args("")).type() == 2);
      }
    }
    try (TestGateway gateway = start("maxCalls: 1", Downstream.refusingPort());
        Peer caller = gateway.connect()) {
      for (int i = 0; i < 3; i++) {
        assertThat(caller.call("ask", 1, Thrifts.args("")).exception().text())
            .startsWith("remote or network error: get connection error: ");
      }
    }
  }

  @Test
  void connectionsWithoutWaiting() {
    try (Downstream downstream = holding();
        TestGateway gateway = start("maxConnections: 1, maxPending: 0", downstream.port());
        Peer one = gateway.connect();
        Peer two = gateway.connect()) {
      assertServed(two);
      hold(one);
      assertRefused(
          two,
          "request over limit: cluster backend has all of its 1 connections to 127.0.0.1:"
              + downstream.port()
              + " in use (maxConnections), and 0 calls wait for one (maxPending)");
      release.countDown();
      one.read();
      assertServed(two);
    }
  }

  @Test
  void callsThatWaitForAConnection() {
    Journal journal = new Journal();
    try (Downstream downstream = holding();
        TestGateway gateway =
            start(
                "maxConnections: 1, maxPending: 1", downstream.port(), Probe.of("probe", journal));
        Peer one = gateway.connect();
        Peer two = gateway.connect();
        Peer three = gateway.connect()) {
      hold(one);
      two.send(Thrifts.call("ask", 1, ""));
      await().until(() -> journal.events().stream().filter("probe.REQUEST"::equals).count() == 2);
      assertRefused(
          three,
          "request over limit: cluster backend has all of its 1 connections to 127.0.0.1:"
              + downstream.port()
              + " in use (maxConnections), and 1 calls wait for one (maxPending)");
      release.countDown();
      assertThat(one.read().seqId()).isEqualTo(1);
      assertThat(Thrifts.text(two.read().body())).isEqualTo("answer");
      assertServed(three);
    }
  }

  @Test
  void aGrpcCallThatMayNotWaitIsTheFirstOfItsConnectionAllTheSame() throws Exception {
    try (GrpcPeers peers = new GrpcPeers()) {
      int port = peers.serve(call -> call.handler(call.response()::end));
      try (TestGateway gateway = start("maxPending: 0", port)) {
        var request = peers.open(gateway.port(), "Echo");
        request.end(Buffer.buffer("hi"));
        var response = TestGateway.get(request.response());
        TestGateway.get(response.end());
        assertThat(response.status()).isEqualTo(GrpcStatus.OK);
      }
    }
  }

  @Test
  void theTimeToTheFirstByte() {
    try (Downstream downstream = holding();
        TestGateway gateway = start("firstByteTimeout: 100ms", downstream.port());
        Peer caller = gateway.connect()) {
      Message told = caller.call("hold", 1, Thrifts.args(""));
      assertThat(told.exception().number()).isEqualTo(6);
      assertThat(told.exception().text())
          .isEqualTo(
              "rpc timeout: no byte of a reply within 100ms (firstByteTimeout), to=backend,"
                  + " method=hold, remote=127.0.0.1:"
                  + downstream.port());
      release.countDown();
      // The late answer met nobody: its connection is gone.
      assertServed(caller);
      assertThat(downstream.accepted()).isEqualTo(2);
    }
  }

  /** A downstream by gRPC that answers nothing, and counts who leaves it. */
  private static int silent(GrpcPeers peers, AtomicInteger left) {
    return peers.serve(
        call -> {
          call.exceptionHandler(gone -> left.incrementAndGet());
          call.errorHandler(gone -> left.incrementAndGet());
        });
  }

  private static TestGateway first(String transport, String route, int port) {
    String text = config(transport, route, port);
    return TestGateway.start(
        text.replace("idleTimeout", "firstByteTimeout: 100ms, idleTimeout"), 1);
  }

  @Test
  void theTimeToTheFirstByteOfAUnaryGrpcCall() {
    AtomicInteger left = new AtomicInteger();
    try (GrpcPeers peers = new GrpcPeers();
        TestGateway gateway =
            first("{unary: grpc, streaming: grpc}", "mode: unary", silent(peers, left))) {
      GrpcPeers.Answer told =
          peers.post(gateway.port(), "/pkg.Svc/Ask", GrpcPeers.framed("anybody?"));
      assertThat(told.status()).isEqualTo(4);
      assertThat(told.text())
          .startsWith(
              "rpc timeout: no byte of a reply within 100ms (firstByteTimeout), to=backend,"
                  + " method=Ask, remote=127.0.0.1:");
      await().atMost(20, TimeUnit.SECONDS).until(() -> left.get() > 0);
    }
  }

  @Test
  void theTimeToTheFirstByteOfAPingPongCallByGrpc() {
    AtomicInteger left = new AtomicInteger();
    try (RawGrpc peers = new RawGrpc();
        TestGateway gateway =
            first(
                "{unary: grpc, streaming: grpc}, service: Svc",
                "timeout: 1m",
                peers.serveRaw(
                    call -> call.response().exceptionHandler(gone -> left.incrementAndGet())));
        Peer caller = gateway.connect()) {
      Message told = caller.call("ask", 1, Thrifts.args(""));
      assertThat(told.exception().number()).isEqualTo(6);
      assertThat(told.exception().text())
          .startsWith("rpc timeout: no byte of a reply within 100ms (firstByteTimeout)");
      await().atMost(20, TimeUnit.SECONDS).until(() -> left.get() > 0);
    }
  }

  @Test
  void theTimeToTheFirstByteOfAGrpcCallByPingPong() {
    try (Downstream downstream = holding();
        RawGrpc peers = new RawGrpc();
        TestGateway gateway =
            first("{unary: framed, streaming: none}", "timeout: 1m", downstream.port())) {
      RawGrpc.Answer told = peers.call(gateway.port(), "/Svc/hold", Map.of(), Thrifts.args(""));
      assertThat(told.status()).isEqualTo(4);
      assertThat(told.end("grpc-message")).contains("firstByteTimeout");
      release.countDown();
    }
  }

  /** A call of which nobody knows whether it is a stream may be silent. */
  @Test
  void streamsHaveNoTimeToTheFirstByte() {
    try (GrpcPeers peers = new GrpcPeers();
        TestGateway gateway =
            first(
                "framed",
                "timeout: 1m",
                peers.serve(
                    call ->
                        call.endHandler(
                            end ->
                                peers.later(
                                    600, () -> call.response().end(Buffer.buffer("late"))))))) {
      GrpcPeers.Answer told = peers.post(gateway.port(), "/pkg.Svc/Ask", GrpcPeers.framed("hm"));
      assertThat(told.status()).isZero();
    }
  }

  /** Only the first byte is waited for, and only once the request is whole. */
  @Test
  void theTimeToTheFirstByteIsNotThatOfTheWholeCall() {
    CountDownLatch begun = new CountDownLatch(1);
    try (Downstream downstream =
            Downstream.serving(
                (peer, n) -> {
                  Message m = peer.read();
                  byte[] reply = Thrifts.reply(m, "slow");
                  peer.send(Arrays.copyOf(reply, 3));
                  begun.countDown();
                  release.await();
                  peer.send(Arrays.copyOfRange(reply, 3, reply.length));
                });
        TestGateway gateway = start("firstByteTimeout: 1s", downstream.port());
        Peer caller = gateway.connect()) {
      byte[] request = Thrifts.call("ask", 7, "x".repeat(100_000));
      caller.send(Arrays.copyOf(request, 90_000));
      caller.assertSilentFor(1300);
      caller.send(Arrays.copyOfRange(request, 90_000, request.length));
      await().until(() -> begun.getCount() == 0);
      caller.assertSilentFor(1300);
      release.countDown();
      assertThat(Thrifts.text(caller.read().body())).isEqualTo("slow");
    }
  }
}
