package io.sluice.gateway.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.api.Codec;
import io.sluice.api.Protocol;
import io.sluice.api.Status;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.Message;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.Splits;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Thrifts;
import io.sluice.gateway.testkit.Vectors;
import io.sluice.gateway.wire.thrift.ThriftHead;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Callers are answered in the framing and codec in which they ask. */
class PingPongServerTest {
  private static final byte[] MESSAGE = {0x0a, 2, 'h', 'i'};

  static Stream<Arguments> everyKind() {
    return Stream.of(Codec.values())
        .flatMap(
            codec ->
                Stream.of(
                        Protocol.BUFFERED,
                        Protocol.FRAMED,
                        Protocol.TTHEADER,
                        Protocol.TTHEADER_FRAMED)
                    .filter(
                        framing ->
                            codec == Codec.THRIFT
                                || framing == Protocol.FRAMED
                                || framing == Protocol.TTHEADER_FRAMED)
                    .map(framing -> Arguments.of(framing, codec)));
  }

  private static byte[] body(Codec codec) {
    return codec == Codec.THRIFT ? Thrifts.args("hi") : MESSAGE;
  }

  private static void assertInKind(Message reply, Protocol framing, Codec codec, int seqId) {
    assertThat(reply.framing()).isEqualTo(framing);
    assertThat(reply.codec()).isEqualTo(codec);
    assertThat(reply.seqId()).isEqualTo(seqId);
    assertThat(reply.flags()).isZero();
  }

  @ParameterizedTest
  @MethodSource("everyKind")
  void answersInKind(Protocol framing, Codec codec) {
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = TestGateway.to(downstream.port());
        Peer caller = gateway.connect()) {
      for (int seqId : new int[] {1, -1, Integer.MAX_VALUE}) {
        caller.send(Thrifts.in(framing, codec, ThriftHead.CALL, "Echo", seqId, body(codec)));
        Message reply = caller.read();
        assertInKind(reply, framing, codec, seqId);
        assertThat(reply.type()).isEqualTo(ThriftHead.REPLY);
        assertThat(reply.body()).isEqualTo(codec == Codec.THRIFT ? Thrifts.result("hi") : MESSAGE);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("everyKind")
  void saysErrorsInKindAndGoesOn(Protocol framing, Codec codec) {
    try (TestGateway gateway = TestGateway.to(Downstream.refusingPort());
        Peer caller = gateway.connect()) {
      for (int seqId = 7; seqId < 9; seqId++) {
        caller.send(Thrifts.in(framing, codec, ThriftHead.CALL, "Echo", seqId, body(codec)));
        Message reply = caller.read();
        assertInKind(reply, framing, codec, seqId);
        assertThat(reply.type()).isEqualTo(ThriftHead.EXCEPTION);
        assertThat(reply.method()).isEqualTo("Echo");
        assertThat(reply.exception().number()).isEqualTo(6);
        assertThat(reply.exception().text()).startsWith("remote or network error: ");
      }
    }
  }

  @ParameterizedTest
  @MethodSource("everyKind")
  void aBusinessStatusIsKeptOrSaidAsAnException(Protocol framing, Codec codec) {
    byte[] empty = codec == Codec.THRIFT ? new byte[1] : new byte[0];
    Map<String, String> biz =
        Map.of("biz-status", "1001", "biz-message", "no money", "biz-extra", "{\"k\":\"v\"}");
    try (Downstream downstream =
            Downstream.serving(
                (peer, connection) -> {
                  for (Message m = peer.read(); m != null; m = peer.read()) {
                    peer.send(
                        Thrifts.withHeader(
                            0,
                            m.seqId(),
                            Map.of(),
                            biz,
                            Thrifts.framed(
                                m.codec(), ThriftHead.REPLY, m.method(), m.seqId(), empty)));
                  }
                });
        TestGateway gateway =
            TestGateway.start(TestGateway.config("ttheader-framed", "", downstream.port()), 1);
        Peer caller = gateway.connect()) {
      caller.send(Thrifts.in(framing, codec, ThriftHead.CALL, "Pay", 9, body(codec)));
      Message reply = caller.read();
      assertInKind(reply, framing, codec, 9);
      if (framing.carriesMetadata()) {
        assertThat(reply.type()).isEqualTo(ThriftHead.REPLY);
        assertThat(reply.strings()).containsAllEntriesOf(biz);
        assertThat(reply.integers()).containsEntry(22, "2");
        assertThat(reply.body()).isEqualTo(empty);
      } else {
        assertThat(reply.type()).isEqualTo(ThriftHead.EXCEPTION);
        assertThat(reply.exception())
            .isEqualTo(Status.exception(6, "biz error: code=1001, msg=no money"));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("everyKind")
  void neverAnswersAOneway(Protocol framing, Codec codec) {
    try (Downstream downstream =
            Downstream.serving(
                (peer, connection) -> {
                  // Answers what nobody waits for, as Kitex's unknown service handler does.
                  for (Message m = peer.read(); m != null; m = peer.read()) {
                    peer.send(Thrifts.echo(m));
                  }
                });
        TestGateway gateway = TestGateway.to(downstream.port());
        Peer caller = gateway.connect()) {
      caller.send(Thrifts.in(framing, codec, ThriftHead.ONEWAY, "Tell", 1, body(codec)));
      caller.send(Thrifts.in(framing, codec, ThriftHead.CALL, "Echo", 2, body(codec)));
      assertInKind(caller.read(), framing, codec, 2);
    }
  }

  @Test
  void aReplyInAnotherCodecIsSaidAsAnError() {
    try (Downstream downstream =
            Downstream.serving(
                (peer, connection) -> {
                  for (Message m = peer.read(); m != null; m = peer.read()) {
                    peer.send(
                        Thrifts.framed(
                            Codec.PROTOBUF, ThriftHead.REPLY, m.method(), m.seqId(), MESSAGE));
                  }
                });
        TestGateway gateway = TestGateway.to(downstream.port());
        Peer caller = gateway.connect()) {
      Message reply = caller.call("Echo", 3, Thrifts.args("hi"));
      assertThat(reply.codec()).isEqualTo(Codec.THRIFT);
      assertThat(reply.type()).isEqualTo(ThriftHead.EXCEPTION);
    }
  }

  @Test
  void pipelinedCallsOfEveryKindAreAnsweredInTheirOrder() {
    List<Object[]> kinds = everyKind().map(Arguments::get).toList();
    List<byte[]> calls = new ArrayList<>();
    int n = 300;
    for (int i = 0; i < n; i++) {
      Object[] kind = kinds.get(i % kinds.size());
      Codec codec = (Codec) kind[1];
      calls.add(Thrifts.in((Protocol) kind[0], codec, ThriftHead.CALL, "Echo", i, body(codec)));
    }
    calls.add(Vectors.named("mesh_header_framed_call").bytes());
    byte[] all = Splits.glued(calls.toArray(byte[][]::new));
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = TestGateway.to(downstream.port())) {
      for (int seed = 0; seed < 3; seed++) {
        try (Peer caller = gateway.connect()) {
          List<byte[]> pieces = seed == 0 ? List.of(all) : Splits.random(all, new Random(seed));
          pieces.forEach(caller::send);
          for (int i = 0; i < n; i++) {
            Object[] kind = kinds.get(i % kinds.size());
            assertInKind(caller.read(), (Protocol) kind[0], (Codec) kind[1], i);
          }
          assertInKind(caller.read(), Protocol.FRAMED, Codec.THRIFT, 7);
        }
      }
    }
  }
}
