package io.sluice.gateway.server;

import static io.sluice.gateway.testkit.Http2Peer.DATA;
import static io.sluice.gateway.testkit.Http2Peer.END_HEADERS;
import static io.sluice.gateway.testkit.Http2Peer.END_STREAM;
import static io.sluice.gateway.testkit.Http2Peer.HEADERS;
import static io.sluice.gateway.testkit.Http2Peer.PADDED;
import static io.sluice.gateway.testkit.Http2Peer.RST_STREAM;
import static io.sluice.gateway.testkit.Http2Peer.SETTINGS;
import static io.sluice.gateway.testkit.Http2Peer.WINDOW_UPDATE;
import static io.sluice.gateway.testkit.Http2Peer.frame;
import static io.sluice.gateway.testkit.Http2Peer.list;
import static io.sluice.gateway.testkit.Http2Peer.message;
import static io.sluice.gateway.testkit.Http2Peer.request;
import static io.sluice.gateway.testkit.Http2Peer.reset;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.sluice.gateway.testkit.GrpcPeers;
import io.sluice.gateway.testkit.Http2Peer;
import io.sluice.gateway.testkit.Http2Peer.Frame;
import io.sluice.gateway.testkit.Splits;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Warnings;
import io.vertx.core.buffer.Buffer;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests of gRPC, good and bad, frame by frame. */
class GrpcRequestsTest {
  private static final int PROTOCOL_ERROR = 1;
  private static final int INTERNAL_ERROR = 2;
  private static final int CANCEL = 8;
  private static final int FRAME = 16 * 1024;

  private static final LinkedBlockingQueue<String> TAGS = new LinkedBlockingQueue<>();

  private static GrpcPeers peers;
  private static TestGateway gateway;

  @BeforeAll
  static void start() {
    peers = new GrpcPeers();
    gateway =
        TestGateway.to(
            peers.serve(
                call -> {
                  TAGS.addAll(call.headers().getAll("tag"));
                  if (call.methodName().equals("Deaf")) {
                    call.pause();
                    return;
                  }
                  if (call.methodName().equals("Early")) {
                    call.response().end(Buffer.buffer("enough"));
                  } else {
                    call.endHandler(end -> call.response().end(Buffer.buffer("done")));
                  }
                }));
  }

  @AfterAll
  static void stop() {
    gateway.close();
    peers.close();
  }

  private static byte[] head(DefaultHttp2Headers headers, String... more) {
    return frame(HEADERS, END_HEADERS, 1, list(headers, more));
  }

  private static DefaultHttp2Headers pseudo(String path) {
    DefaultHttp2Headers headers = new DefaultHttp2Headers(false);
    headers.method("POST").scheme("http").authority("svc");
    if (path != null) {
      headers.path(path);
    }
    return headers;
  }

  private static void assertServes(Http2Peer caller, int stream) {
    caller.send(request(stream, "Say", false), message(stream, "hi", true));
    assertThat(caller.readUntil(f -> f.type() == DATA && f.stream() == stream)).isNotNull();
  }

  @ParameterizedTest
  @ValueSource(strings = {"application/json", "text/plain", "application/grp"})
  void whatIsNotGrpcIsAnswered415(String type) {
    try (Http2Peer caller = Http2Peer.connect(gateway.port())) {
      caller.send(head(pseudo("/pkg.Svc/Say"), "content-type", type));
      Frame answer = caller.readUntil(HEADERS);
      assertThat(caller.headers(answer)).containsEntry(":status", "415");
      assertThat(caller.readUntil(DATA).has(END_STREAM)).isTrue();
      assertThat(caller.readUntil(RST_STREAM).number(0)).isZero();
      assertServes(caller, 3);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"application/grpc+proto", "application/grpc+thrift", "application/grpc;x=y"})
  void whateverIsGrpcPasses(String type) {
    try (Http2Peer caller = Http2Peer.connect(gateway.port())) {
      caller.send(
          head(pseudo("/pkg.Svc/Say"), "content-type", type, "te", "trailers"),
          message(1, "hi", true));
      Frame answer = caller.readUntil(HEADERS);
      assertThat(caller.headers(answer)).containsEntry(":status", "200");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"/nothing", "/pkg.Svc/", "/"})
  void aPathThatNamesNoMethod(String path) {
    try (Http2Peer caller = Http2Peer.connect(gateway.port())) {
      caller.send(head(pseudo(path), "content-type", "application/grpc"));
      assertThat(caller.headers(caller.readUntil(HEADERS)))
          .containsEntry("grpc-status", "13")
          .containsEntry("grpc-message", "malformed method name");
      assertServes(caller, 3);
    }
  }

  @Test
  void moreMetadataThanAllowed() {
    String[] many = new String[2 * 1100];
    for (int i = 0; i < many.length; i += 2) {
      many[i] = "k";
      many[i + 1] = "v";
    }
    try (Http2Peer caller = Http2Peer.connect(gateway.port())) {
      caller.send(request(1, "Say", false, many));
      assertThat(caller.headers(caller.readUntil(HEADERS))).containsEntry("grpc-status", "8");
      assertServes(caller, 3);
    }
  }

  /** A head that ends its stream with this code. */
  record Bad(String name, int code, byte[] head) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Bad> bad() {
    String grpc = "application/grpc";
    return Stream.of(
        new Bad("a timeout of 9 digits", INTERNAL_ERROR, timeout("123456789n")),
        new Bad("a timeout without a unit", INTERNAL_ERROR, timeout("12")),
        new Bad("a timeout below nothing", INTERNAL_ERROR, timeout("-1S")),
        new Bad("no path", PROTOCOL_ERROR, head(pseudo(null), "content-type", grpc)),
        new Bad(
            "a header of the connection",
            PROTOCOL_ERROR,
            head(pseudo("/pkg.Svc/Say"), "content-type", grpc, "connection", "close")),
        new Bad(
            "te that is not for trailers",
            PROTOCOL_ERROR,
            head(pseudo("/pkg.Svc/Say"), "content-type", grpc, "te", "gzip")),
        new Bad(
            "a name in capitals",
            PROTOCOL_ERROR,
            head(pseudo("/pkg.Svc/Say"), "content-type", grpc, "X-Large", "1")));
  }

  private static byte[] timeout(String text) {
    return request(1, "Say", false, "grpc-timeout", text);
  }

  @ParameterizedTest
  @MethodSource("bad")
  void aBadHeadEndsItsStreamOnly(Bad bad) {
    try (Warnings warnings = new Warnings();
        Http2Peer caller = Http2Peer.connect(gateway.port())) {
      caller.send(bad.head);
      Frame reset = caller.readUntil(RST_STREAM);
      assertThat(reset.stream()).isEqualTo(1);
      assertThat(reset.number(0)).isEqualTo(bad.code);
      assertServes(caller, 3);
      assertThat(warnings.lines()).isEmpty();
    }
  }

  @Test
  void metadataThatIsRepeatedPassesInItsOrder() throws InterruptedException {
    TAGS.clear();
    try (Http2Peer caller = Http2Peer.connect(gateway.port())) {
      caller.send(
          request(1, "Say", false, "tag", "one", "other", "x", "tag", "two"),
          message(1, "hi", true));
      assertThat(TAGS.poll(20, TimeUnit.SECONDS)).isEqualTo("one");
      assertThat(TAGS.poll(20, TimeUnit.SECONDS)).isEqualTo("two");
    }
  }

  private static byte[] requestTrailers(int stream) {
    return frame(
        HEADERS, END_HEADERS | END_STREAM, stream, list(new DefaultHttp2Headers(false), "a", "b"));
  }

  @Test
  void trailersOfARequestAreItsEnd() {
    try (Http2Peer caller = Http2Peer.connect(gateway.port())) {
      caller.send(request(1, "Say", false), message(1, "hi", false), requestTrailers(1));
      assertThat(caller.readUntil(f -> f.type() == DATA && f.stream() == 1)).isNotNull();
    }
  }

  @Test
  void trailersAndDataOfARequestThatWasAnsweredEarlyHarmNobody() {
    try (Warnings warnings = new Warnings();
        Http2Peer caller = Http2Peer.connect(gateway.port())) {
      for (int stream = 1; stream < 60; stream += 4) {
        int id = stream;
        caller.send(request(id, "Early", false), message(id, "hi", false));
        assertThat(
                caller.readUntil(f -> f.type() == HEADERS && f.stream() == id && f.has(END_STREAM)))
            .isNotNull();
        caller.send(message(id, "late", false), requestTrailers(id));
        assertServes(caller, id + 2);
      }
      assertThat(warnings.lines()).isEmpty();
    }
  }

  /** Takes what the gateway allows to be sent on a stream and on the connection. */
  private static final class Windows {
    private final Http2Peer caller;
    private long connection = 65_535;
    private long stream;
    private int id;

    Windows(Http2Peer caller) {
      this.caller = caller;
      Frame settings = caller.readUntil(SETTINGS);
      assertThat(settings).isNotNull();
    }

    void open(int id) {
      this.id = id;
      stream = 256 * 1024;
    }

    void take(int bytes) {
      while (stream < bytes || connection < bytes) {
        Frame update = caller.readUntil(WINDOW_UPDATE);
        assertThat(update).isNotNull();
        if (update.stream() == 0) {
          connection += update.number(0);
        } else if (update.stream() == id) {
          stream += update.number(0);
        }
      }
      stream -= bytes;
      connection -= bytes;
    }
  }

  @Test
  void theWindowOfPaddingIsGivenBack() {
    // A message of 4000 bytes in as many frames, all else is padding: 1 MiB for the windows.
    byte[] message = GrpcPeers.framed("x".repeat(3995)).getBytes();
    try (Http2Peer caller = Http2Peer.connect(gateway.port())) {
      Windows windows = new Windows(caller);
      caller.send(request(1, "Say", false));
      windows.open(1);
      for (int i = 0; i < message.length; i++) {
        byte[] payload = new byte[1 + 1 + 255];
        payload[0] = (byte) 255;
        payload[1] = message[i];
        windows.take(payload.length);
        int last = i == message.length - 1 ? END_STREAM : 0;
        caller.send(frame(DATA, PADDED | last, 1, payload));
      }
      assertThat(caller.readUntil(f -> f.type() == DATA && f.stream() == 1)).isNotNull();
    }
  }

  @Test
  void theWindowOfTheConnectionOutlivesStreamsThatNobodyReads() {
    try (Http2Peer caller = Http2Peer.connect(gateway.port())) {
      Windows windows = new Windows(caller);
      int streams = 100;
      byte[] part = Splits.glued(GrpcPeers.framed("x".repeat(200_000)).getBytes());
      for (int n = 0; n < streams; n++) {
        int id = 2 * n + 1;
        caller.send(request(id, "Deaf", false));
        windows.open(id);
        for (byte[] piece : Splits.pieces(part, FRAME)) {
          windows.take(piece.length);
          caller.send(frame(DATA, 0, id, piece));
        }
        // Half of them are given up, the others stay as they are, stalled.
        if (n % 2 == 0) {
          caller.send(reset(id, CANCEL));
        }
      }
      assertServes(caller, 2 * streams + 1);
    }
  }
}
