package io.sluice.gateway.server;

import static io.sluice.gateway.testkit.Frames.data;
import static io.sluice.gateway.testkit.Frames.halfClose;
import static io.sluice.gateway.testkit.Frames.header;
import static io.sluice.gateway.testkit.Frames.open;
import static io.sluice.gateway.testkit.Frames.text;
import static io.sluice.gateway.testkit.Frames.trailer;
import static io.sluice.gateway.testkit.Probe.Hook.REQUEST;
import static io.sluice.gateway.testkit.Probe.Hook.REQUEST_MESSAGE;
import static io.sluice.gateway.testkit.Probe.Hook.RESPONSE_MESSAGE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.api.BizStatus;
import io.sluice.api.Payload;
import io.sluice.api.Status;
import io.sluice.api.Step;
import io.sluice.gateway.loop.Budget;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.Frames;
import io.sluice.gateway.testkit.Journal;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.Peer.StreamFrame;
import io.sluice.gateway.testkit.Probe;
import io.sluice.gateway.testkit.Probe.Hook;
import io.sluice.gateway.testkit.Splits;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.wire.ttstream.FrameType;
import io.sluice.gateway.wire.ttstream.StreamCodes;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Streams of ttstream between raw sockets. */
class StreamsTest {
  private final Journal journal = new Journal();
  private final LinkedBlockingQueue<StreamFrame> got = new LinkedBlockingQueue<>();

  /** Answers each message with {@code <message>}, and the half close with a trailer. */
  private Downstream echoing() {
    return Downstream.serving(
        (peer, n) -> {
          for (StreamFrame f = peer.readFrame(); f != null; f = peer.readFrame()) {
            got.add(f);
            Frames.echo(peer, f);
          }
        });
  }

  private StreamFrame next() throws InterruptedException {
    StreamFrame frame = got.poll(10, TimeUnit.SECONDS);
    assertThat(frame).as("a frame for the downstream").isNotNull();
    return frame;
  }

  @Test
  void aStreamPassesWithWhatBelongsToIt() throws InterruptedException {
    try (Downstream downstream = echoing();
        TestGateway gateway = TestGateway.to(downstream.port(), Probe.of("a", journal));
        Peer caller = gateway.connect()) {
      caller.send(
          Splits.glued(
              open(-7, "user", "u", "RPC_PERSIST_p", "v"), data(-7, "one"), halfClose(-7)));
      StreamFrame opened = next();
      assertThat(opened.type()).isEqualTo(FrameType.HEADER);
      assertThat(opened.strings())
          .containsEntry("isn", "Svc")
          .containsEntry("user", "u")
          .containsEntry("RPC_PERSIST_p", "v");
      assertThat(opened.integers()).containsEntry(9, "Chat");
      StreamFrame head = caller.readFrame();
      assertThat(head.type()).isEqualTo(FrameType.HEADER);
      assertThat(head.id()).isEqualTo(-7);
      assertThat(head.strings()).containsEntry("head", "1");
      assertThat(text(caller.readFrame())).isEqualTo("<one>");
      StreamFrame end = caller.readFrame();
      assertThat(end.type()).isEqualTo(FrameType.TRAILER);
      assertThat(end.id()).isEqualTo(-7);
      assertThat(end.strings()).containsEntry("end", "1");
      assertThat(end.payload()).isEmpty();
      journal.assertCompletedOnce("a");
    }
  }

  @Test
  void manyStreamsShareTheConnections() {
    int streams = 50;
    try (Downstream downstream = echoing();
        TestGateway gateway = TestGateway.to(downstream.port(), Probe.of("a", journal));
        Peer caller = gateway.connect()) {
      List<byte[]> frames = new ArrayList<>();
      for (int id = 1; id <= streams; id++) {
        frames.add(open(id));
      }
      for (int message = 0; message < 5; message++) {
        for (int id = streams; id > 0; id--) {
          frames.add(data(id, id + "/" + message));
        }
      }
      for (int id = 1; id <= streams; id++) {
        frames.add(halfClose(id));
      }
      byte[] all = Splits.glued(frames.toArray(byte[][]::new));
      for (byte[] piece : Splits.pieces(all, 1000)) {
        caller.send(piece);
      }
      int[] messages = new int[streams + 1];
      for (int ended = 0; ended < streams; ) {
        StreamFrame frame = caller.readFrame();
        if (frame.type() == FrameType.DATA) {
          assertThat(text(frame)).isEqualTo("<" + frame.id() + "/" + messages[frame.id()]++ + ">");
        } else if (frame.type() == FrameType.TRAILER) {
          assertThat(messages[frame.id()]).isEqualTo(5);
          ended++;
        }
      }
      // While there are few, each has a connection of its own; then they share.
      assertThat(downstream.accepted()).isBetween(1, 32);
    }
  }

  /** Streams had better not share a connection, but rather do so than wait for each other. */
  @Test
  void streamsShareWhereNoFurtherConnectionMayBeOpened() {
    try (Downstream downstream = echoing();
        TestGateway gateway =
            TestGateway.start(
                TestGateway.config("framed", "", downstream.port())
                    .replace("idleTimeout", "maxConnections: 2, idleTimeout"),
                1);
        Peer caller = gateway.connect()) {
      for (int id = 1; id <= 10; id++) {
        caller.send(Splits.glued(open(id), data(id, "hi")));
        assertThat(caller.readFrame().type()).isEqualTo(FrameType.HEADER);
        assertThat(text(caller.readFrame())).isEqualTo("<hi>");
      }
      assertThat(downstream.accepted()).isEqualTo(2);
    }
  }

  @Test
  void filtersSeeEachMessage() {
    Probe a = Probe.ofMessages("a", journal);
    a.on(
        REQUEST_MESSAGE,
        (call, m) -> {
          String text = new String(m.copy(), StandardCharsets.UTF_8);
          return text.equals("drop")
              ? Step.drop()
              : Step.replace(Payload.of((text + "+").getBytes(StandardCharsets.UTF_8)));
        });
    a.on(
        RESPONSE_MESSAGE,
        (call, m) -> m.size() > 5 && m.bytes().get(1) == 'n' ? Step.drop() : Step.NEXT);
    try (Downstream downstream = echoing();
        TestGateway gateway = TestGateway.to(downstream.port(), a);
        Peer caller = gateway.connect()) {
      caller.send(
          Splits.glued(
              open(1),
              data(1, "one"),
              data(1, "drop"),
              data(1, "nothing"),
              data(1, "two"),
              halfClose(1)));
      assertThat(caller.readFrame().type()).isEqualTo(FrameType.HEADER);
      assertThat(text(caller.readFrame())).isEqualTo("<one+>");
      assertThat(text(caller.readFrame())).isEqualTo("<two+>");
      assertThat(caller.readFrame().type()).isEqualTo(FrameType.TRAILER);
      journal.assertCompletedOnce("a");
    }
  }

  @Test
  void aRefusalIsAHeaderAndATrailerWithAnException() {
    Probe a = Probe.of("a", journal).on(REQUEST, (call, m) -> Step.reject(Status.forbidden("no")));
    try (Downstream downstream = echoing();
        TestGateway gateway = TestGateway.to(downstream.port(), a);
        Peer caller = gateway.connect()) {
      caller.send(Splits.glued(open(3), data(3, "one"), halfClose(3)));
      assertThat(caller.readFrame().type()).isEqualTo(FrameType.HEADER);
      StreamFrame end = caller.readFrame();
      assertThat(end.type()).isEqualTo(FrameType.TRAILER);
      assertThat(Frames.exception(end)).isEqualTo(Status.exception(6, "request forbidden: no"));
      assertThat(downstream.accepted()).isZero();
    }
  }

  @Test
  void aBusinessStatusPasses() {
    try (Downstream downstream =
            Downstream.serving(
                (peer, n) -> {
                  StreamFrame f = peer.readFrame();
                  peer.send(header(f.id()));
                  peer.send(
                      trailer(f.id(), Status.OK, new BizStatus(404, "no such", "{\"k\":\"v\"}")));
                  while (peer.readFrame() != null) {}
                });
        TestGateway gateway = TestGateway.to(downstream.port(), Probe.of("a", journal));
        Peer caller = gateway.connect()) {
      caller.send(open(1));
      caller.readFrame();
      StreamFrame end = caller.readFrame();
      assertThat(end.strings())
          .containsEntry("biz-status", "404")
          .containsEntry("biz-message", "no such")
          .containsEntry("biz-extra", "{\"k\":\"v\"}");
    }
  }

  @Test
  void aCancelPassesWithItsPath() throws InterruptedException {
    try (Downstream downstream = echoing();
        TestGateway gateway = TestGateway.to(downstream.port(), Probe.of("a", journal));
        Peer caller = gateway.connect()) {
      caller.send(Splits.glued(open(1), data(1, "one")));
      assertThat(next().type()).isEqualTo(FrameType.HEADER);
      assertThat(next().type()).isEqualTo(FrameType.DATA);
      caller.send(Frames.reset(1, 12007, "changed my mind", "up"));
      StreamFrame rst = next();
      assertThat(rst.type()).isEqualTo(FrameType.RST);
      assertThat(rst.strings()).containsEntry("ttscp", "up,sluice");
      assertThat(Frames.exception(rst)).isEqualTo(Status.exception(12007, "changed my mind"));
      assertThat(next().type()).isEqualTo(FrameType.TRAILER);
      journal.assertCompletedOnce("a");
      // What is still said of it meets nobody, and the connection goes on.
      caller.send(Splits.glued(data(1, "late"), halfClose(1), open(2), halfClose(2)));
      StreamFrame head = caller.readFrame();
      while (head.id() != 2) {
        head = caller.readFrame();
      }
      assertThat(head.type()).isEqualTo(FrameType.HEADER);
    }
  }

  /** It is a cancel all the same; its neighbours go on. */
  @Test
  void aCancelWhoseReasonIsNoneEndsItsCallToo() {
    try (Downstream downstream = echoing();
        TestGateway gateway = TestGateway.to(downstream.port(), Probe.of("a", journal));
        Peer caller = gateway.connect()) {
      caller.send(Splits.glued(open(1), open(2)));
      caller.readFrame();
      caller.readFrame();
      caller.send(Frames.frame(1, 5, new byte[] {1, 2, 3}, "ttscp", "up"));
      journal.assertCompletedOnce("a");
      caller.send(Splits.glued(data(2, "still here"), halfClose(2)));
      StreamFrame frame = caller.readFrame();
      while (frame.type() != FrameType.DATA) {
        frame = caller.readFrame();
      }
      assertThat(frame.id()).isEqualTo(2);
      assertThat(text(frame)).isEqualTo("<still here>");
    }
  }

  @Test
  void aCallerThatGoesCancelsItsStreams() throws InterruptedException {
    try (Downstream downstream = echoing();
        TestGateway gateway = TestGateway.to(downstream.port(), Probe.of("a", journal))) {
      try (Peer caller = gateway.connect()) {
        caller.send(Splits.glued(open(1), open(2)));
        caller.readFrame();
        caller.readFrame();
      }
      next();
      next();
      StreamFrame rst = next();
      assertThat(rst.type()).isEqualTo(FrameType.RST);
      assertThat(Frames.exception(rst).number()).isEqualTo(StreamCodes.CONNECTION_CLOSED);
      journal.assertCompletedOnce("a", "a");
    }
  }

  @Test
  void aDownstreamThatGoesEndsItsStreams() {
    try (Downstream downstream =
            Downstream.serving(
                (peer, n) -> {
                  StreamFrame f = peer.readFrame();
                  peer.send(header(f.id()));
                });
        TestGateway gateway = TestGateway.to(downstream.port(), Probe.of("a", journal));
        Peer caller = gateway.connect()) {
      caller.send(open(1));
      assertThat(caller.readFrame().type()).isEqualTo(FrameType.HEADER);
      StreamFrame end = caller.readFrame();
      assertThat(end.type()).isEqualTo(FrameType.TRAILER);
      assertThat(Frames.exception(end).text()).startsWith("remote or network error: ");
      journal.assertCompletedOnce("a");
    }
  }

  /** A filter adds more than a header holds: that is this call's end and nobody else's. */
  @Test
  void metadataThatDoesNotFitEndsOneCallAndNotTheConnection() {
    Probe a =
        Probe.of("a", journal)
            .on(
                REQUEST,
                (call, m) -> {
                  if (call.metadata().get("large") != null) {
                    for (int i = 0; i < 5; i++) {
                      call.metadata().set("k" + i, "v".repeat(65_000));
                    }
                  }
                  return Step.NEXT;
                });
    try (Downstream downstream = echoing();
        TestGateway gateway = TestGateway.to(downstream.port(), a);
        Peer caller = gateway.connect()) {
      caller.send(open(1));
      assertThat(caller.readFrame().type()).isEqualTo(FrameType.HEADER);
      caller.send(open(2, "large", "1"));
      StreamFrame frame = caller.readFrame();
      assertThat(frame).as("the connection goes on").isNotNull();
      assertThat(frame.id()).isEqualTo(2);
      caller.send(data(1, "still here"));
      while (frame.id() != 1) {
        frame = caller.readFrame();
      }
      assertThat(text(frame)).isEqualTo("<still here>");
    }
  }

  @Test
  void framesOfNobodyAndBadOnes() {
    try (Downstream downstream = echoing();
        TestGateway gateway = TestGateway.to(downstream.port(), Probe.of("a", journal))) {
      try (Peer caller = gateway.connect()) {
        // Unknown streams are passed over.
        caller.send(Splits.glued(data(9, "x"), halfClose(9), open(1), halfClose(1)));
        assertThat(caller.readFrame().id()).isEqualTo(1);
        assertThat(caller.readFrame().type()).isEqualTo(FrameType.TRAILER);
        // A second time is against the rules.
        caller.send(Splits.glued(open(2), open(2)));
        while (caller.readFrame() != null) {}
      }
      await().until(() -> journal.namesAt(Hook.COMPLETE).size() == 2);
      Random random = new Random(4);
      for (int i = 0; i < 20; i++) {
        try (Peer caller = gateway.connect()) {
          byte[] noise = new byte[100];
          random.nextBytes(noise);
          caller.send(Splits.glued(open(1), noise));
          while (caller.readFrame() != null) {}
        }
      }
      await().until(() -> journal.namesAt(Hook.COMPLETE).size() == 22);
    }
  }

  /** What is given back of a stream has been taken for it, also when it was refused. */
  @Test
  void streamsThatAreTooManyDoNotLowerWhatTheConnectionHolds() throws InterruptedException {
    Downstream.Service silent =
        (peer, n) -> {
          for (StreamFrame f = peer.readFrame(); f != null; f = peer.readFrame()) {
            got.add(f);
          }
        };
    try (Downstream downstream = Downstream.serving(silent);
        TestGateway gateway =
            TestGateway.start(
                TestGateway.config("framed", "", downstream.port())
                    .replace("'127.0.0.1:0'", "'127.0.0.1:0', limits: {maxStreams: 1}"),
                1);
        Peer caller = gateway.connect()) {
      caller.send(open(1));
      next();
      for (int id = 2; id < 202; id++) {
        caller.send(open(id, "large", "x".repeat(20_000)));
        assertThat(caller.readFrame().type()).isEqualTo(FrameType.HEADER);
        StreamFrame end = caller.readFrame();
        assertThat(end.id()).isEqualTo(id);
        assertThat(end.type()).isEqualTo(FrameType.TRAILER);
      }
      assertThat(Budget.ofProcess().held()).isNotNegative();
    }
  }
}
