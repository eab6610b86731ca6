package io.sluice.gateway.server;

import static io.sluice.gateway.testkit.Frames.data;
import static io.sluice.gateway.testkit.Frames.frame;
import static io.sluice.gateway.testkit.Frames.halfClose;
import static io.sluice.gateway.testkit.Frames.header;
import static io.sluice.gateway.testkit.Frames.open;
import static io.sluice.gateway.testkit.Frames.reset;
import static io.sluice.gateway.testkit.Frames.text;
import static io.sluice.gateway.testkit.Frames.trailer;
import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.api.BizStatus;
import io.sluice.api.Status;
import io.sluice.gateway.loop.Budget;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.Frames;
import io.sluice.gateway.testkit.Journal;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.Peer.StreamFrame;
import io.sluice.gateway.testkit.Probe;
import io.sluice.gateway.testkit.Splits;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Warnings;
import io.sluice.gateway.wire.ttstream.FrameType;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What becomes of each kind of ttstream's frames (sections 6.3 and 6.7 of Kitex's wire). */
class TtstreamFramesTest {
  private static final byte[] NONE = {};

  private final Journal journal = new Journal();
  private final LinkedBlockingQueue<StreamFrame> got = new LinkedBlockingQueue<>();

  /** One that is shut down by its test. */
  private TestGateway stopping;

  /** What a downstream says to the HEADER of a stream. */
  private interface Answer {
    void to(Peer peer, int id);
  }

  /** Notes every frame, and answers those that open a stream. */
  private Downstream answering(Answer answer) {
    return Downstream.serving(
        (peer, n) -> {
          for (StreamFrame f = peer.readFrame(); f != null; f = peer.readFrame()) {
            got.add(f);
            if (f.type() == FrameType.HEADER) {
              answer.to(peer, f.id());
            }
          }
        });
  }

  private TestGateway gateway(Downstream downstream) {
    return TestGateway.to(downstream.port(), Probe.of("a", journal));
  }

  private StreamFrame next(FrameType type) throws InterruptedException {
    StreamFrame frame = got.poll(20, TimeUnit.SECONDS);
    assertThat(frame).as("a frame for the downstream").isNotNull();
    assertThat(frame.type()).isEqualTo(type);
    return frame;
  }

  private static StreamFrame read(Peer caller, FrameType type) {
    StreamFrame frame = caller.readFrame();
    assertThat(frame).as("a frame for the caller").isNotNull();
    assertThat(frame.type()).isEqualTo(type);
    return frame;
  }

  @Test
  void aMetaFrameReachesTheCallerAsItIs() {
    byte[] payload = {1, 2, 3};
    try (Downstream downstream =
            answering(
                (peer, id) ->
                    peer.send(
                        Splits.glued(
                            frame(id, 1, payload, "rip", "10.0.0.1", "biz-status", "7"),
                            header(id),
                            frame(0, 1, NONE, "of", "nobody"),
                            frame(id, 1, NONE),
                            trailer(id, Status.OK, null))));
        TestGateway gateway = gateway(downstream);
        Peer caller = gateway.connect()) {
      caller.send(open(77));
      StreamFrame meta = read(caller, FrameType.META);
      assertThat(meta.id()).isEqualTo(77);
      assertThat(meta.strings()).containsOnly(entry("rip", "10.0.0.1"), entry("biz-status", "7"));
      assertThat(meta.integers()).containsOnly(entry(9, "Chat"), entry(27, "1"));
      assertThat(meta.payload()).isEqualTo(payload);
      read(caller, FrameType.HEADER);
      assertThat(read(caller, FrameType.META).payload()).isEmpty();
      read(caller, FrameType.TRAILER);
      journal.assertCompletedOnce("a");
    }
  }

  @Test
  void framesThatAreNothingToTheGatewayAreDropped() throws InterruptedException {
    byte[] payload = {1};
    try (Downstream downstream =
            answering(
                (peer, id) ->
                    peer.send(
                        Splits.glued(
                            frame(id, 6, payload),
                            frame(id, 99, NONE),
                            header(id),
                            trailer(id, Status.OK, null))));
        TestGateway gateway = gateway(downstream);
        Peer caller = gateway.connect()) {
      caller.send(
          Splits.glued(
              frame(1, 9, payload),
              open(1),
              frame(1, 1, payload, "from", "a caller"),
              frame(1, 1000, payload),
              halfClose(1)));
      read(caller, FrameType.HEADER);
      assertThat(read(caller, FrameType.TRAILER).payload()).isEmpty();
      next(FrameType.HEADER);
      next(FrameType.TRAILER);
    }
  }

  @Test
  void theFirstThatIsDroppedIsToldInTheLogWhoseverItIs() {
    try (Downstream downstream =
            answering(
                (peer, id) ->
                    peer.send(
                        Splits.glued(frame(id + 77, 6, NONE), frame(id, 6, NONE), header(id))));
        TestGateway gateway = gateway(downstream);
        Warnings warnings = new Warnings();
        Peer caller = gateway.connect()) {
      caller.send(Splits.glued(frame(8, 9, NONE), frame(9, 9, NONE), open(1)));
      read(caller, FrameType.HEADER);
      await().atMost(Duration.ofSeconds(20)).until(() -> warnings.lines().size() >= 2);
      assertThat(warnings.lines())
          .hasSize(2)
          .allMatch(line -> line.contains("dropped a frame of a type that is none"))
          .anyMatch(line -> line.contains("127.0.0.1:" + downstream.port()));
    }
  }

  /** It keeps its type, which an exception in a trailer loses in Kitex's clients. */
  @Test
  void aResetOfTheDownstreamIsOneToTheCaller() throws InterruptedException {
    try (Downstream downstream =
            answering(
                (peer, id) ->
                    peer.send(Splits.glued(reset(id, 12007, "gone", "mesh"), data(id, "late"))));
        TestGateway gateway = gateway(downstream);
        Peer caller = gateway.connect()) {
      caller.send(open(5));
      StreamFrame rst = read(caller, FrameType.RST);
      assertThat(rst.id()).isEqualTo(5);
      assertThat(rst.strings()).containsEntry("ttscp", "mesh,sluice");
      assertThat(Frames.exception(rst)).isEqualTo(Status.exception(12007, "gone"));
      assertThat(Frames.exceptionId(rst)).isEqualTo(5);
      next(FrameType.HEADER);
      next(FrameType.TRAILER);
      journal.assertCompletedOnce("a");
      assertThat(journal.ends()).containsExactly(Status.exception(12007, "gone"));
      // The caller's own last word meets nobody, and the connection goes on.
      caller.send(Splits.glued(halfClose(5), open(6)));
      assertThat(read(caller, FrameType.RST).id()).isEqualTo(6);
    }
  }

  @Test
  void aResetWithoutAReasonIsOneOfTypeThirteen() throws InterruptedException {
    try (Downstream downstream = answering((peer, id) -> peer.send(frame(id, 5, NONE)));
        TestGateway gateway = gateway(downstream);
        Peer caller = gateway.connect()) {
      caller.send(open(1));
      StreamFrame rst = read(caller, FrameType.RST);
      assertThat(rst.strings()).containsEntry("ttscp", "sluice");
      assertThat(Frames.exception(rst)).isEqualTo(Status.exception(13, "rst"));
    }
  }

  @Test
  void aCallersResetHasTheIdOfItsOwnLeg() throws InterruptedException {
    try (Downstream downstream = answering((peer, id) -> {});
        TestGateway gateway = gateway(downstream);
        Peer caller = gateway.connect()) {
      caller.send(open(1_000_000));
      int id = next(FrameType.HEADER).id();
      assertThat(id).isNotEqualTo(1_000_000);
      caller.send(reset(1_000_000, 12014, "too slow", "web,front"));
      StreamFrame rst = next(FrameType.RST);
      assertThat(rst.id()).isEqualTo(id);
      assertThat(rst.strings()).containsEntry("ttscp", "web,front,sluice");
      assertThat(Frames.exception(rst)).isEqualTo(Status.exception(12014, "too slow"));
      assertThat(Frames.exceptionId(rst)).isEqualTo(id);
      assertThat(next(FrameType.TRAILER).id()).isEqualTo(id);
    }
  }

  @Test
  void inThePathOfACancelTheGatewayHasTheNameThatItIsGiven() throws InterruptedException {
    AtomicInteger streams = new AtomicInteger();
    try (Downstream downstream =
            answering(
                (peer, id) -> {
                  if (streams.incrementAndGet() > 1) {
                    peer.send(reset(id, 12007, "gone", "mesh"));
                  }
                });
        TestGateway gateway =
            TestGateway.start(
                TestGateway.config("framed", "", downstream.port())
                    .replace("'127.0.0.1:0'", "'127.0.0.1:0', cancelName: gw.eu-1"),
                1);
        Peer caller = gateway.connect()) {
      caller.send(open(1));
      next(FrameType.HEADER);
      caller.send(reset(1, 12014, "too slow", "web,front"));
      assertThat(next(FrameType.RST).strings()).containsEntry("ttscp", "web,front,gw.eu-1");
      caller.send(open(2));
      assertThat(read(caller, FrameType.RST).strings()).containsEntry("ttscp", "mesh,gw.eu-1");
    }
  }

  /** After a half close there is nothing more to say. */
  @Test
  void aResetBehindTheHalfCloseComesAlone() throws InterruptedException {
    try (Downstream downstream = answering((peer, id) -> {});
        TestGateway gateway = gateway(downstream);
        Peer caller = gateway.connect()) {
      caller.send(Splits.glued(open(1), halfClose(1)));
      next(FrameType.HEADER);
      next(FrameType.TRAILER);
      caller.send(Splits.glued(reset(1, 12007, "no more", "web"), open(2)));
      next(FrameType.RST);
      next(FrameType.HEADER);
    }
  }

  /** A Kitex server gives it to its handler as an error. */
  @Test
  void aCallerThatFailsSaysSoToTheDownstream() throws InterruptedException {
    try (Downstream downstream = answering((peer, id) -> {});
        TestGateway gateway = gateway(downstream);
        Peer caller = gateway.connect()) {
      caller.send(
          Splits.glued(
              open(1), trailer(1, Status.exception(6, "my fault"), null, "last", "words")));
      int id = next(FrameType.HEADER).id();
      StreamFrame end = next(FrameType.TRAILER);
      assertThat(Frames.exception(end)).isEqualTo(Status.exception(6, "my fault"));
      assertThat(Frames.exceptionId(end)).isEqualTo(id);
      assertThat(end.strings()).containsOnly(entry("last", "words"));
      caller.send(Splits.glued(open(2), trailer(2, Status.OK, new BizStatus(3, "b", null))));
      next(FrameType.HEADER);
      assertThat(next(FrameType.TRAILER).strings()).containsEntry("biz-status", "3");
    }
  }

  /** As in Kitex's clients: who says it twice has lost count of its streams. */
  @Test
  void aSecondHeaderOfTheDownstreamEndsItsConnection() {
    try (Downstream downstream =
            answering((peer, id) -> peer.send(Splits.glued(header(id), header(id))));
        TestGateway gateway = gateway(downstream);
        Peer caller = gateway.connect()) {
      caller.send(open(1));
      read(caller, FrameType.HEADER);
      assertThat(Frames.exception(read(caller, FrameType.TRAILER)).text())
          .isEqualTo("remote or network error: bad frame: a second HEADER");
      await().atMost(Duration.ofSeconds(20)).until(() -> downstream.open() == 0);
    }
  }

  @Test
  void messagesWithoutAHeaderAreTaken() {
    try (Downstream downstream =
            answering(
                (peer, id) ->
                    peer.send(Splits.glued(data(id, "one"), trailer(id, Status.OK, null))));
        TestGateway gateway = gateway(downstream);
        Peer caller = gateway.connect()) {
      caller.send(open(1));
      read(caller, FrameType.HEADER);
      assertThat(text(read(caller, FrameType.DATA))).isEqualTo("one");
      read(caller, FrameType.TRAILER);
      caller.send(open(2));
      read(caller, FrameType.HEADER);
    }
  }

  /** A Kitex server says nothing, and its callers wait. */
  @Test
  void aServiceThatNobodyHasIsAnswered() {
    try (Downstream downstream = answering((peer, id) -> {});
        TestGateway gateway =
            TestGateway.start(
                TestGateway.config("framed", "match: {service: Other}", downstream.port()), 1);
        Peer caller = gateway.connect()) {
      caller.send(Splits.glued(open(4), data(4, "one")));
      assertThat(read(caller, FrameType.HEADER).id()).isEqualTo(4);
      StreamFrame end = read(caller, FrameType.TRAILER);
      assertThat(Frames.exception(end))
          .isEqualTo(Status.exception(20, "unknown service Svc, method Chat"));
      assertThat(Frames.exceptionId(end)).isEqualTo(4);
      caller.send(Splits.glued(data(4, "late"), halfClose(4), open(5)));
      assertThat(read(caller, FrameType.HEADER).id()).isEqualTo(5);
    }
  }

  @Test
  void aStreamOpenWhenTheListenerGoesMayEnd() {
    try (Downstream downstream = Frames.echoing();
        Peer caller = (stopping = gateway(downstream)).connect()) {
      caller.send(open(1));
      read(caller, FrameType.HEADER);
      Future<Integer> stopped = stopping.gateway().shutdown(Duration.ofSeconds(20));
      caller.assertSilentFor(300);
      caller.send(Splits.glued(data(1, "one"), halfClose(1)));
      assertThat(text(read(caller, FrameType.DATA))).isEqualTo("<one>");
      read(caller, FrameType.TRAILER);
      caller.assertClosedWithoutAWord();
      assertThat(TestGateway.<Integer>get(stopped)).isZero();
    }
  }

  @Test
  void whatIsOpenAtTheEndOfTheGraceIsToldOnBothSides() throws InterruptedException {
    try (Downstream downstream = answering((peer, id) -> peer.send(header(id)));
        Peer caller = (stopping = gateway(downstream)).connect()) {
      caller.send(Splits.glued(open(1), open(2)));
      read(caller, FrameType.HEADER);
      read(caller, FrameType.HEADER);
      Future<Integer> stopped = stopping.gateway().shutdown(Duration.ofMillis(300));
      int[] ids = new int[2];
      for (int i = 0; i < 2; i++) {
        StreamFrame end = read(caller, FrameType.TRAILER);
        ids[i] = end.id();
        assertThat(Frames.exception(end))
            .isEqualTo(Status.exception(6, "remote or network error: the gateway stops"));
      }
      assertThat(Arrays.stream(ids)).containsExactlyInAnyOrder(1, 2);
      caller.assertClosedWithoutAWord();
      assertThat(TestGateway.<Integer>get(stopped)).isEqualTo(2);
      next(FrameType.HEADER);
      next(FrameType.HEADER);
      assertThat(Frames.exception(next(FrameType.RST)).number()).isEqualTo(12013);
      journal.assertCompletedOnce("a", "a");
    }
  }

  @Test
  void aHalfCloseThatCannotBeToldEndsItsOwnStreamOnly() throws InterruptedException {
    try (Downstream downstream = answering((peer, id) -> peer.send(header(id)));
        TestGateway gateway = gateway(downstream);
        Peer caller = gateway.connect()) {
      caller.send(Splits.glued(open(1), open(2)));
      read(caller, FrameType.HEADER);
      read(caller, FrameType.HEADER);
      next(FrameType.HEADER);
      next(FrameType.HEADER);
      caller.send(Frames.full(1, 4));
      StreamFrame end = read(caller, FrameType.TRAILER);
      assertThat(end.id()).isEqualTo(1);
      assertThat(Frames.exception(end).text()).contains("does not fit a TTHeader");
      int id = next(FrameType.RST).id();
      assertThat(next(FrameType.TRAILER).id()).isEqualTo(id);
      caller.send(data(2, "on"));
      assertThat(text(next(FrameType.DATA))).isEqualTo("on");
    }
  }

  @Test
  void whatIsNotCompleteOfADownstreamsFrameIsCounted() {
    byte[] message = new byte[4 << 20];
    CompletableFuture<Void> rest = new CompletableFuture<>();
    long before = Budget.ofProcess().held();
    try (Downstream downstream =
            answering(
                (peer, id) -> {
                  byte[] frame = data(id, message);
                  int half = frame.length / 2;
                  peer.send(header(id));
                  peer.send(Arrays.copyOf(frame, half));
                  rest.join();
                  peer.send(Arrays.copyOfRange(frame, half, frame.length));
                });
        TestGateway gateway = gateway(downstream);
        Peer caller = gateway.connect()) {
      caller.send(open(1));
      read(caller, FrameType.HEADER);
      Duration patience = Duration.ofSeconds(20);
      await().atMost(patience).until(() -> Budget.ofProcess().held() - before > 1 << 20);
      rest.complete(null);
      assertThat(read(caller, FrameType.DATA).payload()).isEqualTo(message);
      await().atMost(patience).until(() -> Budget.ofProcess().held() - before < 1 << 20);
    } finally {
      rest.complete(null);
    }
  }

  @Test
  void aListenerThatGoesDoesNotWaitForAStreamThatIsGivenUp() {
    try (Downstream downstream = Frames.echoing();
        Peer caller = (stopping = gateway(downstream)).connect()) {
      caller.send(open(1));
      read(caller, FrameType.HEADER);
      Future<Integer> stopped = stopping.gateway().shutdown(Duration.ofMinutes(2));
      caller.assertSilentFor(300);
      caller.send(reset(1, 12007, "enough", "web"));
      caller.assertClosedWithoutAWord();
      assertThat(TestGateway.<Integer>get(stopped)).isZero();
    }
  }

  @Test
  void metadataThatCannotBeToldEndsItsOwnStreamOnly() {
    AtomicInteger streams = new AtomicInteger();
    try (Downstream downstream =
            answering(
                (peer, id) -> {
                  int n = streams.incrementAndGet();
                  if (n == 1) {
                    peer.send(Splits.glued(Frames.full(id, 2), data(id, "late")));
                  } else if (n == 2) {
                    peer.send(Splits.glued(header(id), Frames.full(id, 4)));
                  } else if (n == 3) {
                    peer.send(Frames.full(id, 1));
                  } else {
                    peer.send(Splits.glued(header(id), trailer(id, Status.OK, null)));
                  }
                });
        TestGateway gateway = gateway(downstream);
        Peer caller = gateway.connect()) {
      for (int id = 1; id <= 4; id++) {
        caller.send(open(id));
        assertThat(read(caller, FrameType.HEADER).id()).isEqualTo(id);
        StreamFrame end = read(caller, FrameType.TRAILER);
        assertThat(end.id()).isEqualTo(id);
        assertThat(end.strings()).isEmpty();
        if (id < 4) {
          assertThat(Frames.exception(end).text()).contains("does not fit a TTHeader");
        } else {
          assertThat(end.payload()).isEmpty();
        }
      }
    }
  }
}
