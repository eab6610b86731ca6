package io.sluice.gateway.client;

import static io.sluice.gateway.testkit.Http2Peer.HEADERS;
import static io.sluice.gateway.testkit.Http2Peer.PING;
import static io.sluice.gateway.testkit.Http2Peer.frame;
import static io.sluice.gateway.testkit.Http2Peer.goAway;
import static io.sluice.gateway.testkit.Http2Peer.request;
import static io.sluice.gateway.testkit.Http2Peer.response;
import static io.sluice.gateway.testkit.Http2Peer.trailers;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.GrpcPeers;
import io.sluice.gateway.testkit.GrpcPeers.Answer;
import io.sluice.gateway.testkit.Http2Peer;
import io.sluice.gateway.testkit.TestGateway;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.Http2Settings;
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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** How gRPC calls share connections to downstreams. */
class GrpcConnectionsTest {
  private final GrpcPeers peers = new GrpcPeers();
  private final Set<HttpConnection> connections = ConcurrentHashMap.newKeySet();
  private final List<GrpcServerRequest<Buffer, Buffer>> held = new CopyOnWriteArrayList<>();

  @AfterEach
  void stop() {
    peers.close();
  }

  /** Holds calls until they are let go; the first is answered at once. */
  private int downstream(HttpServerOptions options, Http2Settings afterFirst) {
    boolean[] first = {true};
    return peers.serve(
        options,
        call -> {
          connections.add(call.connection());
          call.handler(m -> {});
          if (first[0]) {
            first[0] = false;
            if (afterFirst != null) {
              call.connection().updateSettings(afterFirst);
            }
            call.response().end(Buffer.buffer("first"));
          } else {
            held.add(call);
          }
        });
  }

  private Future<Answer> call(TestGateway gateway) {
    GrpcClientRequest<Buffer, Buffer> request = peers.open(gateway.port(), "Hold");
    Future<Answer> answer = GrpcPeers.listen(request);
    GrpcPeers.say(request, List.of("hi"));
    return answer;
  }

  private void assertAllServed(TestGateway gateway, int calls) {
    assertThat(TestGateway.get(call(gateway)).messages()).containsExactly("first");
    List<Future<Answer>> answers = new ArrayList<>();
    for (int i = 0; i < calls; i++) {
      answers.add(call(gateway));
    }
    await().until(() -> held.size() + answers.stream().filter(Future::isComplete).count() >= calls);
    Map<HttpConnection, Integer> perConnection = new HashMap<>();
    held.forEach(h -> perConnection.merge(h.connection(), 1, Integer::sum));
    List<String> failed =
        answers.stream()
            .filter(Future::isComplete)
            .map(TestGateway::get)
            .map(told -> told.status() + " " + told.text())
            .toList();
    assertThat(failed).as("before any was answered").isEmpty();
    held.forEach(h -> h.response().end(Buffer.buffer("held")));
    for (Future<Answer> answer : answers) {
      Answer told = TestGateway.get(answer);
      assertThat(told.status()).as(told.text()).isZero();
    }
    assertThat(perConnection.values()).allMatch(n -> n <= 2);
  }

  @Test
  void oneConnectionCarriesThemAll() {
    try (TestGateway gateway = TestGateway.to(downstream(new HttpServerOptions(), null))) {
      TestGateway.get(call(gateway));
      List<Future<Answer>> answers = new ArrayList<>();
      for (int i = 0; i < 50; i++) {
        answers.add(call(gateway));
      }
      await().until(() -> held.size() == 50);
      held.forEach(h -> h.response().end(Buffer.buffer("held")));
      answers.forEach(a -> assertThat(TestGateway.get(a).status()).isZero());
      assertThat(connections).hasSize(1);
    }
  }

  @Test
  void notMoreStreamsThanTheDownstreamAllows() {
    HttpServerOptions two =
        new HttpServerOptions().setInitialSettings(new Http2Settings().setMaxConcurrentStreams(2));
    try (TestGateway gateway = TestGateway.to(downstream(two, null))) {
      assertAllServed(gateway, 7);
    }
  }

  /** A setting that is not in a frame of SETTINGS stays as it was. */
  @Test
  void notMoreEvenAfterOtherSettings() {
    HttpServerOptions two =
        new HttpServerOptions().setInitialSettings(new Http2Settings().setMaxConcurrentStreams(2));
    Http2Settings other =
        new Http2Settings().setMaxConcurrentStreams(2).setInitialWindowSize(99_999);
    try (TestGateway gateway = TestGateway.to(downstream(two, other))) {
      assertAllServed(gateway, 7);
    }
  }

  @Test
  void aConnectionThatTakesNoMoreIsReplaced() {
    try (TestGateway gateway = TestGateway.to(downstream(new HttpServerOptions(), null))) {
      TestGateway.get(call(gateway));
      Future<Answer> open = call(gateway);
      await().until(() -> held.size() == 1);
      HttpConnection old = held.get(0).connection();
      old.goAway(0);
      await()
          .untilAsserted(
              () -> {
                Future<Answer> next = call(gateway);
                int before = held.size();
                await().until(() -> held.size() > before);
                GrpcServerRequest<Buffer, Buffer> served = held.get(held.size() - 1);
                served.response().end(Buffer.buffer("next"));
                assertThat(TestGateway.get(next).status()).isZero();
                assertThat(served.connection()).isNotSameAs(old);
              });
      held.get(0).response().end(Buffer.buffer("old"));
      assertThat(TestGateway.get(open).messages()).containsExactly("old");
    }
  }

  /** Takes one call on each connection, says goodbye, and ends the call when it is told to. */
  private static Downstream leaving(List<Runnable> ends) {
    return Downstream.serving(
        (peer, n) -> {
          Http2Peer h2 = Http2Peer.accept(peer);
          int stream = h2.readUntil(HEADERS).stream();
          h2.send(response(stream), goAway(stream, 0));
          ends.add(() -> h2.send(trailers(stream, 0)));
          h2.readToTheEnd();
        });
  }

  private static TestGateway gateway(Downstream downstream, String settings) {
    return TestGateway.start(
        TestGateway.config("framed", "", downstream.port()).replace("idleTimeout: 1s", settings),
        1);
  }

  private static void open(Http2Peer caller, int stream) {
    caller.send(request(stream, "Stay", false));
    assertThat(caller.readUntil(HEADERS).stream()).isEqualTo(stream);
  }

  /** Else calls that last would add up to any number of connections. */
  @Test
  void aConnectionThatTakesNoMoreCountsUntilItIsClosed() {
    List<Runnable> ends = new CopyOnWriteArrayList<>();
    try (Downstream downstream = leaving(ends);
        TestGateway gateway = gateway(downstream, "maxConnections: 1");
        Http2Peer caller = Http2Peer.connect(gateway.port())) {
      open(caller, 1);
      // The first one's call may last for days: it is not to keep out all others.
      open(caller, 3);
      caller.send(request(5, "Stay", false), frame(PING, 0, 0, new byte[8]));
      caller.readUntil(PING);
      await().during(Duration.ofMillis(300)).until(() -> downstream.accepted() == 2);
      ends.get(0).run();
      assertThat(caller.readUntil(f -> f.type() == HEADERS && f.stream() == 5)).isNotNull();
      assertThat(downstream.accepted()).isEqualTo(3);
    }
  }

  @Test
  void atTheStopThoseThatTakeNoMoreAreClosedToo() {
    List<Runnable> ends = new CopyOnWriteArrayList<>();
    try (Downstream downstream = leaving(ends)) {
      try (TestGateway gateway = gateway(downstream, "maxConnections: 1");
          Http2Peer caller = Http2Peer.connect(gateway.port())) {
        open(caller, 1);
        open(caller, 3);
        assertThat(downstream.open()).isEqualTo(2);
      }
      await().until(() -> downstream.open() == 0);
    }
  }
}
