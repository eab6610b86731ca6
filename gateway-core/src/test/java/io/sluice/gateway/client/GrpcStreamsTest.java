package io.sluice.gateway.client;

import static io.sluice.gateway.testkit.Http2Peer.ACK;
import static io.sluice.gateway.testkit.Http2Peer.CONTINUATION;
import static io.sluice.gateway.testkit.Http2Peer.DATA;
import static io.sluice.gateway.testkit.Http2Peer.END_HEADERS;
import static io.sluice.gateway.testkit.Http2Peer.END_STREAM;
import static io.sluice.gateway.testkit.Http2Peer.HEADERS;
import static io.sluice.gateway.testkit.Http2Peer.MAX_CONCURRENT_STREAMS;
import static io.sluice.gateway.testkit.Http2Peer.PING;
import static io.sluice.gateway.testkit.Http2Peer.RST_STREAM;
import static io.sluice.gateway.testkit.Http2Peer.frame;
import static io.sluice.gateway.testkit.Http2Peer.goAway;
import static io.sluice.gateway.testkit.Http2Peer.list;
import static io.sluice.gateway.testkit.Http2Peer.message;
import static io.sluice.gateway.testkit.Http2Peer.request;
import static io.sluice.gateway.testkit.Http2Peer.requestList;
import static io.sluice.gateway.testkit.Http2Peer.reset;
import static io.sluice.gateway.testkit.Http2Peer.response;
import static io.sluice.gateway.testkit.Http2Peer.settings;
import static io.sluice.gateway.testkit.Http2Peer.trailers;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.GrpcPeers;
import io.sluice.gateway.testkit.GrpcPeers.Answer;
import io.sluice.gateway.testkit.Http2Peer;
import io.sluice.gateway.testkit.Http2Peer.Frame;
import io.sluice.gateway.testkit.TestGateway;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.grpc.client.GrpcClientRequest;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What downstreams of gRPC do with streams and connections, frame by frame. */
class GrpcStreamsTest {
  private static final int NO_ERROR = 0;
  private static final int REFUSED_STREAM = 7;
  private static final int ALL = Integer.MAX_VALUE;

  private final GrpcPeers peers = new GrpcPeers();

  /** The heads of requests that downstreams have seen. */
  private final AtomicInteger heads = new AtomicInteger();

  @AfterEach
  void stop() {
    peers.close();
  }

  private static TestGateway gateway(String cluster, Downstream... downstreams) {
    int[] ports = new int[downstreams.length];
    for (int i = 0; i < ports.length; i++) {
      ports[i] = downstreams[i].port();
    }
    return TestGateway.start(
        TestGateway.config("framed", "", ports).replace("transport:", cluster + "transport:"), 1);
  }

  private Answer call(TestGateway gateway, String message) {
    return peers.post(gateway.port(), "/pkg.Svc/Say", GrpcPeers.framed(message));
  }

  private Future<Answer> begin(TestGateway gateway) {
    GrpcClientRequest<Buffer, Buffer> request = peers.open(gateway.port(), "Say");
    Future<Answer> answer = GrpcPeers.listen(request);
    GrpcPeers.say(request, List.of("hi"));
    return answer;
  }

  private Frame head(Http2Peer downstream) {
    Frame head = downstream.readUntil(HEADERS);
    if (head != null) {
      heads.incrementAndGet();
    }
    return head;
  }

  private static void answer(Http2Peer downstream, int stream) {
    downstream.send(response(stream), message(stream, "served", false), trailers(stream, 0));
  }

  /** Answers each request when it is whole, in which there have to be so many bytes. */
  private void serve(Http2Peer downstream, int bytes) {
    int got = 0;
    for (Frame f = downstream.read(); f != null; f = downstream.read()) {
      if (f.type() == HEADERS) {
        heads.incrementAndGet();
        got = 0;
      }
      if (f.type() == DATA) {
        got += f.payload().length;
      }
      if ((f.type() == HEADERS || f.type() == DATA) && f.has(END_STREAM)) {
        assertThat(got).isEqualTo(bytes);
        answer(downstream, f.stream());
      }
    }
  }

  private static void assertServed(Answer answer) {
    assertThat(answer.status()).as(answer.text()).isZero();
    assertThat(answer.messages()).singleElement().asString().contains("served");
  }

  @Test
  void aStreamBehindTheLastOfAGoAwayGoesByTheNextConnection() {
    String text = "x".repeat(50_000);
    try (Downstream downstream =
            Downstream.serving(
                (peer, connection) -> {
                  Http2Peer h2 = Http2Peer.accept(peer);
                  if (connection == 1) {
                    Frame head = head(h2);
                    h2.readUntil(f -> f.type() == DATA && f.has(END_STREAM));
                    h2.send(goAway(head.stream() - 2, NO_ERROR));
                    h2.readToTheEnd();
                  } else {
                    serve(h2, text.length() + 5);
                  }
                });
        TestGateway gateway = gateway("", downstream)) {
      assertServed(call(gateway, text));
      assertThat(heads).hasValue(2);
      assertServed(call(gateway, text));
      assertThat(downstream.accepted()).isEqualTo(2);
    }
  }

  @Test
  void streamsUpToTheLastOfAGoAwayEndOnTheirConnection() {
    CountDownLatch second = new CountDownLatch(1);
    try (Downstream downstream =
            Downstream.serving(
                (peer, connection) -> {
                  Http2Peer h2 = Http2Peer.accept(peer);
                  if (connection == 1) {
                    Frame head = head(h2);
                    h2.send(goAway(ALL, NO_ERROR), goAway(head.stream(), NO_ERROR));
                    second.await();
                    answer(h2, head.stream());
                    h2.readToTheEnd();
                  } else {
                    second.countDown();
                    serve(h2, 7);
                  }
                });
        TestGateway gateway = gateway("", downstream)) {
      Future<Answer> first = begin(gateway);
      await().until(() -> heads.get() == 1);
      List<Future<Answer>> others = new ArrayList<>();
      await()
          .until(
              () -> {
                others.add(begin(gateway));
                return second.getCount() == 0;
              });
      assertThat(TestGateway.get(first).messages()).containsExactly("served");
      others.forEach(answer -> assertThat(TestGateway.get(answer).status()).isZero());
    }
  }

  private Downstream refusing(int code, boolean afterHead) {
    return Downstream.serving(
        (peer, connection) -> {
          Http2Peer h2 = Http2Peer.accept(peer);
          for (Frame f = h2.read(); f != null; f = h2.read()) {
            if (f.type() == HEADERS) {
              heads.incrementAndGet();
            }
            if (f.type() == DATA && f.has(END_STREAM)) {
              if (afterHead) {
                h2.send(response(f.stream()));
              }
              h2.send(reset(f.stream(), code));
            }
          }
        });
  }

  @Test
  void aRefusedStreamGoesToAnotherEndpoint() {
    try (Downstream refuses = refusing(REFUSED_STREAM, false);
        Downstream serves = Downstream.serving((peer, n) -> serve(Http2Peer.accept(peer), 7));
        TestGateway gateway = gateway("", refuses, serves)) {
      for (int i = 0; i < 10; i++) {
        assertServed(call(gateway, "hi"));
      }
      assertThat(heads.get()).isGreaterThan(10);
    }
  }

  @Test
  void aRefusedStreamGoesToANewConnectionWhileTheOldOneIsFull() {
    CountDownLatch refused = new CountDownLatch(1);
    try (Downstream downstream =
            Downstream.serving(
                (peer, connection) -> {
                  Http2Peer h2 = Http2Peer.accept(peer);
                  if (connection == 1) {
                    Frame first = head(h2);
                    h2.send(reset(head(h2).stream(), REFUSED_STREAM));
                    refused.await();
                    answer(h2, first.stream());
                    h2.readToTheEnd();
                  } else {
                    serve(h2, 7);
                  }
                });
        TestGateway gateway = gateway("", downstream)) {
      Future<Answer> first = begin(gateway);
      await().until(() -> heads.get() == 1);
      assertServed(call(gateway, "hi"));
      assertThat(heads).hasValue(3);
      refused.countDown();
      assertThat(TestGateway.get(first).messages()).containsExactly("served");
    }
  }

  @Test
  void aStreamThatAllRefuseFailsInTheEnd() {
    try (Downstream refuses = refusing(REFUSED_STREAM, false);
        TestGateway gateway = gateway("", refuses)) {
      Answer answer = call(gateway, "hi");
      assertThat(answer.status()).isEqualTo(14);
      assertThat(heads).hasValue(4);
    }
  }

  @Test
  void aStreamIsNotTriedAgainOnceItsBytesAreLetGo() {
    try (Downstream refuses = refusing(REFUSED_STREAM, false);
        TestGateway gateway = gateway("", refuses)) {
      assertThat(call(gateway, "x".repeat(70_000)).status()).isEqualTo(14);
      assertThat(heads).hasValue(1);
    }
  }

  @Test
  void aStreamIsNotTriedAgainOnceItsResponseHasBegun() {
    try (Downstream refuses = refusing(REFUSED_STREAM, true);
        TestGateway gateway = gateway("", refuses)) {
      assertThat(call(gateway, "hi").status()).isEqualTo(14);
      assertThat(heads).hasValue(1);
    }
  }

  @ParameterizedTest
  @CsvSource({"8, 1", "11, 8", "3, 8", "12, 7", "1000, 14", "2, 13", "0, 13"})
  void theCodeOfAResetBecomesAStatus(int code, int status) {
    try (Downstream resets = refusing(code, false);
        TestGateway gateway = gateway("", resets)) {
      assertThat(call(gateway, "hi").status()).isEqualTo(status);
      assertThat(heads).hasValue(1);
    }
  }

  private Downstream answering(byte[] list) {
    return Downstream.serving(
        (peer, connection) -> {
          Http2Peer h2 = Http2Peer.accept(peer);
          for (Frame head = head(h2); head != null; head = head(h2)) {
            h2.send(
                frame(HEADERS, END_HEADERS, head.stream(), list),
                frame(DATA, END_STREAM, head.stream(), new byte[10]));
          }
        });
  }

  @ParameterizedTest
  @CsvSource({
    "503, text/plain, 14",
    "429, text/plain, 14",
    "404, text/html, 12",
    "403, text/html, 7",
    "401, text/html, 16",
    "400, text/html, 13",
    "500, text/html, 2",
    "200, text/html, 2"
  })
  void anAnswerThatIsNotGrpcBecomesAStatus(String http, String type, int status) {
    byte[] list = list(new DefaultHttp2Headers(false).status(http), "content-type", type);
    try (Downstream odd = answering(list);
        TestGateway gateway = gateway("", odd)) {
      assertThat(call(gateway, "hi").status()).isEqualTo(status);
      assertThat(call(gateway, "hi").status()).isEqualTo(status);
      assertThat(odd.accepted()).isEqualTo(1);
    }
  }

  @Test
  void aMalformedAnswerEndsItsCallOnly() {
    byte[] list =
        list(
            new DefaultHttp2Headers(false).status("200"),
            "content-type",
            "application/grpc",
            "connection",
            "close");
    try (Downstream odd = answering(list);
        TestGateway gateway = gateway("", odd)) {
      assertThat(call(gateway, "hi").status()).isEqualTo(13);
      assertThat(call(gateway, "hi").status()).isEqualTo(13);
      assertThat(odd.accepted()).isEqualTo(1);
    }
  }

  @Test
  void aStatusThatNobodyKnowsPasses() {
    try (Downstream odd =
            Downstream.serving(
                (peer, connection) -> {
                  Http2Peer h2 = Http2Peer.accept(peer);
                  Frame head = head(h2);
                  h2.send(response(head.stream()), trailers(head.stream(), 4711));
                  h2.readToTheEnd();
                });
        TestGateway gateway = gateway("", odd)) {
      assertThat(call(gateway, "hi").status()).isEqualTo(4711);
    }
  }

  /** As Kitex's servers do when they end before their callers. */
  @Test
  void aResetWithoutErrorBehindTheEndIsNoFault() {
    try (Downstream early =
            Downstream.serving(
                (peer, connection) -> {
                  Http2Peer h2 = Http2Peer.accept(peer);
                  for (Frame head = head(h2); head != null; head = head(h2)) {
                    int stream = head.stream();
                    answer(h2, stream);
                    h2.send(reset(stream, NO_ERROR));
                  }
                });
        TestGateway gateway = gateway("", early)) {
      for (int i = 0; i < 5; i++) {
        GrpcClientRequest<Buffer, Buffer> request = peers.open(gateway.port(), "Say");
        Future<Answer> answer = GrpcPeers.listen(request);
        request.write(Buffer.buffer("hi"));
        assertThat(TestGateway.get(answer).messages()).containsExactly("served");
      }
      assertThat(early.accepted()).isEqualTo(1);
    }
  }

  @Test
  void callsWaitWhereNoMoreStreamsAndConnectionsAreAllowed() {
    CopyOnWriteArrayList<Integer> open = new CopyOnWriteArrayList<>();
    CountDownLatch more = new CountDownLatch(1);
    CountDownLatch end = new CountDownLatch(1);
    try (Downstream narrow =
            Downstream.serving(
                (peer, connection) -> {
                  Http2Peer h2 = Http2Peer.accept(peer, MAX_CONCURRENT_STREAMS, 1);
                  for (int i = 0; i < 3; i++) {
                    // One after another, each when the one before is over.
                    answer(h2, head(h2).stream());
                  }
                  open.add(head(h2).stream());
                  more.await();
                  h2.send(settings(MAX_CONCURRENT_STREAMS, 3));
                  open.add(head(h2).stream());
                  open.add(head(h2).stream());
                  end.await();
                  open.forEach(stream -> answer(h2, stream));
                  h2.readToTheEnd();
                });
        TestGateway gateway = gateway("maxConnections: 1, ", narrow)) {
      List<Future<Answer>> answers = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        answers.add(begin(gateway));
      }
      await().until(() -> open.size() == 1);
      assertThat(heads).hasValue(4);
      more.countDown();
      await().until(() -> open.size() == 3);
      end.countDown();
      answers.forEach(
          answer -> assertThat(TestGateway.get(answer).messages()).containsExactly("served"));
      assertThat(narrow.accepted()).isEqualTo(1);
    }
  }

  @Test
  void aDownstreamThatTakesNoStreamsIsNotAskedByEverMoreConnections() {
    try (Downstream none =
            Downstream.serving(
                (peer, n) -> Http2Peer.accept(peer, MAX_CONCURRENT_STREAMS, 0).readToTheEnd());
        TestGateway gateway =
            TestGateway.start(TestGateway.config("framed", "timeout: 1s", none.port()), 1)) {
      for (int i = 0; i < 3; i++) {
        assertThat(call(gateway, "hi").status()).isEqualTo(4);
      }
      assertThat(none.accepted()).isBetween(1, 4);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aDownstreamThatIsSilentForLongIsAskedAndHasToAnswer(boolean alive) {
    AtomicInteger pings = new AtomicInteger();
    try (Downstream silent =
            Downstream.serving(
                (peer, connection) -> {
                  Http2Peer h2 = Http2Peer.accept(peer);
                  Frame head = head(h2);
                  for (Frame f = h2.read(); f != null; f = h2.read()) {
                    if (f.type() == PING && !f.has(ACK)) {
                      pings.incrementAndGet();
                      if (alive) {
                        h2.send(frame(PING, ACK, 0, f.payload()));
                      }
                    }
                    if (pings.get() == 2) {
                      answer(h2, head.stream());
                    }
                  }
                });
        TestGateway gateway = gateway(alive ? "keepAlive: 2s, " : "keepAlive: 1s, ", silent)) {
      Answer answer = call(gateway, "hi");
      if (alive) {
        assertServed(answer);
        assertThat(pings).hasValue(2);
      } else {
        assertThat(answer.status()).isEqualTo(14);
        assertThat(answer.text()).contains("does not answer any more");
        await().until(() -> pings.get() > 0);
        assertThat(pings).hasValue(1);
      }
    }
  }

  @Test
  void aPingIsAnsweredAtOnce() {
    try (Downstream curious =
            Downstream.serving(
                (peer, connection) -> {
                  Http2Peer h2 = Http2Peer.accept(peer);
                  Frame head = head(h2);
                  byte[] content = {1, 2, 3, 4, 5, 6, 7, 8};
                  h2.send(frame(PING, 0, 0, content));
                  Frame ack = h2.readUntil(f -> f.type() == PING && f.has(ACK));
                  assertThat(ack.payload()).isEqualTo(content);
                  answer(h2, head.stream());
                  h2.readUntil(RST_STREAM);
                });
        TestGateway gateway = gateway("", curious)) {
      assertServed(call(gateway, "hi"));
    }
  }

  @Test
  void aLongHeaderListGoesInAsManyFramesAsItTakes() {
    String big = "x".repeat(40_000) + "y";
    List<Integer> types = new CopyOnWriteArrayList<>();
    List<String> values = new CopyOnWriteArrayList<>();
    try (Downstream downstream =
            Downstream.serving(
                (peer, connection) -> {
                  Http2Peer h2 = Http2Peer.accept(peer);
                  Frame frame = h2.readUntil(HEADERS);
                  int stream = frame.stream();
                  ByteArrayOutputStream list = new ByteArrayOutputStream();
                  list.writeBytes(frame.payload());
                  types.add(frame.type());
                  while (!frame.has(END_HEADERS)) {
                    frame = h2.read();
                    types.add(frame.type());
                    list.writeBytes(frame.payload());
                  }
                  Frame whole = new Frame(HEADERS, END_HEADERS, stream, list.toByteArray());
                  values.add(h2.headers(whole).get("big"));
                  answer(h2, stream);
                  h2.readToTheEnd();
                });
        TestGateway gateway = gateway("", downstream);
        Http2Peer caller = Http2Peer.connect(gateway.port())) {
      byte[] list = requestList("Say", "big", big);
      byte[] first = Arrays.copyOf(list, 16_000);
      byte[] second = Arrays.copyOfRange(list, 16_000, 32_000);
      byte[] third = Arrays.copyOfRange(list, 32_000, list.length);
      caller.send(
          frame(HEADERS, END_STREAM, 1, first),
          frame(CONTINUATION, 0, 1, second),
          frame(CONTINUATION, END_HEADERS, 1, third));
      assertThat(caller.readUntil(DATA)).isNotNull();
      assertThat(values).containsExactly(big);
      assertThat(types).first().isEqualTo(HEADERS);
      assertThat(types.subList(1, types.size())).isNotEmpty().containsOnly(CONTINUATION);
    }
  }

  @Test
  void metadataThatTheDownstreamDoesNotTakeEndsItsCallAlone() {
    int port = peers.serve(call -> call.endHandler(end -> call.response().end(Buffer.buffer("x"))));
    try (TestGateway gateway = TestGateway.to(port);
        Http2Peer caller = Http2Peer.connect(gateway.port())) {
      // Open all the while, on the connection that the others would go by.
      caller.send(request(1, "Say", false), message(1, "hi", false));
      // Vert.x takes 8 KiB. With the head comes the body, which must not go without it.
      String big = "{".repeat(9000);
      for (int stream = 3; stream < 3 + 2 * 200; stream += 2) {
        int id = stream;
        caller.send(request(id, "Say", false, "big", big), message(id, "hi", true));
        Frame end = caller.readUntil(f -> f.type() == HEADERS && f.stream() == id);
        assertThat(caller.headers(end)).containsEntry("grpc-status", "8");
      }
      caller.send(message(1, "ho", true));
      assertThat(caller.readUntil(f -> f.type() == DATA && f.stream() == 1)).isNotNull();
      assertServes(caller, 1001);
    }
  }

  private static void assertServes(Http2Peer caller, int stream) {
    caller.send(request(stream, "Say", false), message(stream, "hi", true));
    assertThat(caller.readUntil(f -> f.type() == DATA && f.stream() == stream)).isNotNull();
  }

  @Test
  void anAnswerThatIsNotGrpcIsNotWaitedFor() {
    List<Integer> resets = new CopyOnWriteArrayList<>();
    try (Downstream downstream =
            Downstream.serving(
                (peer, connection) -> {
                  Http2Peer h2 = Http2Peer.accept(peer);
                  Frame head = h2.readUntil(HEADERS);
                  h2.readUntil(f -> f.type() == DATA && f.has(END_STREAM));
                  byte[] html =
                      list(
                          new DefaultHttp2Headers(false).status("503"),
                          "content-type",
                          "text/html");
                  h2.send(frame(HEADERS, END_HEADERS, head.stream(), html));
                  resets.add(h2.readUntil(RST_STREAM).stream());
                  int next = h2.readUntil(HEADERS).stream();
                  h2.send(frame(HEADERS, END_HEADERS | END_STREAM, next, html));
                  h2.readToTheEnd();
                });
        TestGateway gateway = gateway("", downstream);
        Http2Peer caller = Http2Peer.connect(gateway.port())) {
      for (int stream = 1; stream <= 3; stream += 2) {
        caller.send(request(stream, "Say", false), message(stream, "hi", true));
        Map<String, String> end = caller.headers(caller.readUntil(HEADERS));
        assertThat(end).containsEntry("grpc-status", "14");
        assertThat(end.get("content-type")).startsWith("application/grpc");
      }
      assertThat(resets).hasSize(1);
    }
  }
}
