package io.sluice.interop.soak;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.interop.harness.GatewayProcess;
import io.sluice.interop.harness.Message;
import io.sluice.interop.harness.Message.Framing;
import io.sluice.interop.harness.Peers;
import io.sluice.interop.harness.RawConnection;
import io.sluice.interop.soak.Talk.Script;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Thousands of streams of gRPC and ttstream, as they are and translated, to a Kitex server: all
 * open at once, and opened, cancelled and closed at random while callers and the server come and
 * go. None is stuck, here or at the server, and memory returns to where it was.
 */
@Timeout(value = 30, unit = TimeUnit.MINUTES)
final class ManyStreamsTest {
  private static final int AT_ONCE =
      Integer.getInteger("sluice.soak.open", Soak.pick(1000, 10_000));
  private static final int AT_RANDOM =
      Integer.getInteger("sluice.soak.streams", Soak.pick(4000, 100_000));
  private static final int ROUNDS = Soak.pick(2, 4);

  /** Callers' connections of each kind. */
  private static final int CONNECTIONS = 5;

  private static final int CALLERS = CONNECTIONS * Crowd.Kind.values().length;

  private static final Duration PATIENCE = Duration.ofMinutes(5);

  /** One round with callers of its own. */
  private interface Round {
    void run(Scene scene, Crowd crowd, int number);
  }

  /** The server, the gateway before it, and what is seen of them. */
  private static final class Scene implements AutoCloseable {
    private final Trouble trouble = new Trouble();
    private Peers.Server server = Peers.server();
    private final GatewayProcess gateway =
        GatewayProcess.with(Crowd.config(server.address().getPort()))
            .java(Siege.SMALL_MEMORY)
            .start();

    void rounds(String name, Round round) {
      Footprint footprint = new Footprint(name, gateway);
      for (int i = 1; i <= ROUNDS; i++) {
        long begin = System.nanoTime();
        try (Crowd crowd = new Crowd(gateway, trouble)) {
          for (Crowd.Kind kind : Crowd.Kind.values()) {
            for (int n = 0; n < CONNECTIONS; n++) {
              crowd.connect(kind);
            }
          }
          crowd.awaitCallers(CALLERS);
          round.run(this, crowd, i);
        }
        footprint.awaitNothingLeft();
        await("handlers of the server that run")
            .atMost(PATIENCE)
            .untilAsserted(() -> assertThat(handlers()).isZero());
        footprint.lookAtRest(
            "round %d of %d ms"
                .formatted(i, TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin)));
      }
      footprint.assertFlat();
    }

    /** How many streams the server has open. */
    private long handlers() {
      try (RawConnection connection = RawConnection.to(server.address())) {
        return connection
            .exchange(Message.call(Framing.FRAMED, "", "Fired", 1, Message.text("#streams")))
            .resultNumber();
      }
    }

    void restartServer() {
      trouble.during(
          () -> {
            server.close();
            server = Peers.serverAt(server.address());
          });
    }

    @Override
    public void close() {
      try {
        gateway.close();
      } finally {
        server.close();
      }
    }
  }

  @Test
  void manyStreamsAtOnce() {
    int each = AT_ONCE / CALLERS;
    int all = each * CALLERS;
    try (Scene scene = new Scene()) {
      scene.rounds(
          "%d streams at once".formatted(all),
          (at, crowd, number) -> {
            List<Talk> talks = new ArrayList<>();
            onLoop(
                crowd,
                () -> {
                  for (StreamCaller caller : crowd.callers()) {
                    for (int i = 0; i < each; i++) {
                      Talk talk = new Talk(caller, Script.HALF_CLOSE, "talk-" + talks.size(), 0);
                      talks.add(talk);
                      caller.open(talk);
                      caller.say(talk, talk.next());
                    }
                    caller.flush();
                  }
                });
            crowd.awaitHeard(all);
            await("streams open")
                .atMost(PATIENCE)
                .until(() -> at.gateway.metric("sluice_streams_open") == all);
            Soak.say("%d streams open: RSS %d MiB", all, at.gateway.rss() >> 20);
            onLoop(crowd, () -> sayAll(crowd, talks));
            crowd.awaitHeard(2 * all);
            onLoop(
                crowd,
                () -> {
                  talks.forEach(talk -> talk.caller().halfClose(talk));
                  crowd.callers().forEach(StreamCaller::flush);
                });
            crowd.awaitEnded(all);
          });
      assertThat(scene.gateway.metric("sluice_streams_ended_total")).isEqualTo(ROUNDS * all);
    }
  }

  private static void sayAll(Crowd crowd, List<Talk> talks) {
    talks.forEach(talk -> talk.caller().say(talk, talk.next()));
    crowd.callers().forEach(StreamCaller::flush);
  }

  private static void onLoop(Crowd crowd, Runnable what) {
    crowd.loop().submit(what).syncUninterruptibly();
  }

  @Test
  void streamsOpenedCancelledAndClosedAtRandom() {
    int each = AT_RANDOM / ROUNDS;
    Soak.say("%d streams at random, seed %d", AT_RANDOM, Soak.SEED);
    try (Scene scene = new Scene()) {
      scene.rounds(
          "%d streams at random".formatted(AT_RANDOM),
          (at, crowd, number) -> {
            RandomStreams streams = new RandomStreams(crowd, new Random(Soak.SEED + number), each);
            streams.start();
            await("half of the streams opened")
                .atMost(PATIENCE)
                .until(() -> streams.opened() >= each / 2 || crowd.hasFaults());
            at.restartServer();
            streams.awaitEnd(PATIENCE);
            Soak.say("round %d: %s", number, streams.done());
          });
    }
  }
}
