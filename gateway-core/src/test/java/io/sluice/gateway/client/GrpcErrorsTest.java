package io.sluice.gateway.client;

import static io.sluice.gateway.testkit.Http2Peer.DATA;
import static io.sluice.gateway.testkit.Http2Peer.END_HEADERS;
import static io.sluice.gateway.testkit.Http2Peer.END_STREAM;
import static io.sluice.gateway.testkit.Http2Peer.HEADERS;
import static io.sluice.gateway.testkit.Http2Peer.PING;
import static io.sluice.gateway.testkit.Http2Peer.frame;
import static io.sluice.gateway.testkit.Http2Peer.list;
import static io.sluice.gateway.testkit.Http2Peer.message;
import static io.sluice.gateway.testkit.Http2Peer.response;
import static io.sluice.gateway.testkit.Http2Peer.trailers;
import static io.sluice.gateway.testkit.Http2Peer.windowUpdate;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.GrpcPeers;
import io.sluice.gateway.testkit.GrpcPeers.Answer;
import io.sluice.gateway.testkit.Http2Peer;
import io.sluice.gateway.testkit.Http2Peer.Frame;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Warnings;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.grpc.client.GrpcClientRequest;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Downstreams that break the rules of HTTP/2, on one stream or for all of a connection. */
class GrpcErrorsTest {
  private static final long PROTOCOL_ERROR = 1;
  private static final long FRAME_SIZE_ERROR = 6;
  private static final int UNAVAILABLE = 14;

  private final GrpcPeers peers = new GrpcPeers();

  /** What the downstream was told when it had broken the rules. */
  private final Promise<Frame> told = Promise.promise();

  @AfterEach
  void stop() {
    peers.close();
  }

  private static TestGateway gateway(Downstream downstream) {
    return TestGateway.start(
        TestGateway.config("framed", "", downstream.port())
            .replace("transport:", "maxConnections: 1, transport:"),
        1);
  }

  private Future<Answer> begin(TestGateway gateway, String text) {
    GrpcClientRequest<Buffer, Buffer> request = peers.open(gateway.port(), "Say");
    Future<Answer> answer = GrpcPeers.listen(request);
    GrpcPeers.say(request, List.of(text));
    return answer;
  }

  /** The stream of the next request, when it is whole. */
  private static int nextRequest(Http2Peer downstream) {
    Frame end = downstream.readUntil(f -> f.type() == DATA && f.has(END_STREAM));
    return end == null ? 0 : end.stream();
  }

  private static byte[] upperCase(int stream) {
    // HPACK: a literal that is not indexed, with a new name of one byte.
    byte[] head = list(new DefaultHttp2Headers(false).status("200"));
    byte[] bad = {0, 1, 'A', 1, 'b'};
    byte[] all = new byte[head.length + bad.length];
    System.arraycopy(head, 0, all, 0, head.length);
    System.arraycopy(bad, 0, all, head.length, bad.length);
    return frame(HEADERS, END_HEADERS, stream, all);
  }

  private static Arguments wrong(String what, IntFunction<byte[]> frames) {
    return Arguments.of(what, frames);
  }

  static Stream<Arguments> wrongOnAStream() {
    return Stream.of(
        wrong("a name in upper case", GrpcErrorsTest::upperCase),
        wrong("a window update of nothing", stream -> windowUpdate(stream, 0)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("wrongOnAStream")
  void whatIsWrongOnAStreamEndsThatStreamOnly(String what, IntFunction<byte[]> frames) {
    try (Downstream downstream =
            Downstream.serving(
                (peer, connection) -> {
                  Http2Peer h2 = Http2Peer.accept(peer);
                  int first = nextRequest(h2);
                  int second = nextRequest(h2);
                  h2.send(frames.apply(second));
                  // Once it is answered, the gateway has read what was wrong.
                  h2.send(frame(PING, 0, 0, new byte[8]));
                  h2.readUntil(PING);
                  h2.send(response(first), message(first, "served", false), trailers(first, 0));
                  h2.readToTheEnd();
                });
        TestGateway gateway = gateway(downstream)) {
      Future<Answer> first = begin(gateway, "first");
      Future<Answer> second = begin(gateway, "second");
      assertThat(TestGateway.get(first).messages()).containsExactly("served");
      assertThat(TestGateway.get(second).status()).isNotZero();
      assertThat(downstream.accepted()).isOne();
    }
  }

  /** A clean close is a downstream's right; this is not, and somebody may look for its cause. */
  @Test
  void aConnectionThatBreaksUnderCallsIsALineInTheLog() {
    try (Warnings warnings = new Warnings();
        Downstream downstream =
            Downstream.serving(
                (peer, connection) -> {
                  nextRequest(Http2Peer.accept(peer));
                  peer.reset();
                });
        TestGateway gateway = gateway(downstream)) {
      Answer lost = TestGateway.get(begin(gateway, "lost"));
      assertThat(lost.text()).contains("127.0.0.1:" + downstream.port() + " lost");
      assertThat(warnings.only())
          .startsWith("lost a connection to a downstream: ")
          .contains("Connection reset by peer")
          .contains("endpoint=\"127.0.0.1:" + downstream.port() + "\"")
          .contains("calls=\"1\"");
    }
  }

  static Stream<Arguments> wrongForAll() {
    return Stream.of(
        wrong("a response to nothing", stream -> response(stream + 100)),
        wrong("data of no stream", stream -> frame(DATA, 0, 0, new byte[4])),
        wrong("a ping of 4 bytes", stream -> frame(PING, 0, 0, new byte[4])));
  }

  /** It is told what it has done, and the next call has a connection of its own. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("wrongForAll")
  void whatIsWrongForAllEndsTheConnection(String what, IntFunction<byte[]> frames) {
    try (Downstream downstream =
            Downstream.serving(
                (peer, connection) -> {
                  Http2Peer h2 = Http2Peer.accept(peer);
                  int stream = nextRequest(h2);
                  if (connection == 1) {
                    h2.send(frames.apply(stream));
                    told.complete(h2.readToTheEnd());
                  } else {
                    h2.send(
                        response(stream), message(stream, "served", false), trailers(stream, 0));
                    h2.readToTheEnd();
                  }
                });
        TestGateway gateway = gateway(downstream)) {
      Answer lost = TestGateway.get(begin(gateway, "lost"));
      assertThat(lost.status()).isEqualTo(UNAVAILABLE);
      assertThat(lost.text()).contains("127.0.0.1:" + downstream.port());
      Frame goAway = TestGateway.get(told.future());
      assertThat(goAway).as("a GOAWAY").isNotNull();
      assertThat(goAway.number(4)).isIn(PROTOCOL_ERROR, FRAME_SIZE_ERROR);
      assertThat(TestGateway.get(begin(gateway, "next")).messages()).containsExactly("served");
    }
  }
}
