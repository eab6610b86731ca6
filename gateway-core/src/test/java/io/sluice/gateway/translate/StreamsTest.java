package io.sluice.gateway.translate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.sluice.api.BizStatus;
import io.sluice.api.Status;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.Peer.StreamFrame;
import io.sluice.gateway.testkit.RawGrpc;
import io.sluice.gateway.testkit.RawGrpc.Answer;
import io.sluice.gateway.testkit.Standstill;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Thrifts;
import io.sluice.gateway.wire.ttstream.FrameType;
import io.sluice.gateway.wire.ttstream.FrameWriter;
import io.sluice.gateway.wire.ttstream.StreamCodes;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpServerResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Streams between gRPC Thrift and ttstream, both ways. */
class StreamsTest {
  private static final String PATH = "/Svc/Chat";

  private final RawGrpc grpc = new RawGrpc();
  private final LinkedBlockingQueue<StreamFrame> got = new LinkedBlockingQueue<>();

  @AfterEach
  void stop() {
    grpc.close();
  }

  /** One for each use, as both sides of a test write. */
  private static FrameWriter writer() {
    return new FrameWriter(UnpooledByteBufAllocator.DEFAULT);
  }

  private static Headers headers(String... pairs) {
    Headers headers = new Headers(Headers.Dialect.TTHEADER);
    for (int i = 0; i < pairs.length; i += 2) {
      headers.add(pairs[i], pairs[i + 1]);
    }
    return headers;
  }

  private static byte[] open(int id, String... pairs) {
    return Thrifts.bytes(writer().open(id, "Svc", "Chat", headers(pairs)));
  }

  private static byte[] header(int id, String... pairs) {
    return Thrifts.bytes(writer().header(id, "Chat", headers(pairs)));
  }

  private static byte[] data(int id, byte[] message) {
    return Thrifts.bytes(writer().data(id, "Chat", Unpooled.wrappedBuffer(message)));
  }

  private static byte[] data(int id, String text) {
    return data(id, bytes(text));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] halfClose(int id) {
    return Thrifts.bytes(writer().halfClose(id, "Chat"));
  }

  private static byte[] trailer(int id, Status status, BizStatus biz, String... pairs) {
    return Thrifts.bytes(writer().trailer(id, "Chat", status, biz, headers(pairs)));
  }

  private static String text(StreamFrame frame) {
    return new String(frame.payload(), StandardCharsets.UTF_8);
  }

  private StreamFrame next() throws InterruptedException {
    StreamFrame frame = got.poll(10, TimeUnit.SECONDS);
    assertThat(frame).as("a frame for the downstream").isNotNull();
    return frame;
  }

  // gRPC callers, ttstream downstreams.

  /** Answers each message with {@code <message>}, and the half close with a trailer. */
  private Downstream echoing() {
    return answering(id -> trailer(id, Status.OK, null, "end", "1"));
  }

  private Downstream answering(Function<Integer, byte[]> end) {
    return Downstream.serving(
        (peer, n) -> {
          for (StreamFrame f = peer.readFrame(); f != null; f = peer.readFrame()) {
            got.add(f);
            switch (f.type()) {
              case HEADER -> peer.send(header(f.id(), "head", "1"));
              case DATA -> peer.send(data(f.id(), "<" + text(f) + ">"));
              case TRAILER -> peer.send(end.apply(f.id()));
              default -> {}
            }
          }
        });
  }

  private static TestGateway toTtstream(Downstream downstream) {
    return TestGateway.start(
        TestGateway.config("{streaming: ttstream}", "mode: stream", downstream.port()), 1);
  }

  @Test
  void aGrpcStreamIsATtstream() throws Exception {
    try (Downstream downstream = echoing();
        TestGateway gateway = toTtstream(downstream)) {
      HttpClientRequest request =
          grpc.open(
              gateway.port(),
              "/pkg.Svc/Chat",
              Map.of("rpc-persist-a-b", "p", "user", "u", "source-service", "web"));
      LinkedBlockingQueue<byte[]> answers = new LinkedBlockingQueue<>();
      Future<Answer> answer = RawGrpc.listen(request, answers::add);
      request.sendHead();
      StreamFrame opened = next();
      assertThat(opened.type()).isEqualTo(FrameType.HEADER);
      assertThat(opened.strings())
          .containsEntry("isn", "Svc")
          .containsEntry("RPC_PERSIST_A_B", "p")
          .containsEntry("user", "u")
          .doesNotContainKeys("content-type", "te");
      assertThat(opened.integers()).containsEntry(9, "Chat").containsEntry(3, "web");
      for (int i = 0; i < 3; i++) {
        request.write(RawGrpc.framed(bytes("m" + i)));
        assertThat(answers.poll(10, TimeUnit.SECONDS)).isEqualTo(bytes("<m" + i + ">"));
      }
      request.end();
      Answer all = TestGateway.get(answer);
      assertThat(all.status()).isZero();
      assertThat(all.headers())
          .containsEntry("head", "1")
          .containsEntry("content-type", "application/grpc+thrift");
      assertThat(all.trailers()).containsEntry("end", "1");
      assertThat(next().type()).isEqualTo(FrameType.DATA);
    }
  }

  /** Each message is one frame, however HTTP/2 cuts it. */
  @Test
  void messagesOfAnySizeGoWhole() throws Exception {
    byte[] large = new byte[3 << 20];
    new Random(1).nextBytes(large);
    try (Downstream downstream =
            Downstream.serving(
                (peer, n) -> {
                  for (StreamFrame f = peer.readFrame(); f != null; f = peer.readFrame()) {
                    if (f.type() == FrameType.DATA) {
                      peer.send(data(f.id(), f.payload()));
                    } else if (f.type() == FrameType.TRAILER) {
                      peer.send(trailer(f.id(), Status.OK, null));
                    }
                  }
                });
        TestGateway gateway = toTtstream(downstream)) {
      List<byte[]> messages =
          List.of(new byte[1], large, new byte[70_000], large, new byte[3], new byte[16_384]);
      Answer answer = grpc.call(gateway.port(), PATH, Map.of(), messages.toArray(byte[][]::new));
      assertThat(answer.status()).as(answer.end("grpc-message")).isZero();
      assertThat(answer.messages()).hasSize(messages.size());
      for (int i = 0; i < messages.size(); i++) {
        assertThat(answer.messages().get(i)).isEqualTo(messages.get(i));
      }
    }
  }

  @Test
  void manySmallMessagesKeepTheirOrder() {
    try (Downstream downstream = echoing();
        TestGateway gateway = toTtstream(downstream)) {
      List<byte[]> messages = new ArrayList<>();
      List<String> expected = new ArrayList<>();
      for (int i = 0; i < 5000; i++) {
        messages.add(bytes("m" + i));
        expected.add("<m" + i + ">");
      }
      Answer answer = grpc.call(gateway.port(), PATH, Map.of(), messages.toArray(byte[][]::new));
      assertThat(answer.status()).isZero();
      assertThat(answer.texts()).isEqualTo(expected);
    }
  }

  /** Every message would carry it, and count as if it did not. */
  @Test
  void aMethodWhoseNameIsVeryLongIsRefused() {
    try (Downstream downstream = echoing();
        TestGateway gateway = toTtstream(downstream)) {
      byte[][] message = {bytes("m")};
      Answer longest = grpc.call(gateway.port(), "/Svc/" + "m".repeat(1024), Map.of(), message);
      assertThat(longest.status()).isZero();
      Answer longer = grpc.call(gateway.port(), "/Svc/" + "m".repeat(1025), Map.of(), message);
      assertThat(longer.status()).isEqualTo(12);
      assertThat(longer.end("grpc-message")).contains("too long");
    }
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
      gzip.write(bytes);
    }
    return packed.toByteArray();
  }

  /** Large ones are unpacked in pieces, and what comes behind them waits. */
  @ParameterizedTest
  @ValueSource(ints = {5, 3 << 20})
  void packedMessagesAreUnpacked(int length) throws IOException {
    String text = "x".repeat(length);
    try (Downstream downstream = echoing();
        TestGateway gateway = toTtstream(downstream)) {
      Answer answer =
          grpc.send(
              gateway.port(),
              PATH,
              Map.of("grpc-encoding", "gzip"),
              RawGrpc.framed(1, gzip(bytes(text)))
                  .appendBuffer(RawGrpc.framed(bytes("plain")))
                  .appendBuffer(RawGrpc.framed(1, gzip(bytes(text)))));
      assertThat(answer.texts()).containsExactly("<" + text + ">", "<plain>", "<" + text + ">");
    }
  }

  /** Together they are far more than is unpacked in one turn. */
  @Test
  void manyPackedMessagesKeepTheirOrder() throws IOException {
    Buffer body = Buffer.buffer();
    List<String> expected = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      String text = i + "x".repeat(i % 3 == 0 ? 100_000 : i);
      boolean plain = i % 5 == 0;
      body.appendBuffer(RawGrpc.framed(plain ? 0 : 1, plain ? bytes(text) : gzip(bytes(text))));
      expected.add("<" + text + ">");
    }
    try (Downstream downstream = echoing();
        TestGateway gateway = toTtstream(downstream)) {
      Answer answer = grpc.send(gateway.port(), PATH, Map.of("grpc-encoding", "gzip"), body);
      assertThat(answer.texts()).isEqualTo(expected);
    }
  }

  @ParameterizedTest
  @CsvSource({"6, '', 13", "12001, '', 2", "1, 5, 5"})
  void anExceptionInTheTrailerIsAStatus(int type, String status, int expected) {
    String[] pairs = status.isEmpty() ? new String[0] : new String[] {"grpc-status", status};
    try (Downstream downstream =
            answering(id -> trailer(id, Status.exception(type, "wrong"), null, pairs));
        TestGateway gateway = toTtstream(downstream)) {
      Answer answer = grpc.call(gateway.port(), PATH, Map.of(), bytes("m"));
      assertThat(answer.texts()).containsExactly("<m>");
      assertThat(answer.status()).isEqualTo(expected);
      assertThat(answer.end("grpc-message")).isEqualTo("wrong");
      assertThat(answer.end("thrift-exception-type"))
          .isEqualTo(status.isEmpty() ? Integer.toString(type) : "");
    }
  }

  @Test
  void aBusinessStatusInTheTrailerIsOneOfGrpc() {
    try (Downstream downstream =
            answering(
                id -> trailer(id, Status.OK, new BizStatus(7, "no", "{\"a\":\"b\"}"), "t", "1"));
        TestGateway gateway = toTtstream(downstream)) {
      Answer answer = grpc.call(gateway.port(), PATH, Map.of(), bytes("m"));
      assertThat(answer.status()).isEqualTo(13);
      assertThat(answer.trailers())
          .containsEntry("biz-status", "7")
          .containsEntry("biz-extra", "{\"a\":\"b\"}")
          .containsEntry("grpc-message", "no")
          .containsEntry("t", "1");
    }
  }

  @Test
  void aCancelIsAReset() throws Exception {
    try (Downstream downstream = echoing();
        TestGateway gateway = toTtstream(downstream)) {
      HttpClientRequest request = grpc.open(gateway.port(), PATH, Map.of());
      request.write(RawGrpc.framed(bytes("m")));
      assertThat(next().type()).isEqualTo(FrameType.HEADER);
      assertThat(next().type()).isEqualTo(FrameType.DATA);
      request.reset(8);
      StreamFrame reset = next();
      assertThat(reset.type()).isEqualTo(FrameType.RST);
      assertThat(reset.strings()).containsEntry("ttscp", "non-ttstream path,sluice");
      assertThat(StreamCodes.read(Unpooled.wrappedBuffer(reset.payload())).number())
          .isEqualTo(StreamCodes.CANCELED_BY_UPSTREAM);
    }
  }

  @Test
  void aDeadlineIsAResetToo() throws Exception {
    try (Downstream downstream = echoing();
        TestGateway gateway = toTtstream(downstream)) {
      HttpClientRequest request = grpc.open(gateway.port(), PATH, Map.of("grpc-timeout", "200m"));
      Future<Answer> answer = RawGrpc.listen(request, m -> {});
      request.sendHead();
      assertThat(TestGateway.get(answer).status()).isEqualTo(4);
      assertThat(next().type()).isEqualTo(FrameType.HEADER);
      StreamFrame reset = next();
      assertThat(reset.type()).isEqualTo(FrameType.RST);
      assertThat(StreamCodes.read(Unpooled.wrappedBuffer(reset.payload())).number())
          .isEqualTo(StreamCodes.STREAM_DEADLINE);
    }
  }

  // ttstream callers, gRPC downstreams.

  private TestGateway toGrpc(int port) {
    return TestGateway.start(TestGateway.config("{streaming: grpc}", "", port), 1);
  }

  /** Far more than all buffers take, as each of its frames is of some 2000 bytes. */
  @Test
  void aCallerThatReadsLateGetsAllOfManySmallMessagesAndThenTheEnd() {
    CountDownLatch said = new CountDownLatch(1);
    String method = "Chat".repeat(500);
    int messages = 6000;
    int port =
        grpc.serve(
            call -> {
              byte[][] all = new byte[messages][];
              for (int i = 0; i < messages; i++) {
                all[i] = bytes("m" + i);
              }
              call.answer(Map.of("grpc-status", "0", "tail", "1"), all);
              said.countDown();
            });
    try (TestGateway gateway = toGrpc(port);
        Peer caller = Peer.connect(gateway.port(), 64 * 1024)) {
      caller.send(Thrifts.bytes(writer().open(1, "Svc", method, headers())));
      caller.send(Thrifts.bytes(writer().halfClose(1, method)));
      await().until(() -> said.getCount() == 0);
      assertThat(caller.readFrame().type()).isEqualTo(FrameType.HEADER);
      for (int i = 0; i < messages; i++) {
        assertThat(text(caller.readFrame())).isEqualTo("m" + i);
      }
      StreamFrame end = caller.readFrame();
      assertThat(end.type()).isEqualTo(FrameType.TRAILER);
      assertThat(end.strings()).containsEntry("tail", "1");
    }
  }

  private static void begin(HttpServerResponse response) {
    response.putHeader("content-type", "application/grpc+thrift").putHeader("head", "1");
    response.setChunked(true);
    response.writeHead();
  }

  /** Answers each message with {@code <message>}, and the half close with these trailers. */
  private int grpcEchoing(Map<String, String> trailers) {
    return grpc.serveMessages(
        (request, message) -> {
          HttpServerResponse response = request.response();
          if (!response.headWritten()) {
            begin(response);
          }
          if (message != null) {
            String answer = "<" + new String(message, StandardCharsets.UTF_8) + ">";
            response.write(RawGrpc.framed(bytes(answer)));
          } else {
            trailers.forEach(response::putTrailer);
            response.end();
          }
        });
  }

  @Test
  void aTtstreamIsAGrpcStream() {
    LinkedBlockingQueue<Map<String, String>> opened = new LinkedBlockingQueue<>();
    int port =
        grpc.serveRaw(
            request -> {
              Map<String, String> headers = new TreeMap<>();
              request.headers().forEach(e -> headers.put(e.getKey(), e.getValue()));
              headers.put(":path", request.path());
              opened.add(headers);
              begin(request.response());
              request.handler(bytes -> request.response().write(bytes));
              request.endHandler(
                  end ->
                      request.response().putTrailer("grpc-status", "0").putTrailer("e", "2").end());
            });
    try (TestGateway gateway = toGrpc(port);
        Peer caller = gateway.connect()) {
      caller.send(open(-7, "RPC_PERSIST_Log_Id", "p", "user", "u"));
      StreamFrame head = caller.readFrame();
      assertThat(head.type()).isEqualTo(FrameType.HEADER);
      assertThat(head.id()).isEqualTo(-7);
      assertThat(head.strings()).containsOnlyKeys("head");
      assertThat(opened.poll())
          .containsEntry(":path", "/Svc/Chat")
          .containsEntry("content-type", "application/grpc+thrift")
          .containsEntry("rpc-persist-log-id", "p")
          .containsEntry("user", "u");
      for (byte[] message : List.of(bytes("one"), new byte[2 << 20], bytes("three"))) {
        caller.send(data(-7, message));
        StreamFrame answer = caller.readFrame();
        assertThat(answer.type()).isEqualTo(FrameType.DATA);
        assertThat(answer.payload()).isEqualTo(message);
      }
      caller.send(halfClose(-7));
      StreamFrame end = caller.readFrame();
      assertThat(end.type()).isEqualTo(FrameType.TRAILER);
      assertThat(end.payload()).isEmpty();
      assertThat(end.strings()).containsEntry("e", "2").doesNotContainKey("grpc-status");
    }
  }

  /** The end too waits for what is being unpacked before it. */
  @ParameterizedTest
  @ValueSource(ints = {5, 3 << 20})
  void packedAnswersAreUnpacked(int length) throws IOException {
    byte[] packed = gzip(bytes("x".repeat(length)));
    int port =
        grpc.serve(
            call -> {
              call.request().response().putHeader("grpc-encoding", "gzip");
              begin(call.request().response());
              call.request().response().write(RawGrpc.framed(1, packed));
              call.request().response().write(RawGrpc.framed(bytes("plain")));
              call.request().response().write(RawGrpc.framed(1, packed));
              call.answer(Map.of("grpc-status", "5", "grpc-message", "wrong"));
            });
    try (TestGateway gateway = toGrpc(port);
        Peer caller = gateway.connect()) {
      caller.send(open(1)).send(halfClose(1));
      assertThat(caller.readFrame().type()).isEqualTo(FrameType.HEADER);
      assertThat(text(caller.readFrame())).isEqualTo("x".repeat(length));
      assertThat(text(caller.readFrame())).isEqualTo("plain");
      assertThat(text(caller.readFrame())).isEqualTo("x".repeat(length));
      StreamFrame end = caller.readFrame();
      assertThat(StreamCodes.read(Unpooled.wrappedBuffer(end.payload())).text()).isEqualTo("wrong");
    }
  }

  @ParameterizedTest
  @CsvSource({"5, '', 6, 5", "12, '', 1, 12", "2, 4711, 4711, ''"})
  void aStatusIsAnExceptionInTheTrailer(String status, String type, int expected, String back) {
    Map<String, String> trailers = new TreeMap<>();
    trailers.put("grpc-status", status);
    trailers.put("grpc-message", "wrong");
    if (!type.isEmpty()) {
      trailers.put("thrift-exception-type", type);
    }
    try (TestGateway gateway = toGrpc(grpcEchoing(trailers));
        Peer caller = gateway.connect()) {
      caller.send(open(1)).send(data(1, "m")).send(halfClose(1));
      assertThat(caller.readFrame().type()).isEqualTo(FrameType.HEADER);
      assertThat(text(caller.readFrame())).isEqualTo("<m>");
      StreamFrame end = caller.readFrame();
      assertThat(end.type()).isEqualTo(FrameType.TRAILER);
      Status told = StreamCodes.read(Unpooled.wrappedBuffer(end.payload()));
      assertThat(told.number()).isEqualTo(expected);
      assertThat(told.text()).isEqualTo("wrong");
      assertThat(end.strings().getOrDefault("grpc-status", "")).isEqualTo(back);
    }
  }

  @Test
  void aBusinessStatusOfGrpcIsInTheTrailer() {
    Map<String, String> trailers =
        Map.of("grpc-status", "13", "grpc-message", "no", "biz-status", "7");
    try (TestGateway gateway = toGrpc(grpcEchoing(trailers));
        Peer caller = gateway.connect()) {
      caller.send(open(1)).send(halfClose(1));
      assertThat(caller.readFrame().type()).isEqualTo(FrameType.HEADER);
      StreamFrame end = caller.readFrame();
      assertThat(end.payload()).isEmpty();
      assertThat(end.strings())
          .containsEntry("biz-status", "7")
          .containsEntry("biz-message", "no")
          .doesNotContainKey("grpc-status");
    }
  }

  /** A half close of gRPC would have the downstream take what it has for all there is. */
  @Test
  void aHalfCloseThatSaysThatTheCallerFailedIsACancelToo() {
    LinkedBlockingQueue<Throwable> ended = new LinkedBlockingQueue<>();
    int port =
        grpc.serveRaw(
            request -> {
              request.response().exceptionHandler(ended::add);
              request.endHandler(end -> ended.add(new AssertionError("half-closed")));
              begin(request.response());
            });
    try (TestGateway gateway = toGrpc(port);
        Peer caller = gateway.connect()) {
      caller.send(open(1));
      assertThat(caller.readFrame().type()).isEqualTo(FrameType.HEADER);
      caller.send(trailer(1, Status.exception(6, "I failed"), null));
      StreamFrame end = caller.readFrame();
      assertThat(end.type()).isEqualTo(FrameType.TRAILER);
      assertThat(StreamCodes.read(Unpooled.wrappedBuffer(end.payload())).text())
          .isEqualTo("I failed");
      await().until(() -> !ended.isEmpty());
      assertThat(ended.peek()).hasMessageContaining("8");
    }
  }

  @Test
  void aResetIsACancel() {
    LinkedBlockingQueue<Throwable> ended = new LinkedBlockingQueue<>();
    int port =
        grpc.serveRaw(
            request -> {
              request.response().exceptionHandler(ended::add);
              begin(request.response());
            });
    try (TestGateway gateway = toGrpc(port);
        Peer caller = gateway.connect()) {
      caller.send(open(1));
      assertThat(caller.readFrame().type()).isEqualTo(FrameType.HEADER);
      caller.send(Thrifts.bytes(writer().reset(1, "Chat", 12007, "enough", "up")));
      await().until(() -> !ended.isEmpty());
      assertThat(ended.peek()).hasMessageContaining("8");
    }
  }

  /** A caller that does not read stops the downstream, and gets all of it in the end. */
  @Test
  void backPressureGoesThrough() {
    byte[] message = new byte[64 * 1024];
    int count = 600;
    AtomicInteger sent = new AtomicInteger();
    try (Downstream downstream =
            Downstream.serving(
                (peer, n) -> {
                  StreamFrame opened = peer.readFrame();
                  peer.send(header(opened.id()));
                  for (int i = 0; i < count; i++) {
                    peer.send(data(opened.id(), message));
                    sent.incrementAndGet();
                  }
                  peer.send(trailer(opened.id(), Status.OK, null));
                  peer.readFrame();
                });
        TestGateway gateway = toTtstream(downstream)) {
      HttpClientRequest request = grpc.open(gateway.port(), PATH, Map.of());
      LinkedBlockingQueue<HttpClientResponse> paused = new LinkedBlockingQueue<>();
      Future<Answer> answer =
          request
              .response()
              .compose(
                  response -> {
                    response.pause();
                    Future<Answer> all = RawGrpc.gather(response, m -> {});
                    paused.add(response);
                    return all;
                  });
      request.end();
      await().until(() -> !paused.isEmpty());
      // The downstream has been stopped in the midst of its messages.
      Standstill.await(sent::get);
      assertThat(sent.get()).isLessThan(count);
      paused.remove().resume();
      assertThat(TestGateway.get(answer).messages()).hasSize(count);
    }
  }
}
