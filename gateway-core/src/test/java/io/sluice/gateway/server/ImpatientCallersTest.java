package io.sluice.gateway.server;

import static io.sluice.gateway.server.FloodedGateways.met;
import static io.sluice.gateway.server.FloodedGateways.stream;
import static io.sluice.gateway.testkit.Http2Peer.ACK;
import static io.sluice.gateway.testkit.Http2Peer.DATA;
import static io.sluice.gateway.testkit.Http2Peer.GOAWAY;
import static io.sluice.gateway.testkit.Http2Peer.HEADERS;
import static io.sluice.gateway.testkit.Http2Peer.INITIAL_WINDOW;
import static io.sluice.gateway.testkit.Http2Peer.PING;
import static io.sluice.gateway.testkit.Http2Peer.RST_STREAM;
import static io.sluice.gateway.testkit.Http2Peer.frame;
import static io.sluice.gateway.testkit.Http2Peer.message;
import static io.sluice.gateway.testkit.Http2Peer.request;
import static io.sluice.gateway.testkit.Http2Peer.reset;
import static io.sluice.gateway.testkit.Http2Peer.windowUpdate;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.gateway.testkit.Http2Peer;
import io.sluice.gateway.testkit.Http2Peer.Frame;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Warnings;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Callers that cancel much, are slow or ask for short answers: they cost the gateway little, and as
 * long as that is so they stay.
 */
class ImpatientCallersTest {
  private static final int CANCEL = 8;
  private static final int ENHANCE_YOUR_CALM = 11;

  private static FloodedGateways gateways;

  @BeforeAll
  static void start() {
    gateways = new FloodedGateways();
  }

  @AfterAll
  static void stop() {
    gateways.close();
  }

  @Test
  void windowsThatNeverOpen() {
    try (TestGateway gateway = gateways.start("windowTimeout: 500ms");
        Warnings warnings = new Warnings();
        Http2Peer attacker = Http2Peer.connect(gateway.port(), INITIAL_WINDOW, 0)) {
      for (int n = 0; n < 20; n++) {
        attacker.send(request(stream(n), "Echo", false), message(stream(n), "hi", true));
      }
      Frame goAway = attacker.readToTheEnd();
      assertThat(goAway).isNotNull();
      assertThat(goAway.number(4)).isEqualTo(ENHANCE_YOUR_CALM);
      assertThat(met(gateway, "window_timeout")).isEqualTo(1);
      assertThat(warnings.only()).contains("granted no flow-control credit");
    }
  }

  @Test
  void aStreamMayWaitForItsWindowWhileOthersAreRead() {
    try (TestGateway gateway = gateways.start("windowTimeout: 3s");
        Http2Peer caller = Http2Peer.connect(gateway.port(), INITIAL_WINDOW, 0)) {
      caller.send(request(1, "Echo", false), message(1, "waits", true));
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
      int n = 1;
      while (System.nanoTime() < end) {
        int id = stream(n++);
        caller.send(request(id, "Echo", false), windowUpdate(id, 1000), message(id, "hi", true));
        // The window of the connection too, which many answers would fill.
        caller.send(windowUpdate(0, 1000));
        assertThat(caller.readUntil(f -> f.type() == DATA && f.stream() == id)).isNotNull();
      }
      caller.send(windowUpdate(1, 1000));
      assertThat(caller.readUntil(f -> f.type() == DATA && f.stream() == 1)).isNotNull();
    }
  }

  /** More than may be saved up, so that what comes anew each second is needed too. */
  @Test
  void aThousandCancelsASecondCostNothing() {
    try (TestGateway gateway = gateways.start("resetRate: 1500");
        Warnings warnings = new Warnings();
        Http2Peer caller = Http2Peer.connect(gateway.port())) {
      int[] cancelled = {0};
      await()
          .atMost(Duration.ofSeconds(60))
          .pollInterval(Duration.ofMillis(50))
          .until(
              () -> {
                // Never more at a time, however late it is, and all of them read before the next.
                for (int n = 0; n < 50; n++) {
                  int id = stream(cancelled[0]++);
                  caller.send(request(id, "Silent", false), reset(id, CANCEL));
                }
                caller.send(frame(PING, 0, 0, new byte[8]));
                assertThat(caller.readUntil(f -> f.type() == PING && f.has(ACK))).isNotNull();
                return cancelled[0] == 2500;
              });
      int last = stream(cancelled[0]);
      caller.send(request(last, "Echo", false), message(last, "hi", true));
      assertThat(caller.readUntil(f -> f.type() == DATA && f.stream() == last)).isNotNull();
      assertThat(warnings.lines()).isEmpty();
    }
  }

  @Test
  void answeredCallsMakeUpForCancelledOnes() {
    try (TestGateway gateway = gateways.start("resetRate: 20");
        Warnings warnings = new Warnings();
        Http2Peer caller = Http2Peer.connect(gateway.port())) {
      for (int n = 0; n < 400; n += 2) {
        int cancelled = stream(n);
        int answered = stream(n + 1);
        caller.send(
            request(cancelled, "Silent", false),
            reset(cancelled, CANCEL),
            request(answered, "Echo", true));
        assertThat(caller.readUntil(f -> f.type() == HEADERS && f.stream() == answered))
            .isNotNull();
      }
      assertThat(warnings.lines()).isEmpty();
    }
  }

  @Test
  void deadlinesThatEndManyStreamsCostNothing() {
    int calls = 600;
    try (TestGateway gateway = gateways.start("resetRate: 50, controlRate: 200", "timeout: 50ms");
        Warnings warnings = new Warnings();
        Http2Peer caller = Http2Peer.connect(gateway.port())) {
      for (int n = 0; n < calls; n++) {
        caller.send(request(stream(n), "Silent", false));
      }
      int ended = 0;
      while (ended < calls) {
        Frame frame = caller.readUntil(f -> f.type() == HEADERS || f.type() == GOAWAY);
        assertThat(frame).isNotNull();
        assertThat(frame.type()).isEqualTo(HEADERS);
        assertThat(caller.headers(frame)).containsEntry("grpc-status", "4");
        ended++;
      }
      // The gateway has reset them all since they were not half closed; the caller does as well.
      caller.readUntil(f -> f.type() == RST_STREAM && f.stream() == stream(calls - 1));
      for (int n = 0; n < 100; n++) {
        caller.send(reset(stream(n), CANCEL));
      }
      caller.send(request(stream(calls), "Echo", false), message(stream(calls), "hi", true));
      assertThat(caller.readUntil(f -> f.type() == DATA)).isNotNull();
      assertThat(warnings.lines()).isEmpty();
    }
  }
}
