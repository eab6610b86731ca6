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
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
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

  /** Calls again and again, four at a time, and goes to another gateway when it is told to go. */
  private final class Caller extends Thread {
    private static final int AT_ONCE = 4;

    private final int next;
    private final AtomicInteger answered;
    private Http2Peer connection;
    private int stream = 1;
    private boolean told;
    private volatile boolean moved;
    private volatile boolean over;
    private volatile String failure = "";

    Caller(int port, int next, AtomicInteger answered) {
      this.connection = Http2Peer.connect(port);
      this.next = next;
      this.answered = answered;
    }

    @Override
    public void run() {
      try {
        while (!over) {
          round();
        }
      } catch (RuntimeException | AssertionError e) {
        failure = Throwables.getStackTrace(e);
      }
      connection.close();
    }

    private void round() {
      for (int i = 0; i < AT_ONCE; i++) {
        connection.send(request(stream, "Echo", false), message(stream, "hi", true));
        stream += 2;
      }
      for (int ended = 0; ended < AT_ONCE; ) {
        Frame frame = connection.read();
        assertThat(frame).as("an answer").isNotNull();
        switch (frame.type()) {
          case GOAWAY -> told = true;
          case PING -> connection.send(frame(PING, ACK, 0, frame.payload()));
          case RST_STREAM -> assertThat(frame.number(0)).isEqualTo(NO_ERROR);
          case HEADERS -> ended += frame.has(END_STREAM) ? 1 : 0;
          case DATA -> {
            assertThat(new String(frame.payload(), StandardCharsets.UTF_8)).endsWith("<hi>");
            answered.incrementAndGet();
          }
          default -> {}
        }
      }
      if (told && !moved) {
        connection.close();
        connection = Http2Peer.connect(next);
        stream = 1;
        moved = true;
      }
    }
  }

  @Test
  void callersUnderLoadLoseNothing() throws InterruptedException {
    TestGateway goes = TestGateway.to(downstream);
    AtomicInteger answered = new AtomicInteger();
    try (TestGateway stays = TestGateway.to(downstream)) {
      List<Caller> callers = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        callers.add(new Caller(goes.port(), stays.port(), answered));
      }
      callers.forEach(Thread::start);
      await().until(() -> answered.get() > 400);
      assertThat(TestGateway.get(goes.gateway().shutdown(LONG))).isZero();
      await().until(() -> callers.stream().allMatch(caller -> caller.moved || !caller.isAlive()));
      callers.forEach(caller -> caller.over = true);
      for (Caller caller : callers) {
        caller.join();
      }
      assertThat(callers).allSatisfy(caller -> assertThat(caller.failure).isEmpty());
      assertThat(served).hasValue(answered.get());
    }
  }
}
