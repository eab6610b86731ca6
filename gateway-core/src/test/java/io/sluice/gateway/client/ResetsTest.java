package io.sluice.gateway.client;

import static io.sluice.gateway.testkit.Http2Peer.DATA;
import static io.sluice.gateway.testkit.Http2Peer.HEADERS;
import static io.sluice.gateway.testkit.Http2Peer.PING;
import static io.sluice.gateway.testkit.Http2Peer.RST_STREAM;
import static io.sluice.gateway.testkit.Http2Peer.bytes;
import static io.sluice.gateway.testkit.Http2Peer.frame;
import static io.sluice.gateway.testkit.Http2Peer.request;
import static io.sluice.gateway.testkit.Http2Peer.reset;
import static io.sluice.gateway.testkit.Http2Peer.response;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.GrpcPeers;
import io.sluice.gateway.testkit.GrpcPeers.Answer;
import io.sluice.gateway.testkit.Http2Peer;
import io.sluice.gateway.testkit.Http2Peer.Frame;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Warnings;
import io.sluice.gateway.wire.grpc.GrpcTimeout;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.grpc.client.GrpcClientRequest;
import io.vertx.grpc.server.GrpcServerRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Calls that are given up end as resets on connections that others share. The downstream of most of
 * these tests is one of Vert.x as it comes, which closes a connection on which it sees more than
 * 200 resets within 30 s.
 */
class ResetsTest {
  private static final int CANCEL = 8;
  private static final int ROUNDS = 10;
  private static final int EACH = 100;
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final GrpcPeers peers = new GrpcPeers();
  private final Set<HttpConnection> connections = ConcurrentHashMap.newKeySet();
  private final List<GrpcServerRequest<Buffer, Buffer>> held = new CopyOnWriteArrayList<>();
  private final AtomicInteger closed = new AtomicInteger();
  private final AtomicInteger silent = new AtomicInteger();

  @AfterEach
  void stop() {
    peers.close();
  }

  private int downstream() {
    return peers.serve(
        call -> {
          if (connections.add(call.connection())) {
            call.connection().closeHandler(gone -> closed.incrementAndGet());
          }
          switch (call.methodName()) {
            case "Silent", "Never" -> silent.incrementAndGet();
            case "Hold" -> held.add(call);
            default -> {
              call.handler(m -> call.response().write(Buffer.buffer("<" + m + ">")));
              call.endHandler(end -> call.response().end());
            }
          }
        });
  }

  /** Only calls of {@code Silent} have a deadline. */
  private static TestGateway gateway(int port, String cluster) {
    return TestGateway.start(
        """
        listeners: {rpc: {address: '127.0.0.1:0', limits: {resetRate: 0}}}
        clusters:
          backend: {endpoints: ['127.0.0.1:%d'], transport: framed, idleTimeout: 1m%s}
        routes:
          - {match: {method: Silent}, cluster: backend, timeout: 100ms}
          - {cluster: backend}
        """
            .formatted(port, cluster),
        1);
  }

  private Future<Answer> call(TestGateway gateway, String method) {
    GrpcClientRequest<Buffer, Buffer> request = peers.open(gateway.port(), method);
    Future<Answer> answer = GrpcPeers.listen(request);
    GrpcPeers.say(request, List.of("hi"));
    return answer;
  }

  private void assertServed(TestGateway gateway) {
    Answer answer = TestGateway.get(call(gateway, "Echo"));
    assertThat(answer.status()).as(answer.text()).isZero();
    assertThat(answer.messages()).containsExactly("<hi>");
  }

  private static int stream(int call) {
    return 2 * call + 1;
  }

  /** Gives up so many calls, from this number on. */
  private void cancel(Http2Peer caller, int first, int count) {
    for (int n = first; n < first + count; n++) {
      int before = silent.get();
      caller.send(request(stream(n), "Never", false));
      if (n % 10 == 0) {
        // Some get to the downstream first.
        await()
            .atMost(PATIENCE)
            .pollInterval(Duration.ofMillis(2))
            .until(() -> silent.get() > before);
      }
      caller.send(reset(stream(n), CANCEL));
    }
  }

  @Test
  void cancelsWithoutEndCostNobodyACall() {
    try (TestGateway gateway = gateway(downstream(), "");
        Warnings warnings = new Warnings();
        Http2Peer impatient = Http2Peer.connect(gateway.port())) {
      GrpcClientRequest<Buffer, Buffer> long1 = peers.open(gateway.port(), "Echo");
      Future<Answer> answer = GrpcPeers.listen(long1);
      long1.write(Buffer.buffer("0"));
      List<String> said = new ArrayList<>(List.of("<0>"));
      for (int round = 1; round <= ROUNDS; round++) {
        cancel(impatient, round * EACH, EACH);
        assertServed(gateway);
        long1.write(Buffer.buffer("" + round));
        said.add("<" + round + ">");
      }
      long1.end();
      assertThat(TestGateway.get(answer).messages()).containsExactlyElementsOf(said);
      assertThat(TestGateway.get(answer).status()).isZero();
      assertThat(connections).hasSizeBetween(2, ROUNDS + 1);
      assertThat(warnings.lines()).isEmpty();
      // Those that were worn out are gone.
      await().until(() -> connections.size() - closed.get() <= 2);
    }
  }

  @Test
  void deadlinesWithoutEndCostNobodyACall() {
    try (TestGateway gateway = gateway(downstream(), "");
        Warnings warnings = new Warnings();
        Http2Peer impatient = Http2Peer.connect(gateway.port())) {
      GrpcClientRequest<Buffer, Buffer> long1 = peers.open(gateway.port(), "Echo");
      Future<Answer> answer = GrpcPeers.listen(long1);
      long1.write(Buffer.buffer("before"));
      for (int round = 0; round < ROUNDS; round++) {
        for (int n = 0; n < EACH; n++) {
          impatient.send(request(stream(round * EACH + n), "Silent", false));
        }
        for (int ended = 0; ended < EACH; ended++) {
          Frame end = impatient.readUntil(HEADERS);
          assertThat(end).isNotNull();
          assertThat(impatient.headers(end)).containsEntry("grpc-status", "4");
        }
        assertServed(gateway);
      }
      GrpcPeers.say(long1, List.of("after"));
      assertThat(TestGateway.get(answer).messages()).containsExactly("<before>", "<after>");
      assertThat(warnings.lines()).isEmpty();
    }
  }

  /** All of them may be given up as well. */
  @Test
  void afterManyResetsNoConnectionHasMoreCallsThanItMayReset() {
    try (TestGateway gateway = gateway(downstream(), ", maxResets: 10");
        Http2Peer impatient = Http2Peer.connect(gateway.port())) {
      cancel(impatient, 0, 10);
      await().until(() -> silent.get() == 10);
      List<Future<Answer>> answers = new ArrayList<>();
      for (int i = 0; i < 35; i++) {
        answers.add(call(gateway, "Hold"));
      }
      await().until(() -> held.size() == 35);
      Map<HttpConnection, Integer> perConnection = new HashMap<>();
      held.forEach(h -> perConnection.merge(h.connection(), 1, Integer::sum));
      assertThat(perConnection.values()).allMatch(n -> n <= 10);
      held.forEach(h -> h.response().end(Buffer.buffer("held")));
      answers.forEach(a -> assertThat(TestGateway.get(a).status()).isZero());
    }
  }

  @Test
  void aDownstreamThatTakesAnyNumberHasOneConnection() {
    int port =
        peers.serve(
            new HttpServerOptions().setHttp2RstFloodMaxRstFramePerWindow(1_000_000),
            call -> {
              connections.add(call.connection());
              call.handler(m -> call.response().write(Buffer.buffer("<" + m + ">")));
              call.endHandler(end -> call.response().end());
            });
    try (TestGateway gateway = gateway(port, ", maxResets: 0");
        Http2Peer impatient = Http2Peer.connect(gateway.port())) {
      for (int n = 0; n < 500; n++) {
        impatient.send(request(stream(n), "Other", false), reset(stream(n), CANCEL));
      }
      assertServed(gateway);
      assertThat(connections).hasSize(1);
    }
  }

  /** Netty's codec would say one more for each frame that was on its way. */
  @Test
  void aCancelIsOneResetWhateverIsOnItsWay() {
    AtomicInteger resets = new AtomicInteger();
    AtomicInteger frames = new AtomicInteger();
    try (Downstream downstream =
            Downstream.serving(
                (peer, n) -> {
                  Http2Peer h2 = Http2Peer.accept(peer);
                  int id = h2.readUntil(HEADERS).stream();
                  h2.send(response(id), frame(DATA, 0, id, bytes(1000)));
                  h2.readUntil(RST_STREAM);
                  resets.incrementAndGet();
                  for (int i = 0; i < 40; i++) {
                    h2.send(frame(DATA, 0, id, bytes(1000)));
                  }
                  h2.send(frame(PING, 0, 0, new byte[8]));
                  for (Frame f = h2.read(); f.type() != PING; f = h2.read()) {
                    resets.addAndGet(f.type() == RST_STREAM ? 1 : 0);
                  }
                  frames.incrementAndGet();
                  h2.readToTheEnd();
                });
        TestGateway gateway = gateway(downstream.port(), "");
        Http2Peer caller = Http2Peer.connect(gateway.port())) {
      caller.send(request(1, "Echo", false));
      assertThat(caller.readUntil(DATA)).isNotNull();
      caller.send(reset(1, CANCEL));
      await().until(() -> frames.get() == 1);
      assertThat(resets).hasValue(1);
    }
  }

  /** A server that keeps the deadline is often before the gateway, whose clock has wider ticks. */
  @Test
  void aCancelAtTheDeadlineIsTheDeadline() {
    int calls = 20;
    try (Downstream downstream =
            Downstream.serving(
                (peer, n) -> {
                  Http2Peer h2 = Http2Peer.accept(peer);
                  for (Frame f = h2.readUntil(HEADERS); f != null; f = h2.readUntil(HEADERS)) {
                    long end =
                        System.nanoTime() + GrpcTimeout.parse(h2.headers(f).get("grpc-timeout"));
                    while (System.nanoTime() < end) {
                      LockSupport.parkNanos(end - System.nanoTime());
                    }
                    h2.send(reset(f.stream(), CANCEL));
                  }
                });
        TestGateway gateway = gateway(downstream.port(), "");
        Http2Peer caller = Http2Peer.connect(gateway.port())) {
      for (int n = 0; n < calls; n++) {
        caller.send(request(stream(n), "Silent", false));
        Frame end = caller.readUntil(HEADERS);
        assertThat(end).isNotNull();
        assertThat(caller.headers(end))
            .containsEntry("grpc-status", "4")
            .hasEntrySatisfying("grpc-message", text -> assertThat(text).contains("timeout=100ms"));
      }
    }
  }
}
