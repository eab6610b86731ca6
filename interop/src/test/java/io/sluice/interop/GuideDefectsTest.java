package io.sluice.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.interop.harness.GatewayProcess;
import io.sluice.interop.harness.Message;
import io.sluice.interop.harness.Message.Framing;
import io.sluice.interop.harness.Peers;
import io.sluice.interop.harness.Peers.Outcome;
import io.sluice.interop.harness.RawConnection;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The fourteen defects of the proxy in Kitex's guide, in the order of section 12 of the wire notes:
 * the gateway has none of them. The peers are real Kitex ones unless bytes must be seen.
 */
final class GuideDefectsTest {
  private static final Duration LIMIT = Duration.ofSeconds(10);

  /** An int key of a TTHeader frame of a stream. */
  private static final int DATA = 3;

  private static Peers.Server server;
  private static GatewayProcess gateway;

  @BeforeAll
  static void start() {
    server = Peers.server();
    gateway = before(server.address());
  }

  @AfterAll
  static void stop() {
    try {
      gateway.close();
    } finally {
      server.close();
    }
  }

  private static GatewayProcess before(InetSocketAddress endpoint) {
    return GatewayProcess.with(GatewayProcess.configuration("ttheader-framed", endpoint)).start();
  }

  private static InetSocketAddress at(ServerSocket socket) {
    return new InetSocketAddress("127.0.0.1", socket.getLocalPort());
  }

  private static ServerSocket downstream() throws IOException {
    ServerSocket socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    socket.setSoTimeout(20_000);
    return socket;
  }

  /** Runs cases through the gateway and demands that they are as in a direct call. */
  private static Map<String, Outcome> assertAsDirect(String transport, String... cases) {
    Map<String, Outcome> direct = Peers.client(server.address(), transport, cases);
    Map<String, Outcome> through = Peers.client(gateway.address(), transport, cases);
    assertThat(through).containsOnlyKeys(cases);
    through.forEach(
        (name, outcome) -> {
          assertThat(outcome.ok()).as("%s", outcome.whole()).isTrue();
          Outcomes.assertSame(
              name + ", " + transport, direct.get(name).line(), outcome.line(), outcome.whole());
        });
    return through;
  }

  @Test
  void defect01CodecIsNotRememberedByServiceName() {
    assertAsDirect("ttheader-framed", "two-codecs", "two-codecs-nameless");
    // All calls on Framed have the same name, none.
    try (RawConnection caller = RawConnection.to(gateway.address())) {
      for (int i = 0; i < 5; i++) {
        Message thrift = Message.call(Framing.FRAMED, "", "Text", 1, Message.text("thrift"));
        assertThat(caller.exchange(thrift).resultText()).isEqualTo("thrift");
        Message protobuf = Message.protobuf(Framing.FRAMED, "", "LastCancelPb", 2, new byte[0]);
        Message reply = caller.exchange(protobuf);
        assertThat(reply.type()).as("%s", reply).isEqualTo(Message.REPLY);
        assertThat(reply.seq()).isEqualTo(2);
      }
    }
  }

  @Test
  void defect02OnewayIsForwardedAsOnewayAndWaitsForNothing() throws IOException {
    assertAsDirect("ttheader-framed", "oneway");
    try (ServerSocket silent = downstream();
        GatewayProcess own = before(at(silent));
        RawConnection caller = RawConnection.to(own.address())) {
      caller.send(
          Message.call(Framing.TTHEADER_FRAMED, "Users", "Tell", 7, Message.text("x"))
              .oneway()
              .bytes());
      try (RawConnection accepted = new RawConnection(silent.accept())) {
        assertThat(accepted.read().type()).isEqualTo(Message.ONEWAY);
        await().atMost(LIMIT).until(() -> own.metric("sluice_calls_total", "status=\"ok\"") == 1);
      }
      // What the caller reads next belongs to its next call.
      caller.send(
          Message.call(Framing.TTHEADER_FRAMED, "Users", "Ask", 8, Message.text("x")).bytes());
      try (RawConnection accepted = new RawConnection(silent.accept())) {
        Message call = accepted.read();
        accepted.send(Message.reply(call, new byte[] {0}).bytes());
        assertThat(caller.read().seq()).isEqualTo(8);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"framed", "ttheader", "ttheader-framed"})
  void defect03ErrorKeepsItsTypeAndItsText(String transport) {
    Map<String, Outcome> seen =
        assertAsDirect(transport, "plain-error", "typed-error", "application-exception", "panic");
    JsonNode error = seen.get("typed-error").line().path("error");
    assertThat(error.path("type").asInt()).isEqualTo(4711);
    assertThat(error.path("remoteText").asText()).isEqualTo("typed failure [biz error]");
  }

  @Test
  void defect04BusinessStatusOfProtobufLeavesTheConnection() {
    Map<String, Outcome> seen =
        assertAsDirect(
            "kitexpb-ttheader-framed", "unary-biz-status", "unary-biz-no-extra", "unary");
    assertThat(seen.get("unary-biz-status").line().path("biz").path("code").asInt())
        .isEqualTo(7001);
    // On a connection that all calls share, it would have cost its neighbours theirs.
    assertAsDirect("kitexpb-ttheader-mux", "unary-biz-status", "unary");
  }

  @ParameterizedTest
  @ValueSource(strings = {"framed", "buffered"})
  void defect05BusinessStatusIsToldWhereThereIsNoPlaceForIt(String transport) {
    Outcome seen = Peers.client(gateway.address(), transport, "biz-status").get("biz-status");
    JsonNode error = seen.line().path("error");
    assertThat(error.path("type").asInt()).as("%s", seen.whole()).isEqualTo(6);
    assertThat(error.path("remoteText").asText()).isEqualTo("biz error: code=7001, msg=業務エラー é");
  }

  @Test
  void defect06BackwardValuesHeadersAndTrailersComeBack() {
    JsonNode backward =
        assertAsDirect("ttheader-framed", "backward").get("backward").line().path("backward");
    assertThat(backward.path("backward-key").asText()).isEqualTo("backward value");
    for (String transport : List.of("ttstream", "grpc-thrift", "grpc-pb")) {
      JsonNode line = assertAsDirect(transport, "metadata").get("metadata").line();
      assertThat(line.path("headers").path("interop-header").asText()).isEqualTo("header value");
      assertThat(line.path("trailers").path("interop-trailer").asText()).isEqualTo("trailer value");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"ttheader", "ttheader-framed"})
  void defect07CallerKeepsItsName(String transport) {
    JsonNode seen = assertAsDirect(transport, "caller-name").get("caller-name").line().path("seen");
    assertThat(seen.path("callerService").asText()).isEqualTo("interop.caller");
    assertThat(seen.path("callerMethod").asText()).isEqualTo("CallerMethod");
  }

  @ParameterizedTest
  @ValueSource(strings = {"ttheader", "ttheader-framed"})
  void defect08DeadlineReachesTheServer(String transport) {
    JsonNode seen =
        assertAsDirect(transport, "deadline-seen", "deadline-exceeded")
            .get("deadline-seen")
            .line()
            .path("result");
    assertThat(seen.path("rpcTimeout").asText()).isEqualTo("true");
    assertThat(seen.path("deadline").asText()).isEqualTo("true");
  }

  /** Of a cluster with both, the route says what a method is; where it does not, nobody guesses. */
  @ParameterizedTest
  @ValueSource(strings = {"unary", "auto", "stream"})
  void defect09UnaryCallOfGrpcIsAPingPongCall(String mode) {
    String config =
        GatewayProcess.configuration(
                "{unary: ttheader-framed, streaming: ttstream}", server.address())
            .replace("- cluster: backend", "- {cluster: backend, mode: " + mode + "}");
    try (GatewayProcess own = GatewayProcess.with(config).start()) {
      ObjectNode seen = Peers.client(own.address(), "grpc-thrift", "unary").get("unary").line();
      JsonNode error = seen.path("error");
      switch (mode) {
        case "unary" -> assertThat(seen.path("ok").asBoolean()).as("%s", seen).isTrue();
        case "auto" -> {
          assertThat(error.path("type").asInt()).as("%s", seen).isEqualTo(12);
          assertThat(error.path("text").asText()).contains("mode: unary");
        }
        // What the guide's proxy does with every unary call.
        default -> assertThat(error.path("text").asText()).contains("interface conversion");
      }
    }
  }

  /** Where the downstream does not speak gRPC, the caller is told so in gRPC's own words. */
  @Test
  void defect09UnaryCallOfGrpcIsNeverTakenForAStream() throws IOException {
    assertAsDirect("grpc-thrift", "unary", "unary-plain-error");
    try (ServerSocket recorded = downstream();
        GatewayProcess own = before(at(recorded))) {
      BlockingQueue<String> beginnings = new LinkedBlockingQueue<>();
      Thread closing =
          new Thread(
              () -> {
                while (true) {
                  try (RawConnection accepted = new RawConnection(recorded.accept())) {
                    beginnings.add(new String(accepted.readBytes(8), StandardCharsets.ISO_8859_1));
                  } catch (IOException e) {
                    return; // The test is over.
                  }
                }
              },
              "downstream-without-grpc");
      closing.setDaemon(true);
      closing.start();
      Outcome seen = Peers.client(own.address(), "grpc-thrift", "unary").get("unary");
      assertThat(seen.line().path("error").path("type").asInt())
          .as("%s", seen.whole())
          .isEqualTo(14);
      assertThat(beginnings).isNotEmpty().containsOnly("PRI * HT");
    }
  }

  /** The second gateway takes nothing that has lost its package. */
  @Test
  void defect10PackageOfAServiceIsKept() {
    String config =
        GatewayProcess.configuration("ttheader-framed", server.address())
            .replace("- cluster", "- match: {prefix: interop.pb.}\n    cluster");
    try (GatewayProcess strict = GatewayProcess.with(config).start();
        GatewayProcess plain = before(strict.address())) {
      Map<String, Outcome> seen =
          Peers.client(plain.address(), "grpc-pb", "unary", "bidi-100", "server-stream");
      assertThat(seen.values()).hasSize(3).allMatch(Outcome::ok);
      assertThat(strict.metric("sluice_calls_total", "status=\"ok\"")).isEqualTo(3);
    }
  }

  /** The same on every protocol: what the caller sent, no more and no less. */
  @Test
  void defect11TransientMetainfoIsTheSameOnAllProtocols() {
    for (String transport : List.of("ttheader", "ttheader-framed")) {
      JsonNode seen =
          assertAsDirect(transport, "metainfo-transient")
              .get("metainfo-transient")
              .line()
              .path("seen");
      assertThat(seen.path("transient")).as(transport).hasSize(2);
    }
    for (String transport : List.of("ttstream", "grpc-thrift", "grpc-pb")) {
      JsonNode seen = assertAsDirect(transport, "metadata").get("metadata").line().path("seen");
      assertThat(seen.path("transient").isEmpty()).as(transport).isFalse();
    }
  }

  @Test
  void defect12UnknownStreamIsAnsweredInsteadOfHanging() {
    String config =
        GatewayProcess.configuration("ttheader-framed", server.address())
            .replace("- cluster: backend", "- {match: {service: InteropStream}, cluster: backend}");
    try (GatewayProcess own = GatewayProcess.with(config).start();
        RawConnection caller = RawConnection.to(own.address())) {
      caller.send(Message.frame(2, 5, "Chat").with("isn", "Nobody").bytes());
      Message last = caller.read();
      if (last.ints().get(Message.FRAME_TYPE).equals("2")) {
        last = caller.read();
      }
      assertThat(last.ints()).containsEntry(Message.FRAME_TYPE, "4");
      assertThat(last.headerSeq()).isEqualTo(5);
      assertThat(last.exceptionType()).isEqualTo(20);
    }
    // What only the silent Kitex server knows is bounded by the route.
    String bounded =
        GatewayProcess.configuration("ttheader-framed", server.address())
            .replace("cluster: backend", "cluster: backend\n    timeout: 300ms");
    try (GatewayProcess own = GatewayProcess.with(bounded).start();
        RawConnection caller = RawConnection.to(own.address())) {
      caller.send(Message.frame(2, 6, "Absent").with("isn", "InteropStream").bytes());
      Message last = caller.read();
      if (last.ints().get(Message.FRAME_TYPE).equals("2")) {
        last = caller.read();
      }
      assertThat(last.exceptionText()).contains("timeout");
    }
  }

  /** Each of these cases demands that the server knows within a second. */
  @ParameterizedTest
  @ValueSource(strings = {"ttstream", "grpc-thrift"})
  void defect13CancelReachesTheServerAtOnce(String transport) {
    assertAsDirect(transport, "cancel", "cancel-server-stream", "connection-lost");
  }

  /** The gateway does not look into messages, so it does not matter what they are. */
  @Test
  void defect14ProtobufPassesOnEveryStream() throws IOException {
    assertAsDirect("grpc-pb", "bidi-100", "client-stream", "server-stream");
    try (ServerSocket recorded = downstream();
        GatewayProcess own = before(at(recorded));
        RawConnection caller = RawConnection.to(own.address())) {
      byte[] protobuf = {8, 1, 18, 2, 'o', 'k'};
      caller.send(Message.frame(2, 9, "Chat").with("isn", "Pb").bytes());
      caller.send(Message.frame(DATA, 9, "Chat").with(protobuf).bytes());
      try (RawConnection accepted = new RawConnection(recorded.accept())) {
        Message header = accepted.read();
        assertThat(header.strings()).containsEntry("isn", "Pb");
        Message data = accepted.read();
        assertThat(data.payload().array()).isEqualTo(protobuf);
        accepted.send(Message.frame(2, header.headerSeq(), "Chat").bytes());
        accepted.send(Message.frame(DATA, header.headerSeq(), "Chat").with(protobuf).bytes());
        assertThat(caller.read().ints()).containsEntry(Message.FRAME_TYPE, "2");
        assertThat(caller.read().payload().array()).isEqualTo(protobuf);
        accepted.send(Message.frame(4, header.headerSeq(), "Chat").bytes());
        assertThat(caller.read().ints()).containsEntry(Message.FRAME_TYPE, "4");
      }
    }
  }
}
