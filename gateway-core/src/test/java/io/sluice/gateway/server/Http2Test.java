package io.sluice.gateway.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.TestGateway;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/** What the port says to HTTP/2 that is not as gRPC has it; h2spec asks the rest. */
class Http2Test {
  private static final int DATA = 0;
  private static final int HEADERS = 1;
  private static final int RST_STREAM = 3;
  private static final int SETTINGS = 4;
  private static final int GOAWAY = 7;
  private static final int END_STREAM = 1;
  private static final int END_STREAM_AND_HEADERS = 5;
  private static final int PROTOCOL_ERROR = 1;

  /** POST, http, and the path "/", of the static table. */
  private static final String POST_ROOT = "838684";

  /** {@code content-type: text/html} as a literal. */
  private static final String CONTENT_TYPE = "0f1009" + hex("text/html");

  /** A frame that was read. */
  private record Frame(int type, int flags, int stream, ByteBuf payload) {
    String text() {
      return payload.toString(StandardCharsets.US_ASCII);
    }
  }

  private static String hex(String text) {
    return HexFormat.of().formatHex(text.getBytes(StandardCharsets.US_ASCII));
  }

  private static byte[] frame(int type, int flags, int stream, String hexPayload) {
    byte[] payload = HexFormat.of().parseHex(hexPayload);
    ByteBuf out = Unpooled.buffer();
    out.writeMedium(payload.length).writeByte(type).writeByte(flags).writeInt(stream);
    return bytes(out.writeBytes(payload));
  }

  private static byte[] bytes(ByteBuf buf) {
    byte[] bytes = new byte[buf.readableBytes()];
    buf.readBytes(bytes);
    return bytes;
  }

  private static Peer greeted(TestGateway gateway) {
    Peer peer = gateway.connect();
    peer.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    return peer.send(frame(SETTINGS, 0, 0, ""));
  }

  private static ByteBuf read(Peer peer, int bytes) {
    ByteBuf read = Unpooled.buffer(bytes);
    while (read.readableBytes() < bytes) {
      byte[] some = peer.readSome(bytes - read.readableBytes());
      assertThat(some).as("of %d bytes", bytes).isNotEmpty();
      read.writeBytes(some);
    }
    return read;
  }

  /** The next frame of that type. */
  private static Frame next(Peer peer, int type) {
    while (true) {
      ByteBuf head = read(peer, 9);
      int length = head.readMedium();
      Frame frame = new Frame(head.readByte(), head.readByte(), head.readInt(), read(peer, length));
      if (frame.type() == type) {
        return frame;
      }
    }
  }

  @Test
  void requestThatIsNotGrpcIsTold() {
    try (TestGateway gateway = TestGateway.to(1);
        Peer caller = greeted(gateway)) {
      for (int stream = 1; stream <= 3; stream += 2) {
        String headers = stream == 1 ? POST_ROOT : POST_ROOT + CONTENT_TYPE;
        caller.send(frame(HEADERS, END_STREAM_AND_HEADERS, stream, headers));
        Frame answer = next(caller, HEADERS);
        assertThat(answer.stream()).isEqualTo(stream);
        if (stream == 1) {
          assertThat(answer.text()).contains("415", "text/plain");
        }
        Frame body = next(caller, DATA);
        assertThat(body.flags()).isEqualTo(END_STREAM);
        assertThat(body.text()).contains("application/grpc");
      }
    }
  }

  @Test
  void malformedHeadersEndTheirStreamAlone() {
    try (TestGateway gateway = TestGateway.to(1);
        Peer caller = greeted(gateway)) {
      String[] malformed = {
        // A name in upper case, a connection's own header, a pseudo header behind others, none.
        POST_ROOT + "0004" + hex("Uper") + "0178",
        POST_ROOT + "000a" + hex("connection") + "05" + hex("close"),
        CONTENT_TYPE + POST_ROOT,
        CONTENT_TYPE,
      };
      int stream = 1;
      for (String headers : malformed) {
        caller.send(frame(HEADERS, END_STREAM_AND_HEADERS, stream, headers));
        Frame reset = next(caller, RST_STREAM);
        assertThat(reset.stream()).isEqualTo(stream);
        assertThat(reset.payload().readInt()).isEqualTo(PROTOCOL_ERROR);
        stream += 2;
      }
      caller.send(frame(HEADERS, END_STREAM_AND_HEADERS, stream, POST_ROOT));
      assertThat(next(caller, DATA).stream()).isEqualTo(stream);
    }
  }

  @Test
  void brokenFramingIsAnsweredWithItsReason() {
    try (TestGateway gateway = TestGateway.to(1);
        Peer caller = greeted(gateway)) {
      // A header list that is not complete, and something else behind it.
      caller.send(frame(HEADERS, END_STREAM, 1, POST_ROOT));
      caller.send(frame(DATA, END_STREAM, 1, "00"));
      Frame goAway = next(caller, GOAWAY);
      goAway.payload().skipBytes(4);
      assertThat(goAway.payload().readInt()).isEqualTo(PROTOCOL_ERROR);
      assertThat(goAway.text()).contains("while processing headers");
    }
  }
}
