package io.sluice.gateway.server;

import static io.sluice.gateway.testkit.Http2Peer.ACK;
import static io.sluice.gateway.testkit.Http2Peer.DATA;
import static io.sluice.gateway.testkit.Http2Peer.END_STREAM;
import static io.sluice.gateway.testkit.Http2Peer.GOAWAY;
import static io.sluice.gateway.testkit.Http2Peer.HEADERS;
import static io.sluice.gateway.testkit.Http2Peer.PING;
import static io.sluice.gateway.testkit.Http2Peer.RST_STREAM;
import static io.sluice.gateway.testkit.Http2Peer.frame;
import static io.sluice.gateway.testkit.Http2Peer.message;
import static io.sluice.gateway.testkit.Http2Peer.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.gateway.testkit.GrpcPeers;
import io.sluice.gateway.testkit.Http2Peer;
import io.sluice.gateway.testkit.Http2Peer.Frame;
import io.sluice.gateway.testkit.TestGateway;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.grpc.client.GrpcClientRequest;
import java.net.ConnectException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.util.Throwables;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A listener that goes tells its gRPC callers in time, and none of their calls is lost. */
class GrpcStopTest {
  private static final Duration LONG = Duration.ofSeconds(20);
  private static final int NO_ERROR = 0;
  private static final int REFUSED_STREAM = 7;
  private static final int GRACEFUL_SHUTDOWN = 1000;
  private static final byte[] PING_OF_KITEX = {1, 6, 1, 8, 0, 3, 3, 9};

  private final GrpcPeers peers = new GrpcPeers();
  private final AtomicInteger served = new AtomicInteger();
  private final int downstream =
      peers.serve(
          call -> {
            call.handler(m -> call.response().write(Buffer.buffer("<" + m + ">")));
            call.endHandler(
                end -> {
                  served.incrementAndGet();
                  call.response().end();
                });
          });

  @AfterEach
  void stop() {
    peers.close();
  }

  private static Frame goAway(Http2Peer caller) {
    Frame goAway = caller.readUntil(GOAWAY);
    assertThat(goAway).isNotNull();
    assertThat(goAway.number(4)).isEqualTo(NO_ERROR);
    return goAway;
  }

  @Test
  void streamsThatAreOpenedBeforeTheCallerKnowsAreServed() {
    TestGateway gateway = TestGateway.to(downstream);
    try (Http2Peer caller = Http2Peer.connect(gateway.port())) {
      caller.send(request(1, "Echo", false), message(1, "one", true));
      assertThat(caller.readUntil(f -> f.type() == HEADERS && f.has(END_STREAM))).isNotNull();
      Future<Integer> stopped = gateway.gateway().shutdown(LONG);
      assertThat(goAway(caller).number(0)).isEqualTo(Integer.MAX_VALUE);
      Frame ping = caller.readUntil(PING);
      assertThat(ping.payload()).isEqualTo(PING_OF_KITEX);
      caller.send(request(3, "Echo", false), frame(PING, ACK, 0, ping.payload()));
      assertThat(goAway(caller).number(0)).isEqualTo(3);
      caller.send(request(5, "Echo", true));
      Frame refused = caller.readUntil(RST_STREAM);
      assertThat(refused.stream()).isEqualTo(5);
      assertThat(refused.number(0)).isEqualTo(REFUSED_STREAM);
      caller.send(message(3, "three", true));
      assertThat(caller.readUntil(f -> f.type() == DATA && f.stream() == 3)).isNotNull();
      assertThat(caller.readUntil(f -> f.type() == HEADERS && f.has(END_STREAM))).isNotNull();
      caller.readToTheEnd();
      assertThat(TestGateway.get(stopped)).isZero();
    }
  }

  @Test
  void aCallerThatDoesNotAnswerThePingIsToldTheLastStreamAllTheSame() {
    TestGateway gateway = TestGateway.to(downstream);
    try (Http2Peer caller = Http2Peer.connect(gateway.port())) {
      caller.send(request(1, "Echo", true));
      assertThat(caller.readUntil(f -> f.type() == HEADERS && f.has(END_STREAM))).isNotNull();
      Future<Integer> stopped = gateway.gateway().shutdown(LONG);
      assertThat(goAway(caller).number(0)).isEqualTo(Integer.MAX_VALUE);
      assertThat(goAway(caller).number(0)).isEqualTo(1);
      caller.readToTheEnd();
      assertThat(TestGateway.get(stopped)).isZero();
    }
  }

  @Test
  void callsThatOutlastTheGraceAreToldSo() {
    TestGateway gateway = TestGateway.to(downstream);
    try (Http2Peer kitex = Http2Peer.connect(gateway.port());
        Http2Peer other = Http2Peer.connect(gateway.port())) {
      kitex.send(request(1, "Echo", false, "user-agent", "kitex/v0.16.3"), message(1, "a", false));
      other.send(request(1, "Echo", false), message(1, "a", false), request(3, "Echo", false));
      kitex.readUntil(DATA);
      other.headers(other.readUntil(HEADERS));
      other.readUntil(DATA);
      assertThat(TestGateway.get(gateway.gateway().shutdown(Duration.ofMillis(500)))).isEqualTo(3);
      Frame reset = kitex.readUntil(RST_STREAM);
      assertThat(reset).isNotNull();
      assertThat(reset.number(0)).isEqualTo(GRACEFUL_SHUTDOWN);
      for (int i = 0; i < 2; i++) {
        Frame end = other.readUntil(HEADERS);
        assertThat(end).isNotNull();
        assertThat(end.has(END_STREAM)).isTrue();
        assertThat(other.headers(end)).containsEntry("grpc-status", "14");
      }
    }
  }

  /** A caller without connection goes to the other gateway; whatever it has begun must end well. */
  @Test
  void aClientUnderLoadLosesNothing() throws InterruptedException {
    TestGateway goes = TestGateway.to(downstream);
    AtomicInteger answered = new AtomicInteger();
    AtomicInteger byTheOther = new AtomicInteger();
    AtomicBoolean over = new AtomicBoolean();
    List<String> failures = new ArrayList<>();
    try (TestGateway stays = TestGateway.to(downstream)) {
      List<Thread> callers = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        Thread caller =
            new Thread(
                () -> {
                  int port = goes.port();
                  while (!over.get()) {
                    GrpcClientRequest<Buffer, Buffer> request;
                    try {
                      request = peers.open(port, "Echo");
                    } catch (IllegalStateException e) {
                      if (Throwables.getRootCause(e) instanceof ConnectException) {
                        port = stays.port();
                        continue;
                      }
                      throw e;
                    }
                    Future<GrpcPeers.Answer> answer = GrpcPeers.listen(request);
                    GrpcPeers.say(request, List.of("hi"));
                    assertThat(TestGateway.get(answer).messages()).containsExactly("<hi>");
                    answered.incrementAndGet();
                    byTheOther.addAndGet(port == stays.port() ? 1 : 0);
                  }
                });
        caller.setUncaughtExceptionHandler(
            (thread, cause) -> {
              synchronized (failures) {
                failures.add(Throwables.getStackTrace(cause));
              }
            });
        callers.add(caller);
      }
      int port = goes.port();
      assertThat(port).isNotEqualTo(stays.port());
      callers.forEach(Thread::start);
      await().until(() -> answered.get() > 200);
      assertThat(TestGateway.get(goes.gateway().shutdown(LONG))).isZero();
      await().until(() -> byTheOther.get() > 200 || callers.stream().noneMatch(Thread::isAlive));
      over.set(true);
      for (Thread caller : callers) {
        caller.join();
      }
      assertThat(failures).isEmpty();
      assertThat(served).hasValue(answered.get());
    }
  }
}
