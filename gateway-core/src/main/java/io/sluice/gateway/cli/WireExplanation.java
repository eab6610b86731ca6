package io.sluice.gateway.cli;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.wire.Detector;
import io.sluice.gateway.wire.WireException;
import io.sluice.gateway.wire.WireLimits;
import io.sluice.gateway.wire.pingpong.MessageReader;
import io.sluice.gateway.wire.pingpong.PingPongMessage;
import io.sluice.gateway.wire.thrift.ThriftHead;
import io.sluice.gateway.wire.ttheader.MeshHeader;
import io.sluice.gateway.wire.ttheader.TTHeader;
import io.sluice.gateway.wire.ttstream.Frame;
import io.sluice.gateway.wire.ttstream.FrameReader;

/**
 * Says what a listener would take the first bytes of a connection for, by the very readers that it
 * has, with its limits as they are when none are set.
 */
final class WireExplanation {
  private static final WireLimits LIMITS = new WireLimits(64 << 20, 256 << 10, 1024);

  private final byte[] bytes;
  private final ByteBuf in;
  private final Outline out;

  private WireExplanation(byte[] bytes, Outline out) {
    this.bytes = bytes;
    this.in = Unpooled.wrappedBuffer(bytes);
    this.out = out;
  }

  /** Prints it; false if the connection would be closed. */
  static boolean print(byte[] bytes, Outline out) {
    return new WireExplanation(bytes, out).print();
  }

  private boolean print() {
    out.line(bytes.length + " bytes");
    if (bytes.length < Detector.BYTES) {
      out.line(
          (Detector.BYTES - bytes.length)
              + " bytes are missing: nothing is known before there are "
              + Detector.BYTES);
      return true;
    }
    try {
      switch (Detector.detect(in)) {
        case HTTP2 -> {
          out.line("HTTP/2 for the life of the connection: gRPC");
          Http2Outline.print(in.duplicate(), out);
        }
        case TTSTREAM -> {
          out.line("ttstream for the life of the connection");
          frames();
        }
        case PING_PONG -> {
          out.line("ping-pong; each message tells its framing anew");
          messages();
        }
      }
      return true;
    } catch (WireException e) {
      out.line("! refused, the connection is closed without an answer: " + e.getMessage());
      return false;
    }
  }

  // Ping-pong.

  private void messages() {
    MessageReader reader = new MessageReader(UnpooledByteBufAllocator.DEFAULT, LIMITS);
    reader.append(Unpooled.copiedBuffer(bytes));
    try {
      for (int n = 1, at = 0; reader.buffered() > 0 && !out.isFull(); n++) {
        out.line("message " + n + " at byte " + at);
        out.indent();
        header(at);
        PingPongMessage message = reader.readHead();
        if (message == null) {
          missing(at);
          return;
        }
        message(message, reader);
        out.outdent();
        at = bytes.length - reader.buffered();
      }
    } finally {
      reader.release();
    }
  }

  private void message(PingPongMessage message, MessageReader reader) {
    out.line(MessageOutline.head(message));
    boolean callers = message.type() == ThriftHead.CALL || message.type() == ThriftHead.ONEWAY;
    if (!callers) {
      out.line("(only downstreams may send this: a caller's connection would be closed)");
    }
    ByteBuf body = Unpooled.buffer();
    while (reader.isPartDue()) {
      ByteBuf part = reader.readPart();
      if (part == null) {
        break;
      }
      body.writeBytes(part);
      part.release();
    }
    out.line("body of " + message.bodyLength() + " bytes");
    out.indent();
    MessageOutline.body(message, body, out);
    out.outdent();
    if (reader.isPartDue()) {
      out.line(message.bodyLength() - body.readableBytes() + " bytes of it are missing");
    }
  }

  /** The header that stands in front of a message, if one does, as far as it is there. */
  private void header(int at) {
    int there = bytes.length - at;
    if (isTTHeader(at) && there >= TTHeader.FIXED) {
      ttheader(at, there);
    } else if (isMeshHeader(at)) {
      int size = MeshHeader.sizeAt(in, at, LIMITS);
      out.line("mesh header of %d bytes".formatted(size));
      if (there >= size) {
        headers(MeshHeader.readAt(in, at, LIMITS));
      }
    }
  }

  private boolean isTTHeader(int at) {
    return bytes.length - at >= Detector.BYTES && in.getUnsignedShort(at + 4) == TTHeader.MAGIC;
  }

  private boolean isMeshHeader(int at) {
    return bytes.length - at >= Detector.BYTES && in.getUnsignedShort(at) == MeshHeader.MAGIC;
  }

  private void headers(Headers headers) {
    out.indent();
    MessageOutline.headers(headers, out);
    out.outdent();
  }

  private void ttheader(int at, int there) {
    int size = TTHeader.sizeAt(in, at, LIMITS);
    out.line(
        "TTHeader: length %d, flags 0x%04x, sequence id %d, header of %d bytes, payload of %d"
            .formatted(
                in.getUnsignedInt(at),
                in.getUnsignedShort(at + 6),
                in.getInt(at + 8),
                size - TTHeader.FIXED,
                in.getUnsignedInt(at) + 4 - size));
    if (there >= size) {
      headers(TTHeader.readAt(in, at, LIMITS).headers());
    }
  }

  /** Says how much is missing of a message that has begun, where a length tells. */
  private void missing(int from) {
    int at = from;
    if (!isTTHeader(at) && isMeshHeader(at)) {
      at += MeshHeader.sizeAt(in, at, LIMITS);
    }
    int there = bytes.length - at;
    if (there < Detector.BYTES) {
      out.line(Detector.BYTES - there + " bytes are missing to tell its framing");
    } else if (!isTTHeader(at) && in.getUnsignedShort(at) == ThriftHead.MAGIC) {
      out.line("it is Buffered: the message ends where its struct does, which is not there yet");
    } else {
      out.line(in.getUnsignedInt(at) + 4 - there + " bytes of the message are missing");
    }
  }

  // ttstream.

  private void frames() {
    FrameReader reader = new FrameReader(UnpooledByteBufAllocator.DEFAULT, LIMITS);
    reader.append(Unpooled.copiedBuffer(bytes));
    try {
      for (int n = 1, at = 0; reader.buffered() > 0 && !out.isFull(); n++) {
        out.line("frame " + n + " at byte " + at);
        out.indent();
        Frame frame = reader.read();
        if (frame == null) {
          int there = bytes.length - at;
          long whole =
              there < 4 ? TTHeader.FIXED : Math.max(TTHeader.FIXED, in.getUnsignedInt(at) + 4);
          out.line(whole - there + " bytes of the frame are missing");
          return;
        }
        frame(frame);
        out.outdent();
        at = bytes.length - reader.buffered();
      }
    } finally {
      reader.release();
    }
  }

  private void frame(Frame frame) {
    out.line(frame.type() + " of stream " + frame.streamId());
    headers(frame.headers());
    ByteBuf payload = frame.payload();
    if (payload.isReadable()) {
      out.line("payload of " + payload.readableBytes() + " bytes");
      out.indent();
      payload(payload);
      out.outdent();
    }
    payload.release();
  }

  /** A struct, or a whole message with an exception. */
  private void payload(ByteBuf payload) {
    boolean message =
        payload.readableBytes() >= Detector.BYTES
            && payload.getUnsignedShort(payload.readerIndex()) == ThriftHead.MAGIC;
    if (!message) {
      ThriftOutline.print(payload, out);
      return;
    }
    int head = ThriftHead.FIXED + payload.getInt(payload.readerIndex() + 4);
    out.line(MessageOutline.type(payload.getUnsignedShort(payload.readerIndex() + 2)));
    if (head >= ThriftHead.FIXED && head <= payload.readableBytes()) {
      ThriftOutline.print(
          payload.slice(payload.readerIndex() + head, payload.readableBytes() - head), out);
    }
  }
}
