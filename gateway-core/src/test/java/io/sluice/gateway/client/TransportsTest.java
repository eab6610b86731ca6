package io.sluice.gateway.client;

import static io.sluice.gateway.testkit.TestGateway.config;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import io.sluice.api.Codec;
import io.sluice.api.Protocol;
import io.sluice.api.Status;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.Message;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Thrifts;
import io.sluice.gateway.testkit.Vectors;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a downstream gets, by the framing and codec of the call and by that of its cluster. */
class TransportsTest {
  private static final List<Protocol> FRAMINGS =
      List.of(Protocol.BUFFERED, Protocol.FRAMED, Protocol.TTHEADER, Protocol.TTHEADER_FRAMED);

  private final LinkedBlockingQueue<Message> got = new LinkedBlockingQueue<>();

  /** Notes what it gets, and answers it. */
  private Downstream answering(Function<Message, byte[]> answer) {
    return Downstream.serving(
        (peer, n) -> {
          for (Message m = peer.read(); m != null; m = peer.read()) {
            got.add(m);
            peer.send(answer.apply(m));
          }
        });
  }

  private Message got() throws InterruptedException {
    return got.poll(10, TimeUnit.SECONDS);
  }

  private static byte[] thrift(
      Protocol framing,
      Map<Integer, String> integers,
      Map<String, String> strings,
      int type,
      String method,
      int seqId,
      byte[] body) {
    return switch (framing) {
      case BUFFERED -> Thrifts.buffered(type, method, seqId, body);
      case FRAMED -> Thrifts.framed(type, method, seqId, body);
      default -> Thrifts.ttheader(framing, integers, strings, type, method, seqId, body);
    };
  }

  static Stream<Arguments> pairs() {
    return FRAMINGS.stream().flatMap(a -> FRAMINGS.stream().map(b -> Arguments.of(a, b)));
  }

  /** Every framing to every other, small, empty and large, and the reply in the caller's own. */
  @ParameterizedTest
  @MethodSource("pairs")
  void thrift(Protocol from, Protocol to) throws Exception {
    try (Downstream downstream =
            answering(m -> thrift(to, Map.of(), Map.of(), 2, m.method(), m.seqId(), m.body()));
        TestGateway gateway = TestGateway.start(config(to.label(), "", downstream.port()), 1);
        Peer caller = gateway.connect()) {
      int seqId = 100;
      for (byte[] body :
          List.of(
              new byte[1],
              Thrifts.args("hello"),
              Thrifts.args("x".repeat(5000)),
              Thrifts.args("y".repeat(1 << 20)))) {
        caller.send(thrift(from, Map.of(3, "me"), Map.of("isn", "S"), 1, "echo", ++seqId, body));
        Message request = got();
        assertThat(request.framing()).isEqualTo(to);
        assertThat(request.codec()).isEqualTo(Codec.THRIFT);
        assertThat(request.type()).isEqualTo(1);
        assertThat(request.body()).isEqualTo(body);
        Message reply = caller.read();
        assertThat(reply.framing()).isEqualTo(from);
        assertThat(reply.seqId()).isEqualTo(seqId);
        assertThat(reply.body()).isEqualTo(body);
      }
      assertThat(downstream.accepted()).isEqualTo(1);
    }
  }

  /** What stands behind a struct would be a message of its own to a Buffered downstream. */
  @ParameterizedTest
  @EnumSource(
      value = Protocol.class,
      names = {"FRAMED", "TTHEADER", "TTHEADER_FRAMED"})
  void nothingIsSmuggledBehindABody(Protocol from) throws Exception {
    byte[] hidden = Thrifts.buffered(1, "hidden", 9, Thrifts.args("x"));
    try (Downstream downstream =
            answering(m -> Thrifts.buffered(2, m.method(), m.seqId(), m.body()));
        TestGateway gateway = TestGateway.start(config("buffered", "", downstream.port()), 1);
        Peer caller = gateway.connect()) {
      int seqId = 0;
      for (byte[] body :
          List.of(
              concat(Thrifts.args("seen"), hidden),
              concat(Thrifts.args("y".repeat(200_000)), hidden),
              concat(Thrifts.args("seen"), new byte[1]),
              Arrays.copyOf(Thrifts.args("cut"), 9),
              new byte[0],
              "no struct".getBytes(StandardCharsets.US_ASCII))) {
        caller.send(thrift(from, Map.of(), Map.of(), 1, "seen", ++seqId, body));
        Status told = caller.read().exception();
        assertThat(told.number()).isEqualTo(9);
        assertThat(told.text())
            .isEqualTo("a Buffered body is one Thrift struct, and this one is not");
      }
      caller.send(thrift(from, Map.of(), Map.of(), 1, "last", ++seqId, Thrifts.args("z")));
      assertThat(caller.read().method()).isEqualTo("last");
      assertThat(got().method()).isEqualTo("last");
    }
  }

  private static byte[] concat(byte[] first, byte[] second) {
    byte[] both = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }

  /** A frame length in front, also where the cluster's Thrift has none. */
  @ParameterizedTest
  @CsvSource({
    "kpb_framed_call, framed, FRAMED",
    "kpb_framed_call, ttheader, TTHEADER_FRAMED",
    "kpb_framed_call, ttheader-framed, TTHEADER_FRAMED",
    "kpb_framed_empty_message_call, ttheader, TTHEADER_FRAMED",
    "kpb_framed_call, '{unary: ttheader, multiplex: true}', TTHEADER_FRAMED",
  })
  void kitexProtobuf(String vector, String transport, Protocol framing) throws Exception {
    Vectors.Vector call = Vectors.named(vector);
    try (Downstream downstream =
            answering(
                m ->
                    framing == Protocol.FRAMED
                        ? Thrifts.framed(Codec.PROTOBUF, 2, m.method(), m.seqId(), m.body())
                        : behindTtheader(m));
        TestGateway gateway = TestGateway.start(config(transport, "", downstream.port()), 1);
        Peer caller = gateway.connect()) {
      caller.send(call.bytes());
      Message request = got();
      assertThat(request.framing()).isEqualTo(framing);
      assertThat(request.codec()).isEqualTo(Codec.PROTOBUF);
      assertThat(request.integers().getOrDefault(1, "framed")).isEqualTo("framed");
      Message reply = caller.read();
      assertThat(reply.framing()).isEqualTo(Protocol.FRAMED);
      assertThat(reply.codec()).isEqualTo(Codec.PROTOBUF);
      assertThat(reply.seqId()).isEqualTo(call.message().getInteger("seq_id"));
      assertThat(reply.body()).isEqualTo(request.body());
    }
  }

  private static byte[] behindTtheader(Message m) {
    byte[] message = Thrifts.framed(Codec.PROTOBUF, 2, m.method(), m.seqId(), m.body());
    byte[] thrift =
        Thrifts.ttheader(
            Protocol.TTHEADER_FRAMED, Map.of(), Map.of(), 2, m.method(), m.seqId(), m.body());
    // The same lengths, and another codec in the last part.
    System.arraycopy(message, 0, thrift, thrift.length - message.length, message.length);
    return thrift;
  }

  @Test
  void kitexProtobufHasNoBufferedForm() {
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = TestGateway.start(config("buffered", "", downstream.port()), 1);
        Peer caller = gateway.connect()) {
      for (int i = 0; i < 3; i++) {
        Message told = caller.send(Vectors.named("kpb_framed_call").bytes()).read();
        assertThat(told.exception().number()).isEqualTo(9);
        assertThat(told.exception().text()).contains("no Buffered form");
      }
      assertThat(downstream.accepted()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"framed", "{unary: ttheader, multiplex: true}"})
  void aReplyInAnotherCodecIsNone(String transport) {
    try (Downstream downstream =
            answering(
                m ->
                    transport.equals("framed")
                        ? Thrifts.framed(Codec.PROTOBUF, 2, m.method(), m.seqId(), new byte[0])
                        : behindTtheader(m));
        TestGateway gateway = TestGateway.start(config(transport, "", downstream.port()), 1);
        Peer caller = gateway.connect()) {
      assertThat(caller.call("echo", 1, Thrifts.args("hi")).exception().text())
          .isEqualTo(
              "remote or network error: default codec read failed: codec protobuf in place of"
                  + " thrift");
    }
  }

  // The keys of a TTHeader, as sections 2.5 to 2.12 and 9.3 have them.

  private Message keys(Protocol framing, String cluster, byte[] call) throws Exception {
    try (Downstream downstream =
            answering(m -> Thrifts.framed(2, m.method(), m.seqId(), m.body()));
        TestGateway gateway =
            TestGateway.start(
                config(framing.label(), "timeout: 5s", downstream.port())
                    .replace("idleTimeout", cluster + "idleTimeout"),
                1);
        Peer caller = gateway.connect()) {
      caller.send(call).read();
      return got();
    }
  }

  /** Callers whose framing has no place for them. */
  @ParameterizedTest
  @CsvSource({
    "FRAMED, TTHEADER, unframed",
    "FRAMED, TTHEADER_FRAMED, framed",
    "BUFFERED, TTHEADER, unframed",
    "BUFFERED, TTHEADER_FRAMED, framed",
  })
  void keysOfACallThatCameWithout(Protocol from, Protocol to, String transport) throws Exception {
    byte[] call = thrift(from, Map.of(), Map.of(), 1, "echo", 7, Thrifts.args("hi"));
    Message request = keys(to, "", call);
    assertThat(request.integers())
        .contains(entry(1, transport), entry(9, "echo"), entry(22, "1"))
        .containsOnlyKeys(1, 9, 12, 22);
    assertThat(Integer.parseInt(request.integers().get(12))).isBetween(1, 5000);
    assertThat(request.strings()).containsOnlyKeys("rip");
    assertThat(request.strings().get("rip")).startsWith("127.0.0.1:");
    Message named = keys(to, "service: Orders, ", call);
    assertThat(named.integers()).containsEntry(6, "Orders");
    assertThat(named.strings()).containsEntry("isn", "Orders");
  }

  @Test
  void keysOfAMeshHeader() throws Exception {
    Message request = keys(Protocol.TTHEADER, "", Vectors.named("mesh_header_framed_call").bytes());
    assertThat(request.integers()).containsEntry(1, "unframed").containsEntry(22, "1");
    assertThat(request.integers()).containsEntry(9, request.method());
    assertThat(request.strings().get("rip")).startsWith("127.0.0.1:");
    assertThat(request.strings()).containsKey("isn");
  }

  @Test
  void keysOfATtheader() throws Exception {
    Map<Integer, String> integers =
        Map.of(
            1, "framed", 3, "me", 6, "dest", 9, "echo", 12, "800", 17, "50", 20, "mine", 22, "1",
            10, "env");
    Map<String, String> strings =
        Map.of(
            "isn",
            "S",
            "rip",
            "9.9.9.9:9",
            "crrst",
            "1",
            "RPC_PERSIST_a",
            "A",
            "RPC_TRANSIT_b",
            "B",
            "RPC_TRANSIT_UPSTREAM_c",
            "C",
            "other",
            "O",
            "PV_x",
            "v");
    byte[] call =
        Thrifts.ttheader(Protocol.TTHEADER, integers, strings, 1, "echo", 7, Thrifts.args("hi"));
    Message request = keys(Protocol.TTHEADER, "", call);
    assertThat(request.integers())
        .contains(
            entry(1, "unframed"),
            entry(3, "me"),
            entry(6, "dest"),
            entry(9, "echo"),
            entry(10, "env"),
            entry(20, "mine"),
            entry(22, "1"))
        .containsOnlyKeys(1, 3, 6, 9, 10, 12, 20, 22);
    assertThat(Integer.parseInt(request.integers().get(12))).isBetween(1, 800);
    assertThat(request.strings())
        .contains(
            entry("isn", "S"),
            entry("RPC_PERSIST_a", "A"),
            entry("RPC_TRANSIT_b", "B"),
            entry("other", "O"),
            entry("PV_x", "v"))
        .containsOnlyKeys("isn", "rip", "RPC_PERSIST_a", "RPC_TRANSIT_b", "other", "PV_x");
    assertThat(request.strings().get("rip")).startsWith("127.0.0.1:");
    // Where the payload changes, what was said of its bytes is true no more.
    Message reframed = keys(Protocol.TTHEADER_FRAMED, "service: Named, ", call);
    assertThat(reframed.integers()).contains(entry(1, "framed"), entry(6, "Named"));
    assertThat(reframed.strings()).doesNotContainKey("PV_x").containsEntry("isn", "S");
  }

  @Test
  void keysOfAOnewayCall() throws Exception {
    try (Downstream downstream = answering(m -> new byte[0]);
        TestGateway gateway = TestGateway.start(config("ttheader", "", downstream.port()), 1);
        Peer caller = gateway.connect()) {
      caller.send(Thrifts.buffered(4, "tell", 7, Thrifts.args("hi")));
      Message request = got();
      assertThat(request.type()).isEqualTo(4);
      assertThat(request.integers()).containsEntry(22, "4").doesNotContainKey(12);
    }
  }
}
