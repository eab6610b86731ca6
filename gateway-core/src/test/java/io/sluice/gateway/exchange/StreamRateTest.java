package io.sluice.gateway.exchange;

import static io.sluice.gateway.testkit.Frames.data;
import static io.sluice.gateway.testkit.Frames.halfClose;
import static io.sluice.gateway.testkit.Frames.header;
import static io.sluice.gateway.testkit.Frames.open;
import static io.sluice.gateway.testkit.Frames.reset;
import static io.sluice.gateway.testkit.Frames.text;
import static io.sluice.gateway.testkit.Frames.trailer;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.api.Status;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.Frames;
import io.sluice.gateway.testkit.GrpcPeers;
import io.sluice.gateway.testkit.GrpcPeers.Answer;
import io.sluice.gateway.testkit.Http2Peer;
import io.sluice.gateway.testkit.Journal;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.Peer.StreamFrame;
import io.sluice.gateway.testkit.Probe;
import io.sluice.gateway.testkit.RawGrpc;
import io.sluice.gateway.testkit.Splits;
import io.sluice.gateway.testkit.Standstill;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.wire.ttstream.FrameType;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.grpc.client.GrpcClientRequest;
import io.vertx.grpc.server.GrpcServerRequest;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Streams that have more to say than the rate of their route. Where something must not pass, its
 * time would come only after minutes.
 */
class StreamRateTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final int KERNEL_BUFFER = 64 * 1024;

  /** At 1 KiB a second nothing more passes for four minutes. */
  private static final byte[] LARGE = new byte[256 * 1024];

  /** By gRPC, of which some fit into a window. */
  private static final byte[] PART = new byte[32 * 1024];

  private static final int FLOOD = 512;
  private static final String SLOW = "bytes: 1KiB";

  private final Journal journal = new Journal();
  private final LinkedBlockingQueue<StreamFrame> got = new LinkedBlockingQueue<>();
  private final GrpcPeers peers = new GrpcPeers();
  private final RawGrpc raw = new RawGrpc();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final AtomicLong sent = new AtomicLong();

  @AfterEach
  void stop() {
    threads.shutdownNow();
    peers.close();
    raw.close();
  }

  private TestGateway gateway(int port, String limits) {
    return gateway(port, limits, "");
  }

  private TestGateway gateway(int port, String limits, String cluster) {
    String config =
        TestGateway.config("framed", "stream: {" + limits + "}", port)
            .replace("idleTimeout: 1s", cluster.isEmpty() ? "idleTimeout: 1s" : cluster);
    return TestGateway.start(config, 1, Probe.of("a", journal));
  }

  /** Sends until all is sent or the connection is gone. */
  private void flood(Peer to, int id) {
    byte[] frame = data(id, LARGE);
    try {
      for (int i = 0; i < FLOOD; i++) {
        // Whole frames: others write to this connection too.
        synchronized (to) {
          to.send(frame);
        }
        sent.incrementAndGet();
      }
    } catch (UncheckedIOException e) {
      // The test is over.
    }
  }

  private void awaitStandstill() {
    Standstill.await(sent::get);
    assertThat(sent.get()).as("messages that got away").isLessThan(FLOOD / 4);
  }

  /** Notes everything, floods the streams in which it is asked to, and echoes in others. */
  private Downstream downstream() {
    return Downstream.serving(
        KERNEL_BUFFER,
        (peer, n) -> {
          for (StreamFrame f = peer.readFrame(); f != null; f = peer.readFrame()) {
            got.add(f);
            StreamFrame frame = f;
            if (f.type() == FrameType.DATA && text(f).equals("flood")) {
              threads.execute(() -> flood(peer, frame.id()));
            } else if (f.payload().length < LARGE.length) {
              synchronized (peer) {
                Frames.echo(peer, f);
              }
            }
          }
        });
  }

  private static List<String> texts(int n) {
    return IntStream.range(0, n).mapToObj(i -> "message " + i).toList();
  }

  private static double waits(TestGateway gateway, String direction) {
    return gateway
        .registry()
        .get("sluice.stream.waits")
        .tag("direction", direction)
        .functionCounter()
        .count();
  }

  @Test
  void allMessagesArriveInTheirOrderAndThenTheEnd() {
    try (Downstream downstream = Frames.echoing();
        TestGateway gateway =
            gateway(
                downstream.port(), "requestRate: {messages: 40}, responseRate: {messages: 30}");
        Peer caller = gateway.connect()) {
      List<String> texts = texts(70);
      List<byte[]> frames = new ArrayList<>();
      frames.add(open(1));
      texts.forEach(text -> frames.add(data(1, text)));
      frames.add(halfClose(1));
      caller.send(Splits.glued(frames.toArray(new byte[0][])));
      assertThat(caller.readFrame().type()).isEqualTo(FrameType.HEADER);
      for (String text : texts) {
        assertThat(text(caller.readFrame())).isEqualTo("<" + text + ">");
      }
      assertThat(caller.readFrame().strings()).containsEntry("end", "1");
      journal.assertCompletedOnce("a");
      assertThat(waits(gateway, "request")).isPositive();
      assertThat(waits(gateway, "response")).isPositive();
    }
  }

  @Test
  void byGrpcToo() {
    try (TestGateway gateway =
        gateway(peers.serveEcho(), "requestRate: {messages: 200}, responseRate: {bytes: 256KiB}")) {
      GrpcClientRequest<Buffer, Buffer> request = peers.open(gateway.port(), "Chat");
      Future<Answer> answer = GrpcPeers.listen(request);
      List<String> texts = texts(300).stream().map(text -> text + "-".repeat(2000)).toList();
      GrpcPeers.say(request, texts);
      Answer told = TestGateway.get(answer);
      assertThat(told.messages())
          .containsExactlyElementsOf(texts.stream().map(text -> "<" + text + ">").toList());
      assertThat(told.status()).isZero();
      journal.assertCompletedOnce("a");
    }
  }

  /** As small as they may be, each byte in a frame of its own. */
  @Test
  void manySmallPartsThatWait() {
    List<String> arrived = new CopyOnWriteArrayList<>();
    int port =
        raw.serve(
            call -> {
              call.messages().forEach(m -> arrived.add(new String(m, StandardCharsets.UTF_8)));
              call.answer(Map.of("grpc-status", "0"));
            });
    try (TestGateway gateway = gateway(port, "requestRate: {bytes: 6KiB}");
        Http2Peer caller = Http2Peer.connect(gateway.port())) {
      caller.send(Http2Peer.request(1, "Chat", false));
      List<String> texts = texts(1000);
      List<byte[]> frames = new ArrayList<>();
      for (String text : texts) {
        for (byte one : GrpcPeers.framed(text).getBytes()) {
          frames.add(Http2Peer.frame(Http2Peer.DATA, 0, 1, one));
        }
      }
      frames.add(Http2Peer.frame(Http2Peer.DATA, Http2Peer.END_STREAM, 1));
      caller.send(Splits.glued(frames.toArray(new byte[0][])));
      caller.readUntil(frame -> frame.has(Http2Peer.END_STREAM) && frame.stream() == 1);
      assertThat(arrived).containsExactlyElementsOf(texts);
      journal.assertCompletedOnce("a");
    }
  }

  @Test
  void aloneACallerByTtstreamWaits() throws InterruptedException {
    try (Downstream downstream = downstream();
        TestGateway gateway = gateway(downstream.port(), "requestRate: {" + SLOW + "}");
        Peer caller = Peer.connect(gateway.port(), KERNEL_BUFFER)) {
      caller.send(open(1));
      assertThat(caller.readFrame().type()).isEqualTo(FrameType.HEADER);
      threads.execute(() -> flood(caller, 1));
      awaitStandstill();
      assertThat(got.poll(20, TimeUnit.SECONDS).type()).isEqualTo(FrameType.HEADER);
      assertThat(got.poll(20, TimeUnit.SECONDS).type()).isEqualTo(FrameType.DATA);
      assertThat(got).isEmpty();
      assertThat(journal.ends()).isEmpty();
    }
    journal.assertCompletedOnce("a");
  }

  /** Nobody knows before that it is not alone. */
  @Test
  void aStreamThatBeginsBehindOneThatWaitsIsServed() {
    try (Downstream downstream = Frames.echoing();
        TestGateway gateway = gateway(downstream.port(), "requestRate: {messages: 1}");
        Peer caller = gateway.connect()) {
      caller.send(open(1));
      assertThat(caller.readFrame().type()).isEqualTo(FrameType.HEADER);
      for (int i = 0; i < 100; i++) {
        caller.send(data(1, "message " + i));
      }
      await().atMost(PATIENCE).until(() -> waits(gateway, "request") == 1);
      caller.send(Splits.glued(open(2), data(2, "in between")));
      StreamFrame frame = caller.readFrame();
      while (frame.id() == 1 && !text(frame).equals("<message 20>")) {
        frame = caller.readFrame();
      }
      assertThat(frame.id()).isEqualTo(2);
      assertThat(text(caller.readFrame())).isEqualTo("<in between>");
      assertThat(journal.ends()).isEmpty();
    }
  }

  @Test
  void aloneADownstreamByTtstreamWaits() {
    try (Downstream downstream = downstream();
        TestGateway gateway = gateway(downstream.port(), "responseRate: {" + SLOW + "}");
        Peer caller = gateway.connect()) {
      caller.send(Splits.glued(open(1), data(1, "flood")));
      assertThat(caller.readFrame().type()).isEqualTo(FrameType.HEADER);
      assertThat(caller.readFrame().payload()).hasSize(LARGE.length);
      awaitStandstill();
      caller.assertSilentFor(300);
      // A stream that is not read is no reason not to hear that nobody wants it.
      caller.send(reset(1, 12007, "enough", "web"));
      journal.assertCompletedOnce("a");
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () -> assertThat(got).extracting(StreamFrame::type).contains(FrameType.RST));
    }
  }

  /** The others are not to wait with it. */
  @Test
  void onASharedConnectionACallerByTtstreamLosesItsStream() {
    try (Downstream downstream = downstream();
        TestGateway gateway = gateway(downstream.port(), "requestRate: {" + SLOW + "}");
        Peer caller = gateway.connect()) {
      caller.send(open(1));
      assertThat(caller.readFrame().type()).isEqualTo(FrameType.HEADER);
      caller.send(open(2));
      assertThat(caller.readFrame().type()).isEqualTo(FrameType.HEADER);
      caller.send(Splits.glued(data(1, LARGE), data(1, LARGE), data(1, "one more")));
      StreamFrame end = caller.readFrame();
      assertThat(end.type()).isEqualTo(FrameType.TRAILER);
      assertThat(end.id()).isEqualTo(1);
      assertThat(Frames.exception(end))
          .isEqualTo(
              Status.exception(
                  6,
                  "request over limit: more than 1KiB a second (requestRate), and others share the"
                      + " connection of the stream"));
      caller.send(Splits.glued(data(1, "late"), data(2, "still here")));
      assertThat(text(caller.readFrame())).isEqualTo("<still here>");
      journal.assertCompletedOnce("a");
    }
  }

  /** Few that are early are no reason to end anything. */
  @Test
  void onASharedConnectionAFewMessagesWait() {
    try (Downstream downstream = Frames.echoing();
        TestGateway gateway = gateway(downstream.port(), "requestRate: {messages: 20}");
        Peer caller = gateway.connect()) {
      caller.send(Splits.glued(open(1), open(2)));
      List<byte[]> frames = new ArrayList<>();
      texts(60).forEach(text -> frames.add(data(1, text)));
      frames.add(data(2, "in between"));
      caller.send(Splits.glued(frames.toArray(new byte[0][])));
      List<StreamFrame> frames1 = new ArrayList<>();
      List<StreamFrame> frames2 = new ArrayList<>();
      while (frames1.size() < 61 || frames2.size() < 2) {
        StreamFrame frame = caller.readFrame();
        (frame.id() == 1 ? frames1 : frames2).add(frame);
      }
      assertThat(frames1.subList(1, 61))
          .extracting(Frames::text)
          .containsExactlyElementsOf(texts(60).stream().map(text -> "<" + text + ">").toList());
    }
  }

  @Test
  void onASharedConnectionADownstreamByTtstreamLosesItsStream() {
    try (Downstream downstream = downstream();
        TestGateway gateway =
            gateway(downstream.port(), "responseRate: {" + SLOW + "}", "maxConnections: 1");
        Peer caller = gateway.connect()) {
      caller.send(open(2));
      assertThat(caller.readFrame().type()).isEqualTo(FrameType.HEADER);
      caller.send(Splits.glued(open(1), data(1, "flood")));
      assertThat(caller.readFrame().type()).isEqualTo(FrameType.HEADER);
      StreamFrame frame = caller.readFrame();
      while (frame.type() == FrameType.DATA) {
        frame = caller.readFrame();
      }
      assertThat(frame.id()).isEqualTo(1);
      assertThat(Frames.exception(frame).text())
          .isEqualTo(
              "request over limit: more than 1KiB a second (responseRate), and others share the"
                  + " connection of the stream");
      caller.send(data(2, "still here"));
      assertThat(text(caller.readFrame())).isEqualTo("<still here>");
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () -> assertThat(got).extracting(StreamFrame::type).contains(FrameType.RST));
    }
  }

  /** Writes messages, and counts those that have left. */
  private void flood(Function<Buffer, Future<Void>> write) {
    for (int i = 0; i < FLOOD; i++) {
      write.apply(Buffer.buffer(PART)).onSuccess(done -> sent.incrementAndGet());
    }
  }

  @Test
  void aCallerByGrpcWaitsAndItsNeighbourDoesNot() {
    int port =
        peers.serve(
            call -> {
              call.handler(
                  m -> {
                    if (m.length() < PART.length) {
                      call.response().write(m);
                    }
                  });
              call.endHandler(end -> call.response().end());
            });
    try (TestGateway gateway = gateway(port, "requestRate: {" + SLOW + "}")) {
      GrpcClientRequest<Buffer, Buffer> request = peers.open(gateway.port(), "Chat");
      GrpcPeers.listen(request);
      flood(request::write);
      awaitStandstill();
      GrpcClientRequest<Buffer, Buffer> other = peers.open(gateway.port(), "Chat");
      Future<Answer> answer = GrpcPeers.listen(other);
      GrpcPeers.say(other, List.of("still here"));
      assertThat(TestGateway.get(answer).messages()).containsExactly("still here");
      request.cancel();
      journal.assertCompletedOnce("a", "a");
    }
  }

  @Test
  void aDownstreamByGrpcWaits() {
    LinkedBlockingQueue<GrpcServerRequest<Buffer, Buffer>> calls = new LinkedBlockingQueue<>();
    int port =
        peers.serve(
            call -> {
              calls.add(call);
              call.handler(m -> flood(call.response()::write));
            });
    try (TestGateway gateway =
        gateway(port, "responseRate: {" + SLOW + "}, messageGap: 2s, idle: 2s")) {
      GrpcClientRequest<Buffer, Buffer> request = peers.open(gateway.port(), "Chat");
      Future<Answer> answer = GrpcPeers.listen(request);
      request.write(Buffer.buffer("go"));
      awaitStandstill();
      // It has to wait, and is not idle for that.
      await()
          .during(Duration.ofSeconds(3))
          .atMost(PATIENCE)
          .untilAsserted(() -> assertThat(answer.isComplete()).isFalse());
      assertThat(waits(gateway, "response")).isEqualTo(1);
      request.cancel();
      journal.assertCompletedOnce("a");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"requestRate", "responseRate"})
  void itsDeadlineEndsAStreamThatWaits(String rate) {
    try (Downstream downstream = downstream();
        TestGateway gateway =
            gateway(downstream.port(), rate + ": {" + SLOW + "}, maxDuration: 500ms");
        Peer caller = gateway.connect()) {
      caller.send(Splits.glued(open(1), data(1, "flood"), data(1, LARGE), data(1, LARGE)));
      StreamFrame frame = caller.readFrame();
      while (frame.type() != FrameType.TRAILER) {
        frame = caller.readFrame();
      }
      assertThat(Frames.exception(frame).text())
          .startsWith("rpc timeout: open for 500ms (maxDuration)");
      journal.assertCompletedOnce("a");
      // The connection is read again.
      caller.send(open(2));
      assertThat(caller.readFrame().type()).isEqualTo(FrameType.HEADER);
    }
  }

  @Test
  void theStreamCanBeEndedInstead() {
    try (Downstream downstream = downstream();
        TestGateway gateway =
            gateway(downstream.port(), "requestRate: {messages: 2, bytes: 64KiB, beyond: end}");
        Peer caller = gateway.connect()) {
      caller.send(Splits.glued(open(1), data(1, LARGE), data(1, "one more")));
      StreamFrame frame = caller.readFrame();
      while (frame.type() != FrameType.TRAILER) {
        frame = caller.readFrame();
      }
      assertThat(Frames.exception(frame))
          .isEqualTo(
              Status.exception(
                  6, "request over limit: more than 2 messages, 64KiB a second (requestRate)"));
      assertThat(waits(gateway, "request")).isZero();
      journal.assertCompletedOnce("a");
    }
  }

  /** Of a call that goes by ttstream the downstream waits, though its caller speaks gRPC. */
  @Test
  void translatedTheDownstreamWaits() {
    try (Downstream downstream = downstream();
        TestGateway gateway =
            TestGateway.start(
                TestGateway.config(
                    "{streaming: ttstream}",
                    "stream: {responseRate: {" + SLOW + "}}",
                    downstream.port()),
                1,
                Probe.of("a", journal))) {
      LinkedBlockingQueue<byte[]> messages = new LinkedBlockingQueue<>();
      HttpClientRequest request = raw.open(gateway.port(), "/Svc/Chat", Map.of());
      RawGrpc.listen(request, messages::add);
      request.write(RawGrpc.framed("flood".getBytes()));
      awaitStandstill();
      assertThat(messages).hasSizeLessThanOrEqualTo(1);
      assertThat(journal.ends()).isEmpty();
      request.reset(8);
      journal.assertCompletedOnce("a");
    }
  }

  /** What a downstream said before it went is told first, and it may go meanwhile. */
  @Test
  void theEndOfAResponseWaitsForWhatWasSaidBefore() {
    List<String> texts = texts(50);
    try (Downstream downstream =
            Downstream.serving(
                (peer, n) -> {
                  StreamFrame opened = peer.readFrame();
                  peer.send(header(opened.id()));
                  texts.forEach(text -> peer.send(data(opened.id(), text)));
                  peer.send(trailer(opened.id(), Status.exception(6, "at the end"), null));
                });
        TestGateway gateway = gateway(downstream.port(), "responseRate: {messages: 20}");
        Peer caller = gateway.connect()) {
      caller.send(open(1));
      assertThat(caller.readFrame().type()).isEqualTo(FrameType.HEADER);
      for (String text : texts) {
        assertThat(text(caller.readFrame())).isEqualTo(text);
      }
      assertThat(Frames.exception(caller.readFrame()).text()).isEqualTo("at the end");
      journal.assertCompletedOnce("a");
    }
  }
}
