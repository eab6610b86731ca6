package io.sluice.gateway.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.api.Codec;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.Message;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.Splits;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Thrifts;
import io.sluice.gateway.testkit.Vectors;
import io.sluice.gateway.wire.thrift.ThriftHead;
import java.util.HexFormat;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The {@code crc32c} of TTHeader payloads. */
class ChecksumTest {
  private static final byte[] VECTOR = Vectors.named("ttheader_crc32c_call").bytes();

  private static TestGateway gateway(Downstream downstream, String checksum) {
    return TestGateway.start(
        TestGateway.config("ttheader-framed", "", downstream.port())
            .replace("'127.0.0.1:0'", "'127.0.0.1:0', checksum: " + checksum),
        1);
  }

  private static String crc(byte[] payload) {
    CRC32C crc = new CRC32C();
    crc.update(payload);
    return HexFormat.of().toHexDigits((int) crc.getValue());
  }

  /** What stands behind the TTHeader of a reply in TTHeader+Framed. */
  private static byte[] payload(Message reply) {
    return Thrifts.framed(reply.codec(), reply.type(), reply.method(), reply.seqId(), reply.body());
  }

  private static byte[] call(int flags, Codec codec, int seqId, byte[] body) {
    byte[] message = Thrifts.framed(codec, ThriftHead.CALL, "Echo", seqId, body);
    return Thrifts.withHeader(flags, seqId, Map.of(), Map.of("crc32c", crc(message)), message);
  }

  @Test
  void aRequestOfKitexIsGoodAndItsReplyHasItsOwn() {
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = gateway(downstream, "verify");
        Peer caller = gateway.connect()) {
      for (byte[] piece : Splits.random(VECTOR, new Random(1))) {
        caller.send(piece);
      }
      Message reply = caller.read();
      assertThat(reply.type()).isEqualTo(ThriftHead.REPLY);
      assertThat(reply.strings()).containsEntry("crc32c", crc(payload(reply)));
      // One without a checksum gets none.
      caller.send(Vectors.named("ttheader_kitex_client_call").bytes());
      assertThat(caller.read().strings()).doesNotContainKey("crc32c");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void repliesOfEverySizeAndCodecHaveTheirOwn(int flags) {
    try (Downstream downstream =
            Downstream.serving(
                (peer, connection) -> {
                  for (Message m = peer.read(); m != null; m = peer.read()) {
                    byte[] message =
                        Thrifts.framed(
                            m.codec(), ThriftHead.REPLY, m.method(), m.seqId(), m.body());
                    peer.send(
                        Thrifts.withHeader(
                            0, m.seqId(), Map.of(), Map.of("crc32c", "another"), message));
                  }
                });
        TestGateway gateway = gateway(downstream, "verify");
        Peer caller = gateway.connect()) {
      for (Codec codec : Codec.values()) {
        for (int size : new int[] {0, 1, 2000, 3000, 70_000, 1 << 20}) {
          byte[] body = new byte[size];
          new Random(size).nextBytes(body);
          caller.send(call(flags, codec, size, body));
          Message reply = caller.read();
          assertThat(reply.body()).isEqualTo(body);
          assertThat(reply.strings()).containsEntry("crc32c", crc(payload(reply)));
        }
      }
    }
  }

  @Test
  void anErrorHasItsOwnToo() {
    try (TestGateway gateway =
            TestGateway.start(
                TestGateway.config("framed", "", Downstream.refusingPort())
                    .replace("'127.0.0.1:0'", "'127.0.0.1:0', checksum: verify"),
                1);
        Peer caller = gateway.connect()) {
      caller.send(VECTOR);
      Message reply = caller.read();
      assertThat(reply.type()).isEqualTo(ThriftHead.EXCEPTION);
      assertThat(reply.strings()).containsEntry("crc32c", crc(payload(reply)));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {100, 300_000})
  void aDamagedRequestIsClosedAndNotServed(int size) {
    AtomicInteger served = new AtomicInteger();
    try (Downstream downstream =
            Downstream.serving(
                (peer, connection) -> {
                  if (peer.read() != null) {
                    served.incrementAndGet();
                  }
                });
        TestGateway gateway = gateway(downstream, "verify");
        Peer caller = gateway.connect()) {
      byte[] bytes = call(0, Codec.THRIFT, 1, Thrifts.struct(1, new byte[size]));
      bytes[bytes.length - 5] ^= 1;
      caller.send(bytes).assertClosedWithoutAWord();
      await().until(() -> downstream.open() == 0);
      assertThat(served).hasValue(0);
    }
  }

  @Test
  void passedOnUnlessThePayloadChanges() {
    try (Downstream downstream =
            Downstream.serving(
                (peer, connection) -> {
                  for (Message m = peer.read(); m != null; m = peer.read()) {
                    String sum = m.strings().getOrDefault("crc32c", "none");
                    peer.send(Thrifts.reply(m, sum));
                  }
                });
        TestGateway gateway = gateway(downstream, "pass");
        Peer caller = gateway.connect()) {
      caller.send(VECTOR);
      assertThat(Thrifts.text(caller.read().body())).isEqualTo("24e132c2");
      // Nobody looks at it here.
      byte[] damaged = VECTOR.clone();
      damaged[damaged.length - 3] ^= 1;
      caller.send(damaged);
      assertThat(Thrifts.text(caller.read().body())).isEqualTo("24e132c2");
      byte[] unframed = Thrifts.buffered(1, "Echo", 1, Thrifts.args("hi"));
      caller.send(Thrifts.withHeader(0, 1, Map.of(), Map.of("crc32c", crc(unframed)), unframed));
      assertThat(Thrifts.text(caller.read().body())).isEqualTo("none");
    }
  }
}
