package io.sluice.gateway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.Http2FrameTypes;
import io.sluice.gateway.testkit.RawGrpc;
import io.sluice.gateway.testkit.Thrifts;
import io.sluice.gateway.testkit.Vectors;
import io.sluice.gateway.testkit.Vectors.Vector;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What bytes recorded from Kitex are said to be. */
class ExplainHexTest {
  private static final int PREFACE = 24;
  private static final int FRAME_HEAD = 9;

  private static Ran explain(byte[] bytes) {
    return Ran.of(new ExplainCommand(), "--hex", HexFormat.of().formatHex(bytes));
  }

  private static String out(byte[] bytes) {
    return explain(bytes).out();
  }

  @Test
  void aFramedCallIsTakenApart() {
    assertThat(out(Thrifts.call("Echo", 5, "hi")))
        .isEqualTo(
            """
            30 bytes
            ping-pong; each message tells its framing anew
            message 1 at byte 0
              CALL of method "Echo", by framed, thrift, sequence id 5
              body of 10 bytes
                1: string "hi"
            """);
  }

  @ParameterizedTest
  @MethodSource("io.sluice.gateway.testkit.Vectors#pingPong")
  void everyPingPongVectorIsNamed(Vector vector) {
    Ran ran = explain(vector.bytes());
    assertThat(ran.out())
        .contains(
            "of method \"" + vector.message().getString("method") + "\"",
            "by " + vector.framing().label() + ", " + vector.codec().label(),
            "sequence id " + vector.message().getInteger("seq_id"))
        .doesNotContain("!");
    vector
        .integers()
        .forEach(
            (key, value) ->
                assertThat(ran.out()).contains("    " + key + " (", ") = \"" + value + '"'));
    vector.strings().forEach((key, value) -> assertThat(ran.out()).contains("    " + key + " = "));
    assertThat(ran.code()).isZero();
  }

  @ParameterizedTest
  @MethodSource("io.sluice.gateway.testkit.Vectors#rejects")
  void whatIsRefusedIsToldWithTheReason(Vector vector) {
    Ran ran = explain(vector.bytes());
    if (vector.name().equals("reject_reply_to_server")) {
      assertThat(ran.out()).contains("only downstreams may send this");
    } else {
      assertThat(ran.out()).contains("! refused, the connection is closed without an answer: ");
      assertThat(ran.code()).isEqualTo(1);
    }
  }

  @ParameterizedTest
  @MethodSource("io.sluice.gateway.testkit.Vectors#ttstream")
  void everyFrameOfTtstreamIsNamed(Vector vector) {
    assertThat(out(vector.bytes()))
        .contains("ttstream for the life of the connection", " of stream ", "27 (FrameType) = ")
        .doesNotContain("! refused", "UNKNOWN");
  }

  @Test
  void grpcIsShownFrameByFrame() {
    Vector connection =
        Vectors.all()
            .filter(v -> v.protocol().startsWith("grpc") && v.name().endsWith("_conn"))
            .filter(v -> HexFormat.of().formatHex(v.bytes()).startsWith("505249202a"))
            .findFirst()
            .orElseThrow();
    assertThat(out(connection.bytes()))
        .contains(
            "HTTP/2 for the life of the connection: gRPC", "SETTINGS, ", "HEADERS of stream 1")
        .contains("  :path = \"/", "content-type = \"application/grpc");
  }

  /** A recorded connection up to its first DATA, and in place of that these payloads. */
  private static byte[] grpc(byte[]... payloads) {
    byte[] recorded = Vectors.named("grpc_thrift_unary_client_conn").bytes();
    ByteBuf bytes = Unpooled.buffer();
    int at = PREFACE;
    while (recorded[at + 3] != Http2FrameTypes.DATA) {
      at += FRAME_HEAD + Unpooled.wrappedBuffer(recorded).getUnsignedMedium(at);
    }
    bytes.writeBytes(recorded, 0, at);
    for (byte[] payload : payloads) {
      bytes.writeMedium(payload.length).writeByte(Http2FrameTypes.DATA).writeByte(0);
      bytes.writeInt(1).writeBytes(payload);
    }
    return Thrifts.bytes(bytes);
  }

  @Test
  void messagesOfGrpcAreShownFieldByField() {
    assertThat(out(Vectors.named("grpc_thrift_unary_client_conn").bytes()))
        .contains("message of 14 bytes\n", "1: string \"");
    assertThat(out(Vectors.named("grpc_protobuf_unary_client_conn").bytes()))
        .containsPattern("message of \\d+ bytes\n +1: ");
    byte[] message = RawGrpc.framed(Thrifts.args("hi")).getBytes();
    byte[] packed = RawGrpc.framed(1, new byte[] {0x61}).getBytes();
    assertThat(out(grpc(Arrays.copyOf(message, 7), Arrays.copyOfRange(message, 7, 15), packed)))
        .endsWith(
            """
            DATA of stream 1, 7 bytes
              a message that goes on
            DATA of stream 1, 8 bytes
              message of 10 bytes
                1: string "hi"
            DATA of stream 1, 6 bytes
              message of 1 bytes, compressed
                61
            """);
    assertThat(out(grpc(new byte[] {9, 0, 0, 0, 0}, new byte[] {1})))
        .endsWith(
            """
            DATA of stream 1, 5 bytes
              no message: a gRPC message with flag 9
              0900000000
            DATA of stream 1, 1 bytes
              01
            """);
  }

  @Test
  void whatIsMissingIsCounted() {
    byte[] framed = Thrifts.call("Echo", 5, "hi");
    assertThat(out(Arrays.copyOf(framed, 5)))
        .isEqualTo("5 bytes\n3 bytes are missing: nothing is known before there are 8\n");
    assertThat(out(Arrays.copyOf(framed, 12))).contains("  18 bytes of the message are missing\n");
    byte[] call = Vectors.named("ttheader_kitex_client_call").bytes();
    for (int n : new int[] {8, 13, 14, 40, call.length - 1}) {
      assertThat(out(Arrays.copyOf(call, n)))
          .contains(call.length - n + " bytes of the message are missing");
    }
    byte[] buffered = Vectors.named("thrift_buffered_call").bytes();
    assertThat(out(Arrays.copyOf(buffered, buffered.length - 1)))
        .contains("it is Buffered: the message ends where its struct does");
    byte[] mesh = Vectors.named("mesh_header_framed_call").bytes();
    assertThat(out(Arrays.copyOf(mesh, mesh.length - 3)))
        .contains("mesh header of ", "  3 bytes of the message are missing\n");
    byte[] frame = Vectors.ttstream().findFirst().orElseThrow().bytes();
    assertThat(out(Arrays.copyOf(frame, 20))).contains(" bytes of the frame are missing");
  }

  @Test
  void aLongBodyThatHasBegunIsShownAsFarAsItGoes() {
    byte[] call = Thrifts.call("Echo", 5, "x".repeat(100_000));
    assertThat(out(Arrays.copyOf(call, 70_000)))
        .contains("  body of 100008 bytes\n", "30028 bytes of it are missing\n");
  }

  @Test
  void hexMayBeInAFileAndHaveSpaces(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("hex"), "00:00:00\n 11 80 01");
    Ran ran = Ran.of(new ExplainCommand(), "--hex-file", file.toString());
    assertThat(ran.out()).startsWith("6 bytes\n2 bytes are missing");
    assertThat(Ran.of(new ExplainCommand(), "--hex=00", "--hex-file=x").err())
        .contains("--hex and --hex-file: give one of them");
    assertThat(Ran.of(new ExplainCommand(), "--hex-file=/nowhere").err())
        .contains("cannot read /nowhere: there is no such file");
  }
}
