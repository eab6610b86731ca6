package io.sluice.gateway.exchange;

import static io.sluice.gateway.testkit.Frames.data;
import static io.sluice.gateway.testkit.Frames.halfClose;
import static io.sluice.gateway.testkit.Frames.header;
import static io.sluice.gateway.testkit.Frames.open;
import static io.sluice.gateway.testkit.Frames.text;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.api.Payload;
import io.sluice.api.Status;
import io.sluice.api.Step;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.Frames;
import io.sluice.gateway.testkit.GrpcPeers;
import io.sluice.gateway.testkit.GrpcPeers.Answer;
import io.sluice.gateway.testkit.Journal;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.Peer.StreamFrame;
import io.sluice.gateway.testkit.Probe;
import io.sluice.gateway.testkit.Probe.Hook;
import io.sluice.gateway.testkit.Splits;
import io.sluice.gateway.testkit.Standstill;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.wire.ttstream.FrameType;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.grpc.client.GrpcClientRequest;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The limits that a route sets on its streams, by ttstream and by gRPC. */
class StreamLimitsTest {
  /** The type of frame in which proxies speak. */
  private static final int META = 1;

  private final Journal journal = new Journal();
  private final LinkedBlockingQueue<StreamFrame> got = new LinkedBlockingQueue<>();
  private final GrpcPeers peers = new GrpcPeers();

  @AfterEach
  void stop() {
    peers.close();
  }

  private TestGateway gateway(int port, String limits) {
    return TestGateway.start(
        TestGateway.config("framed", "stream: {" + limits + "}", port), 1, Probe.of("a", journal));
  }

  /** Takes everything, and says a HEADER and the words to each stream. */
  private Downstream saying(boolean answers, String... words) {
    return Downstream.serving(
        (peer, n) -> {
          for (StreamFrame f = peer.readFrame(); f != null; f = peer.readFrame()) {
            got.add(f);
            if (answers && f.type() == FrameType.HEADER) {
              peer.send(header(f.id()));
              for (String word : words) {
                peer.send(data(f.id(), word));
              }
            }
          }
        });
  }

  private void assertTold(Peer caller, String text) throws InterruptedException {
    StreamFrame end = caller.readFrame();
    while (end.type() != FrameType.TRAILER) {
      end = caller.readFrame();
    }
    assertThat(Frames.exception(end).number()).isEqualTo(6);
    assertThat(Frames.exception(end).text()).startsWith("rpc timeout: " + text);
    StreamFrame rst = got.poll(20, TimeUnit.SECONDS);
    while (rst.type() != FrameType.RST) {
      rst = got.poll(20, TimeUnit.SECONDS);
    }
    assertThat(Frames.exception(rst).number()).isEqualTo(12015);
    journal.assertCompletedOnce("a");
    assertThat(journal.ends()).extracting(Status::code).containsOnly(Status.Code.DEADLINE_EXCEEDED);
  }

  @Test
  void aDownstreamThatDoesNotBegin() throws InterruptedException {
    try (Downstream downstream = saying(false);
        TestGateway gateway = gateway(downstream.port(), "firstResponse: 200ms, openTimeout: 1h");
        Peer caller = gateway.connect()) {
      caller.send(Splits.glued(open(1), data(1, "one")));
      assertTold(
          caller, "no answer within 200ms (firstResponse), to=backend, method=Chat, remote=");
    }
  }

  @Test
  void aDownstreamThatStopsInTheMiddle() throws InterruptedException {
    try (Downstream downstream = saying(true, "one", "two");
        TestGateway gateway = gateway(downstream.port(), "firstResponse: 1h, messageGap: 200ms");
        Peer caller = gateway.connect()) {
      caller.send(open(1));
      assertTold(caller, "no message for 200ms (messageGap)");
    }
  }

  /** What filters make of messages is not what the downstream has said. */
  @ParameterizedTest
  @ValueSource(strings = {"", "1", "much longer"})
  void aDownstreamThatStopsInTheMiddleAndMessagesThatFiltersChange(String text)
      throws InterruptedException {
    Probe a = Probe.ofMessages("a", journal);
    a.on(
        Hook.RESPONSE_MESSAGE,
        (call, m) -> text.isEmpty() ? Step.drop() : Step.replace(Payload.of(text.getBytes(UTF_8))));
    try (Downstream downstream = saying(true, "one", "two");
        TestGateway gateway =
            TestGateway.start(
                TestGateway.config("framed", "stream: {messageGap: 500ms}", downstream.port()),
                1,
                a);
        Peer caller = gateway.connect()) {
      caller.send(open(1));
      assertTold(caller, "no message for 500ms (messageGap)");
    }
  }

  /** Nor is what a proxy says beside it; and a caller that does not read stops nobody's time. */
  @Test
  void messagesThatTheCallerDoesNotTakeAfterMuchThatWasSaidBesideThem() {
    byte[] beside = new byte[1 << 20];
    byte[] message = new byte[64 * 1024];
    int messages = 512;
    AtomicInteger sent = new AtomicInteger();
    try (Downstream downstream =
            Downstream.serving(
                64 * 1024,
                (peer, n) -> {
                  StreamFrame opened = peer.readFrame();
                  peer.send(header(opened.id()));
                  peer.send(Frames.frame(opened.id(), META, beside));
                  try {
                    for (int i = 0; i < messages; i++) {
                      peer.send(data(opened.id(), message));
                      sent.incrementAndGet();
                    }
                  } catch (UncheckedIOException e) {
                    // The test is over.
                  }
                });
        TestGateway gateway = gateway(downstream.port(), "messageGap: 2s");
        Peer caller = Peer.connect(gateway.port(), 64 * 1024)) {
      caller.send(open(1));
      assertThat(caller.readFrame().type()).isEqualTo(FrameType.HEADER);
      assertThat(caller.readFrame().type()).isEqualTo(FrameType.META);
      Standstill.await(sent::get);
      assertThat(sent.get()).isLessThan(messages);
      await()
          .during(Duration.ofMillis(2500))
          .atMost(Duration.ofSeconds(20))
          .untilAsserted(() -> assertThat(journal.ends()).isEmpty());
    }
  }

  @Test
  void nobodySaysAnything() throws InterruptedException {
    try (Downstream downstream = saying(true, "one");
        TestGateway gateway = gateway(downstream.port(), "idle: 2s, maxDuration: 1h");
        Peer caller = gateway.connect()) {
      caller.send(Splits.glued(open(1), data(1, "one")));
      assertTold(caller, "neither side has said anything for 2000ms (idle)");
    }
  }

  /** However much is said. */
  @Test
  void aStreamThatHasLivedLongEnough() throws InterruptedException {
    try (Downstream downstream =
            Downstream.serving(
                (peer, n) -> {
                  for (StreamFrame f = peer.readFrame(); f != null; f = peer.readFrame()) {
                    got.add(f);
                    Frames.echo(peer, f);
                  }
                });
        TestGateway gateway = gateway(downstream.port(), "maxDuration: 500ms, idle: 1h");
        Peer caller = gateway.connect()) {
      caller.send(Splits.glued(open(1), data(1, "ping")));
      StreamFrame frame = caller.readFrame();
      while (frame.type() != FrameType.TRAILER) {
        if (frame.type() == FrameType.DATA) {
          caller.send(data(1, "ping"));
        }
        frame = caller.readFrame();
      }
      assertThat(Frames.exception(frame).text())
          .startsWith("rpc timeout: open for 500ms (maxDuration), to=backend");
      journal.assertCompletedOnce("a");
    }
  }

  @Test
  void aStreamThatGetsNoConnection() {
    String config =
        """
        listeners: {rpc: {address: '127.0.0.1:0'}}
        clusters:
          backend: {endpoints: ['127.0.0.1:%d'], transport: framed, maxStreams: 1, maxConnections: 1}
        routes:
          - {cluster: backend, stream: {openTimeout: 2s, firstResponse: 1h}}
        """;
    try (Downstream downstream = Frames.echoing();
        TestGateway gateway = TestGateway.start(config.formatted(downstream.port()), 1);
        Peer caller = gateway.connect()) {
      caller.send(open(1));
      assertThat(caller.readFrame().type()).isEqualTo(FrameType.HEADER);
      caller.send(open(2));
      assertThat(caller.readFrame().id()).isEqualTo(2);
      StreamFrame end = caller.readFrame();
      assertThat(end.id()).isEqualTo(2);
      assertThat(Frames.exception(end).text())
          .startsWith("rpc timeout: no connection within 2000ms (openTimeout)");
      // The other one has its connection, and stays.
      caller.send(Splits.glued(data(1, "still here"), halfClose(1)));
      assertThat(text(caller.readFrame())).isEqualTo("<still here>");
    }
  }

  @Test
  void aMessageThatIsTooLarge() throws InterruptedException {
    try (Downstream downstream = saying(true);
        TestGateway gateway = gateway(downstream.port(), "maxMessage: 10");
        Peer caller = gateway.connect()) {
      caller.send(open(1));
      StreamFrame end = caller.readFrame();
      caller.send(Splits.glued(data(1, "0123456789"), data(1, "0123456789+")));
      while (end.type() != FrameType.TRAILER) {
        end = caller.readFrame();
      }
      assertThat(Frames.exception(end))
          .isEqualTo(
              Status.exception(
                  6,
                  "request over limit: message of 11 bytes, at most 10 are allowed (maxMessage)"));
      assertThat(got.poll(20, TimeUnit.SECONDS).type()).isEqualTo(FrameType.HEADER);
      assertThat(got.poll(20, TimeUnit.SECONDS).payload()).hasSize(10);
      assertThat(got.poll(20, TimeUnit.SECONDS).type()).isEqualTo(FrameType.RST);
      journal.assertCompletedOnce("a");
    }
  }

  /** Its length is enough: nothing of the message itself has come. */
  @Test
  void aMessageThatWillBeTooLargeByGrpc() {
    try (TestGateway gateway = gateway(peers.serveEcho(), "maxMessage: 1KiB")) {
      Buffer body =
          GrpcPeers.framed("x".repeat(1024))
              .appendByte((byte) 0)
              .appendInt(1025)
              .appendString("only the beginning");
      Answer answer = peers.post(gateway.port(), "/pkg.Svc/Chat", body);
      assertThat(answer.status()).isEqualTo(8);
      assertThat(answer.text()).contains("1025 bytes").contains("maxMessage");
      journal.assertCompletedOnce("a");
    }
  }

  @Test
  void anAnswerThatIsTooLargeByGrpc() {
    int port =
        peers.serve(
            call -> call.handler(m -> call.response().write(Buffer.buffer(new byte[2000]))));
    try (TestGateway gateway = gateway(port, "maxMessage: 1KiB")) {
      GrpcClientRequest<Buffer, Buffer> request = peers.open(gateway.port(), "Chat");
      Future<Answer> answer = GrpcPeers.listen(request);
      request.write(Buffer.buffer("one"));
      Answer told = TestGateway.get(answer);
      assertThat(told.status()).isEqualTo(8);
      assertThat(told.messages()).isEmpty();
      journal.assertCompletedOnce("a");
    }
  }

  @Test
  void byGrpcALimitOfTimeIsStatusFour() {
    int port = peers.serve(call -> call.handler(m -> call.response().write(m)));
    try (TestGateway gateway = gateway(port, "messageGap: 200ms, idle: 1h")) {
      GrpcClientRequest<Buffer, Buffer> request = peers.open(gateway.port(), "Chat");
      Future<Answer> answer = GrpcPeers.listen(request);
      request.write(Buffer.buffer("one"));
      Answer told = TestGateway.get(answer);
      assertThat(told.status()).isEqualTo(4);
      assertThat(told.text()).startsWith("rpc timeout: no message for 200ms (messageGap)");
      assertThat(told.messages()).containsExactly("one");
      journal.assertCompletedOnce("a");
    }
  }

  /** Limits of the other kind, and none at all, leave a quiet stream alone. */
  @Test
  void aQuietStreamStays() {
    try (Downstream downstream = Frames.echoing();
        TestGateway gateway =
            gateway(downstream.port(), "openTimeout: 2s, firstResponse: 2s, maxMessage: 5");
        Peer caller = gateway.connect()) {
      caller.send(open(1));
      assertThat(caller.readFrame().type()).isEqualTo(FrameType.HEADER);
      caller.assertSilentFor(3000);
      caller.send(Splits.glued(data(1, "one"), halfClose(1)));
      assertThat(text(caller.readFrame())).isEqualTo("<one>");
      assertThat(caller.readFrame().payload()).isEmpty();
    }
  }
}
