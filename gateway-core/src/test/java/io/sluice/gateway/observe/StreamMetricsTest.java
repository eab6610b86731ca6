package io.sluice.gateway.observe;

import static io.sluice.gateway.testkit.Frames.data;
import static io.sluice.gateway.testkit.Frames.halfClose;
import static io.sluice.gateway.testkit.Frames.open;
import static io.sluice.gateway.testkit.Frames.reset;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.Frames;
import io.sluice.gateway.testkit.GrpcPeers;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.Splits;
import io.sluice.gateway.testkit.TestGateway;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.grpc.client.GrpcClientRequest;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What metrics say of streams, also of those that are open. */
class StreamMetricsTest {
  private static double value(TestGateway gateway, String name, String... tags) {
    return gateway.registry().find(name).tags(tags).meters().stream()
        .mapToDouble(meter -> meter.measure().iterator().next().getValue())
        .sum();
  }

  private static void awaitValue(
      TestGateway gateway, double expected, String name, String... tags) {
    await(name)
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(() -> assertThat(value(gateway, name, tags)).isEqualTo(expected));
  }

  @Test
  void streamsAreCountedWhileTheyAreOpen() {
    try (Downstream downstream = Frames.echoing();
        TestGateway gateway =
            TestGateway.start(TestGateway.config("framed", "", downstream.port()), 2);
        Peer caller = gateway.connect();
        Peer other = gateway.connect()) {
      caller.send(Splits.glued(open(1), data(1, "one"), data(1, "two"), open(2)));
      other.send(Splits.glued(open(1), data(1, "one")));
      String[] kind = {"protocol", "ttstream", "route", "default", "cluster", "backend"};
      awaitValue(gateway, 3, "sluice.streams.open", kind);
      awaitValue(gateway, 3, "sluice.stream.messages", "direction", "request");
      awaitValue(gateway, 3, "sluice.stream.messages", "direction", "response");
      awaitValue(gateway, 9, "sluice.stream.bytes", "direction", "request");
      awaitValue(gateway, 15, "sluice.stream.bytes", "direction", "response");
      awaitValue(gateway, 2, "sluice.stream.first.message", kind);
      caller.send(Splits.glued(halfClose(1), reset(2, 12007, "enough", "web")));
      awaitValue(gateway, 1, "sluice.streams.open", kind);
      awaitValue(gateway, 1, "sluice.streams.ended", "by", "downstream");
      awaitValue(gateway, 1, "sluice.streams.ended", "by", "caller");
      other.reset();
      awaitValue(gateway, 0, "sluice.streams.open", kind);
      awaitValue(gateway, 2, "sluice.streams.ended", "by", "caller");
      assertThat(gateway.registry().scrape())
          .contains("sluice_streams_open{")
          .contains("sluice_streams_ended_total{")
          .contains("sluice_stream_messages_total{")
          .contains("sluice_stream_bytes_total{")
          .contains("sluice_stream_first_message_seconds_bucket{");
    }
  }

  @Test
  void messagesOfGrpcAreCountedThoughTheyAreNotUnpacked() {
    try (GrpcPeers peers = new GrpcPeers();
        TestGateway gateway = TestGateway.to(peers.serveEcho())) {
      GrpcClientRequest<Buffer, Buffer> request = peers.open(gateway.port(), "Chat");
      Future<GrpcPeers.Answer> answer = GrpcPeers.listen(request);
      GrpcPeers.say(request, List.of("one", "", "x".repeat(100_000)));
      assertThat(TestGateway.get(answer).messages()).hasSize(3);
      awaitValue(gateway, 3, "sluice.stream.messages", "direction", "request", "protocol", "grpc");
      awaitValue(gateway, 3, "sluice.stream.messages", "direction", "response", "protocol", "grpc");
      awaitValue(gateway, 1, "sluice.streams.ended", "by", "downstream");
      awaitValue(gateway, 0, "sluice.streams.open");
    }
  }
}
