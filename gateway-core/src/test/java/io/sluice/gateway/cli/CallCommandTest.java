package io.sluice.gateway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.api.Codec;
import io.sluice.api.Protocol;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.Message;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Thrifts;
import io.sluice.gateway.testkit.Vectors;
import io.sluice.gateway.wire.thrift.ThriftHead;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Calls through a gateway, and services that do not answer as they should. */
class CallCommandTest {
  private static final String HELLO = HexFormat.of().formatHex(Thrifts.args("hello"));

  private static Ran call(int port, String... more) {
    List<String> args = new ArrayList<>(List.of("--address", "127.0.0.1:" + port));
    args.addAll(List.of(more));
    Ran ran = Ran.of(new CallCommand(), args.toArray(String[]::new));
    return new Ran(
        ran.code(), ran.out().replaceAll("after \\d+\\.\\d{3} ms", "after a while"), ran.err());
  }

  @ParameterizedTest
  @ValueSource(strings = {"buffered", "framed", "ttheader", "ttheader-framed"})
  void aReplyIsShownFieldByField(String transport) {
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = TestGateway.to(downstream.port())) {
      Ran ran = call(gateway.port(), "--transport", transport, "--method", "Echo", "--hex", HELLO);
      assertThat(ran.err()).isEmpty();
      assertThat(ran.out())
          .isEqualTo(
              "REPLY of method \"Echo\", by "
                  + transport
                  + ", thrift, sequence id 1, after a while\n"
                  + (transport.startsWith("ttheader") ? "header\n  22 (MsgType) = \"2\"\n" : "")
                  + "body of 13 bytes\n  0: string \"hello\"\n");
      assertThat(ran.code()).isZero();
    }
  }

  @Test
  void protobufIsSentAndShown() {
    try (Downstream downstream =
        Downstream.serving(
            (peer, connection) -> {
              Message m = peer.read();
              assertThat(m.codec()).isEqualTo(Codec.PROTOBUF);
              peer.send(Vectors.named("kpb_framed_reply").bytes());
            })) {
      Ran ran =
          call(
              downstream.port(),
              "--transport=framed",
              "--method=Echo",
              "--codec=protobuf",
              "--hex=");
      assertThat(ran.out())
          .startsWith("REPLY of method \"Echo\", by framed, protobuf, sequence id ")
          .contains("\n  1: text \"");
      assertThat(ran.code()).isZero();
    }
  }

  @Test
  void theServiceIsToldAllThatWasGiven(@TempDir Path folder) throws IOException {
    AtomicReference<Message> seen = new AtomicReference<>();
    Path body = Files.write(folder.resolve("body"), Thrifts.args("from a file"));
    try (Downstream downstream =
        Downstream.serving(
            (peer, connection) -> {
              Message m = peer.read();
              seen.set(m);
              peer.send(
                  Thrifts.ttheader(
                      Protocol.TTHEADER,
                      Map.of(),
                      Map.of(
                          "biz-status",
                          "7",
                          "biz-message",
                          "sold out",
                          "biz-extra",
                          "{\"a\":\"b\"}"),
                      ThriftHead.REPLY,
                      m.method(),
                      m.seqId(),
                      new byte[] {0}));
            })) {
      Ran ran =
          call(
              downstream.port(),
              "--transport=ttheader",
              "--service=Shop",
              "--method=buy",
              "--caller=me",
              "--meta=RPC_PERSIST_env=canary",
              "--timeout=5s",
              "--file=" + body);
      Message call = seen.get();
      assertThat(Thrifts.text(call.body())).isEqualTo("from a file");
      assertThat(call.type()).isEqualTo(ThriftHead.CALL);
      assertThat(call.strings()).isEqualTo(Map.of("isn", "Shop", "RPC_PERSIST_env", "canary"));
      assertThat(call.integers())
          .isEqualTo(Map.of(1, "unframed", 3, "me", 6, "Shop", 9, "buy", 12, "5000", 22, "1"));
      assertThat(ran.out())
          .contains(
              "  biz-message = \"sold out\"\n",
              "business status 7: \"sold out\", {\"a\":\"b\"}\nbody of 1 bytes\n  (no field)\n");
      assertThat(ran.code()).isZero();
    }
  }

  @Test
  void anExceptionIsShownAndEndsWithOne() {
    try (TestGateway gateway =
        TestGateway.start(
            """
            listeners: {rpc: {address: '127.0.0.1:0'}}
            clusters: {c: {endpoints: ['127.0.0.1:1'], transport: framed}}
            routes: [{match: {service: Known}, cluster: c}]
            """,
            1)) {
      Ran ran = call(gateway.port(), "--service=Other", "--method=get");
      assertThat(ran.out())
          .startsWith("EXCEPTION of method \"get\", by ttheader-framed, thrift, sequence id 1")
          .endsWith("  exception 20: \"unknown service Other, method get\"\n");
      assertThat(ran.code()).isEqualTo(1);
    }
  }

  @Test
  void whatIsNoReplyIsSaid() {
    assertThat(Ran.of(new CallCommand(), "--address=no.invalid:1", "--method=m").err())
        .isEqualTo("cannot connect to no.invalid:1: there is no such host\n");
    Ran ran = call(Downstream.refusingPort(), "--method=m");
    assertThat(ran.err()).startsWith("cannot connect to 127.0.0.1:");
    assertThat(ran.code()).isEqualTo(1);
    try (Downstream closing = Downstream.serving((peer, connection) -> peer.read());
        Downstream cutting =
            Downstream.serving(
                (peer, connection) -> {
                  peer.read();
                  peer.send(new byte[] {0, 0, 0, 99, (byte) 0x80, 1, 0, 2, 0});
                });
        Downstream wrong =
            Downstream.serving(
                (peer, connection) -> {
                  peer.read();
                  peer.send("HTTP/1.1 400 Bad Request\r\n\r\n".getBytes());
                });
        Downstream silent =
            Downstream.serving(
                (peer, connection) -> {
                  peer.read();
                  peer.read();
                })) {
      assertThat(call(closing.port(), "--method=m").err())
          .isEqualTo("the connection was closed without a reply\n");
      assertThat(call(cutting.port(), "--method=m").err())
          .isEqualTo("the connection was closed in the middle of the reply\n");
      assertThat(call(wrong.port(), "--method=m").err())
          .isEqualTo("no message came back: no protocol of ours, first bytes 485454502f312e31\n");
      assertThat(call(silent.port(), "--method=m", "--timeout=50ms").err())
          .isEqualTo("no reply within 50 ms\n");
    }
  }

  @Test
  void wrongOptionsAreToldWithTheRightOnes() {
    assertThat(call(1).err()).contains("Missing required option: '--method=NAME'");
    assertThat(call(1, "--method=m", "--transport=grpc").err())
        .contains("grpc is no ping-pong protocol");
    assertThat(call(1, "--method=m", "--transport=buffered", "--codec=protobuf").err())
        .contains("Protobuf has no buffered form");
    assertThat(call(1, "--method=m", "--hex=0g").err()).contains("not hex: ");
    assertThat(call(1, "--method=m", "--hex=00", "--file=x").err())
        .contains("--file and --hex: give one of them");
    assertThat(call(1, "--method=m", "--file=/nowhere").err())
        .contains("cannot read /nowhere: there is no such file");
    assertThat(call(1, "--method=m", "--timeout=0s").err()).contains("write 1ms to 1h");
    assertThat(Ran.of(new CallCommand(), "--address=nowhere", "--method=m").err())
        .contains("not an address: write host:port");
    assertThat(
            call(Downstream.refusingPort(), "--method=m", "--transport=framed", "--service=S")
                .err())
        .startsWith(
            "framed carries neither service nor caller nor destination nor metadata: left out of the call\n");
  }
}
