package io.sluice.gateway.testkit;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.sluice.api.BizStatus;
import io.sluice.api.Status;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.testkit.Peer.StreamFrame;
import io.sluice.gateway.wire.ttheader.TTHeader;
import io.sluice.gateway.wire.ttheader.TTHeaderWriter;
import io.sluice.gateway.wire.ttstream.FrameWriter;
import io.sluice.gateway.wire.ttstream.StreamCodes;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Frames of ttstream, all of {@code Svc/Chat}. */
public final class Frames {
  public static final String METHOD = "Chat";

  private Frames() {}

  /** One for each use, as both sides of a test write. */
  private static FrameWriter writer() {
    return new FrameWriter(UnpooledByteBufAllocator.DEFAULT);
  }

  public static Headers headers(String... pairs) {
    Headers headers = new Headers(Headers.Dialect.TTHEADER);
    for (int i = 0; i < pairs.length; i += 2) {
      headers.add(pairs[i], pairs[i + 1]);
    }
    return headers;
  }

  /** The caller's HEADER. */
  public static byte[] open(int id, String... pairs) {
    return Thrifts.bytes(writer().open(id, "Svc", METHOD, headers(pairs)));
  }

  /** The server's HEADER. */
  public static byte[] header(int id, String... pairs) {
    return Thrifts.bytes(writer().header(id, METHOD, headers(pairs)));
  }

  public static byte[] data(int id, String text) {
    return data(id, text.getBytes(StandardCharsets.UTF_8));
  }

  public static byte[] data(int id, byte[] message) {
    return Thrifts.bytes(writer().data(id, METHOD, Unpooled.wrappedBuffer(message)));
  }

  public static byte[] halfClose(int id) {
    return Thrifts.bytes(writer().halfClose(id, METHOD));
  }

  public static byte[] trailer(int id, Status status, @Nullable BizStatus biz, String... pairs) {
    return Thrifts.bytes(writer().trailer(id, METHOD, status, biz, headers(pairs)));
  }

  /** An RST whose path is what its sender writes. */
  public static byte[] reset(int id, int type, String text, String path) {
    return frame(id, 5, exception(id, type, text), "ttscp", path);
  }

  /** Any frame. */
  public static byte[] frame(int id, int type, byte[] payload, String... pairs) {
    ByteBuf out = Unpooled.buffer();
    TTHeaderWriter header = new TTHeaderWriter();
    header.begin(out, TTHeader.FLAG_STREAMING, id, TTHeader.PROTOCOL_THRIFT_STRUCT);
    for (int i = 0; i < pairs.length; i += 2) {
      header.string(pairs[i], pairs[i + 1]);
    }
    header.integer(9, METHOD);
    header.integer(27, Integer.toString(type));
    header.end(payload.length);
    return Thrifts.bytes(out.writeBytes(payload));
  }

  /** A frame whose metadata fits a TTHeader only as it has no name of a method. */
  public static byte[] full(int id, int type) {
    ByteBuf out = Unpooled.buffer();
    TTHeaderWriter header = new TTHeaderWriter();
    header.begin(out, TTHeader.FLAG_STREAMING, id, TTHeader.PROTOCOL_THRIFT_STRUCT);
    for (int i = 0; i < 5; i++) {
      header.string("k" + i, "v".repeat(52_418));
    }
    header.integer(27, Integer.toString(type));
    header.end(0);
    return Thrifts.bytes(out);
  }

  private static byte[] exception(int id, int type, String text) {
    byte[] trailer = trailer(id, Status.exception(type, text), null);
    int header = 14 + 4 * ByteBuffer.wrap(trailer).getShort(12);
    return Arrays.copyOfRange(trailer, header, trailer.length);
  }

  /** The message in a frame. */
  public static String text(StreamFrame frame) {
    return new String(frame.payload(), StandardCharsets.UTF_8);
  }

  /** The exception in a frame. */
  public static Status exception(StreamFrame frame) {
    return StreamCodes.read(Unpooled.wrappedBuffer(frame.payload()));
  }

  /** The sequence id inside the exception of a frame. */
  public static int exceptionId(StreamFrame frame) {
    return ByteBuffer.wrap(frame.payload()).getInt(8 + METHOD.length());
  }

  /** Answers the opening of a stream, each message with {@code <message>}, and the half close. */
  public static void echo(Peer peer, StreamFrame frame) {
    switch (frame.type()) {
      case HEADER -> peer.send(header(frame.id(), "head", "1"));
      case DATA -> peer.send(data(frame.id(), "<" + text(frame) + ">"));
      case TRAILER -> peer.send(trailer(frame.id(), Status.OK, null, "end", "1"));
      default -> {}
    }
  }

  /** A downstream that does so on every connection. */
  public static Downstream echoing() {
    return Downstream.serving(
        (peer, n) -> {
          for (StreamFrame f = peer.readFrame(); f != null; f = peer.readFrame()) {
            echo(peer, f);
          }
        });
  }
}
