package io.sluice.gateway.client;

import static io.sluice.gateway.testkit.Frames.data;
import static io.sluice.gateway.testkit.Frames.halfClose;
import static io.sluice.gateway.testkit.Frames.open;
import static io.sluice.gateway.testkit.Frames.reset;
import static io.sluice.gateway.testkit.Frames.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.Frames;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.Peer.StreamFrame;
import io.sluice.gateway.testkit.Splits;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.wire.ttstream.FrameType;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The ways in which streams of ttstream share connections to a downstream. */
class TtstreamPoolTest {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private static TestGateway gateway(Downstream downstream, String settings) {
    String config = TestGateway.config("framed", "", downstream.port());
    return TestGateway.start(config.replace("idleTimeout: 1s", "idleTimeout: 1m, " + settings), 1);
  }

  /** Opens a stream, says a word, and leaves it open when that has come back. */
  private static void talk(Peer caller, int id) {
    caller.send(Splits.glued(open(id), data(id, "m" + id)));
    assertThat(caller.readFrame().type()).isEqualTo(FrameType.HEADER);
    assertThat(text(caller.readFrame())).isEqualTo("<m" + id + ">");
  }

  private static void end(Peer caller, int id) {
    caller.send(halfClose(id));
    StreamFrame end = caller.readFrame();
    assertThat(end.type()).isEqualTo(FrameType.TRAILER);
    assertThat(end.id()).isEqualTo(id);
  }

  @Test
  void shortConnectionsCarryOneStreamEach() {
    try (Downstream downstream = Frames.echoing();
        TestGateway gateway = gateway(downstream, "connections: short");
        Peer caller = gateway.connect()) {
      for (int id = 1; id <= 3; id++) {
        talk(caller, id);
        end(caller, id);
        assertThat(downstream.accepted()).isEqualTo(id);
        await().atMost(PATIENCE).until(() -> downstream.open() == 0);
      }
      // One that is given up is told so before its connection goes.
      talk(caller, 4);
      talk(caller, 5);
      assertThat(downstream.accepted()).isEqualTo(5);
      caller.send(reset(4, 12007, "enough", "web"));
      await().atMost(PATIENCE).until(() -> downstream.open() == 1);
      end(caller, 5);
      await().atMost(PATIENCE).until(() -> downstream.open() == 0);
    }
  }

  @Test
  void aStreamThatIsGivenUpOnAShortConnectionIsReset() {
    AtomicInteger resets = new AtomicInteger();
    try (Downstream downstream =
            Downstream.serving(
                (peer, n) -> {
                  for (StreamFrame f = peer.readFrame(); f != null; f = peer.readFrame()) {
                    if (f.type() == FrameType.RST) {
                      resets.incrementAndGet();
                    } else {
                      Frames.echo(peer, f);
                    }
                  }
                });
        TestGateway gateway = gateway(downstream, "connections: short");
        Peer caller = gateway.connect()) {
      talk(caller, 1);
      caller.send(reset(1, 12007, "enough", "web"));
      await().atMost(PATIENCE).until(() -> resets.get() == 1 && downstream.open() == 0);
    }
  }

  @Test
  void withOneStreamAtATimeConnectionsAreUsedAgain() {
    try (Downstream downstream = Frames.echoing();
        TestGateway gateway = gateway(downstream, "maxStreams: 1");
        Peer caller = gateway.connect()) {
      for (int id = 1; id <= 40; id++) {
        talk(caller, id);
      }
      // More than the streams that are spread over connections by themselves.
      assertThat(downstream.accepted()).isEqualTo(40);
      for (int id = 1; id <= 40; id++) {
        end(caller, id);
      }
      for (int id = 41; id <= 80; id++) {
        talk(caller, id);
      }
      assertThat(downstream.accepted()).isEqualTo(40);
    }
  }

  @Test
  void streamsBeyondTheBoundWaitForAConnection() {
    try (Downstream downstream = Frames.echoing();
        TestGateway gateway =
            gateway(downstream, "connections: short, maxConnections: 2, maxPending: 1");
        Peer caller = gateway.connect()) {
      talk(caller, 1);
      talk(caller, 2);
      caller.send(Splits.glued(open(3), data(3, "m3"), open(4)));
      // The one that may not even wait.
      assertThat(caller.readFrame().id()).isEqualTo(4);
      StreamFrame refused = caller.readFrame();
      assertThat(refused.id()).isEqualTo(4);
      assertThat(Frames.exception(refused).text())
          .startsWith("request over limit: ")
          .contains("maxConnections")
          .contains("maxPending");
      end(caller, 1);
      assertThat(caller.readFrame().id()).isEqualTo(3);
      assertThat(text(caller.readFrame())).isEqualTo("<m3>");
      assertThat(downstream.accepted()).isEqualTo(3);
      end(caller, 2);
      end(caller, 3);
    }
  }

  @Test
  void aStreamSharesAConnectionWhenItCannotHaveItsOwn() {
    try (Downstream downstream = Frames.echoing();
        TestGateway gateway = gateway(downstream, "maxStreams: 3");
        Peer caller = gateway.connect()) {
      talk(caller, 1);
      downstream.refuse();
      talk(caller, 2);
      talk(caller, 3);
      caller.send(open(4));
      assertThat(caller.readFrame().id()).isEqualTo(4);
      assertThat(Frames.exception(caller.readFrame()).text()).contains("get connection error");
      end(caller, 1);
      talk(caller, 5);
    }
  }

  @Test
  void streamsShareWhatTheBoundAllows() {
    try (Downstream downstream = Frames.echoing();
        TestGateway gateway = gateway(downstream, "maxConnections: 2, maxStreams: 3");
        Peer caller = gateway.connect()) {
      for (int id = 1; id <= 6; id++) {
        talk(caller, id);
      }
      assertThat(downstream.accepted()).isEqualTo(2);
      caller.send(Splits.glued(open(7), data(7, "m7")));
      end(caller, 1);
      assertThat(caller.readFrame().id()).isEqualTo(7);
      assertThat(text(caller.readFrame())).isEqualTo("<m7>");
      assertThat(downstream.accepted()).isEqualTo(2);
    }
  }
}
