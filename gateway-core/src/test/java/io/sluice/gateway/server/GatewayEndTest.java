package io.sluice.gateway.server;

import static io.sluice.gateway.testkit.Frames.data;
import static io.sluice.gateway.testkit.Frames.open;
import static io.sluice.gateway.testkit.Frames.text;
import static io.sluice.gateway.testkit.Probe.Hook.END;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.api.Outcome.Party;
import io.sluice.api.Protocol;
import io.sluice.api.Status;
import io.sluice.api.Step;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.Frames;
import io.sluice.gateway.testkit.Journal;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.Peer.StreamFrame;
import io.sluice.gateway.testkit.Probe;
import io.sluice.gateway.testkit.Splits;
import io.sluice.gateway.testkit.StreamCaller;
import io.sluice.gateway.testkit.StreamServer;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.wire.ttstream.FrameType;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Filters are asked about the ends that the gateway's own side of a caller makes. */
class GatewayEndTest {
  private static final int KERNEL_BUFFER = 64 * 1024;
  private static final byte[] MESSAGE = new byte[64 * 1024];

  private final Journal journal = new Journal();
  private final List<String> ends = new CopyOnWriteArrayList<>();
  private final Probe a = Probe.of("a", journal);
  private final ExecutorService threads = Executors.newCachedThreadPool();

  @AfterEach
  void stop() {
    threads.shutdownNow();
  }

  /** Notes what it is asked about, and has another text told. */
  private void changeText() {
    a.onEndDo(
        (call, end) -> {
          ends.add(end.endedBy() + " " + end.status().code() + " " + end.status().text());
          end.status(new Status(end.status().code(), end.status().number(), "changed"));
        });
  }

  @ParameterizedTest
  @EnumSource(names = {"GRPC", "TTSTREAM"})
  void theGatewayStops(Protocol protocol) throws InterruptedException {
    changeText();
    try (StreamServer server = StreamServer.of(protocol)) {
      TestGateway gateway =
          TestGateway.start(TestGateway.config("framed", "", server.port()), 1, a);
      try (StreamCaller caller = StreamCaller.open(protocol, gateway.port())) {
        caller.say("one");
        while (!caller.next().equals("<one>")) {}
        assertThat(TestGateway.get(gateway.gateway().shutdown(Duration.ofMillis(100)))).isOne();
        String end = caller.next();
        while (!end.startsWith("end:")) {
          end = caller.next();
        }
        assertThat(end).isEqualTo("end:changed");
      }
      journal.assertCompletedOnce("a");
      assertThat(journal.namesAt(END)).containsExactly("a");
      assertThat(ends).singleElement().asString().startsWith(Party.GATEWAY + " UNAVAILABLE");
    }
  }

  /** A filter that still thinks when the connection is closed is no reason to wait. */
  @ParameterizedTest
  @EnumSource(names = {"GRPC", "TTSTREAM"})
  void theGatewayStopsWhileAFilterThinks(Protocol protocol) throws InterruptedException {
    a.on(END, (call, m) -> Step.await(Promise.<Step>promise().future()));
    try (StreamServer server = StreamServer.of(protocol)) {
      TestGateway gateway =
          TestGateway.start(TestGateway.config("framed", "", server.port()), 1, a);
      try (StreamCaller caller = StreamCaller.open(protocol, gateway.port())) {
        caller.say("one");
        while (!caller.next().equals("<one>")) {}
        assertThat(TestGateway.get(gateway.gateway().shutdown(Duration.ofMillis(100)))).isOne();
        assertThat(caller.next()).isEqualTo("lost");
      }
      journal.assertCompletedOnce("a");
    }
  }

  @Test
  void aStreamThatHoldsUpTheOthers() {
    changeText();
    CountDownLatch woken = new CountDownLatch(1);
    String config = "'127.0.0.1:0', limits: {stallTimeout: 500ms}";
    try (Downstream downstream = sleepingOrEchoing(woken);
        TestGateway gateway =
            TestGateway.start(
                TestGateway.config("framed", "", downstream.port())
                    .replace("'127.0.0.1:0'", config),
                1,
                a);
        Peer caller = Peer.connect(gateway.port(), KERNEL_BUFFER)) {
      caller.send(open(2));
      assertThat(caller.readFrame().type()).isEqualTo(FrameType.HEADER);
      caller.send(Splits.glued(open(1), data(1, "sleep")));
      assertThat(caller.readFrame().type()).isEqualTo(FrameType.HEADER);
      threads.execute(
          () -> {
            for (int i = 0; i < 256; i++) {
              caller.send(data(1, MESSAGE));
            }
            caller.send(data(2, "still here"));
          });
      StreamFrame end = caller.readFrame();
      assertThat(end.id()).isEqualTo(1);
      assertThat(end.type()).isEqualTo(FrameType.TRAILER);
      assertThat(Frames.exception(end).text()).isEqualTo("changed");
      woken.countDown();
      assertThat(text(caller.readFrame())).isEqualTo("<still here>");
      journal.assertCompletedOnce("a");
      assertThat(ends)
          .containsExactly(
              Party.GATEWAY
                  + " OVER_LIMIT request over limit: the downstream does not read its stream");
    } finally {
      woken.countDown();
    }
  }

  /** Reads no more of a connection on which a stream asks it to sleep, until it is woken. */
  private static Downstream sleepingOrEchoing(CountDownLatch woken) {
    return Downstream.serving(
        KERNEL_BUFFER,
        (peer, n) -> {
          for (StreamFrame f = peer.readFrame(); f != null; f = peer.readFrame()) {
            if (f.type() == FrameType.DATA && text(f).equals("sleep")) {
              woken.await(1, TimeUnit.MINUTES);
            } else if (f.payload().length < MESSAGE.length) {
              Frames.echo(peer, f);
            }
          }
        });
  }
}
