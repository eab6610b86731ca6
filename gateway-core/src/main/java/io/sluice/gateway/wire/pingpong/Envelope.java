package io.sluice.gateway.wire.pingpong;

import io.netty.buffer.ByteBuf;
import io.sluice.api.Codec;
import io.sluice.api.Protocol;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.wire.Detector;
import io.sluice.gateway.wire.WireException;
import io.sluice.gateway.wire.WireLimits;
import io.sluice.gateway.wire.thrift.ThriftHead;
import io.sluice.gateway.wire.ttheader.MeshHeader;
import io.sluice.gateway.wire.ttheader.TTHeader;
import org.jspecify.annotations.Nullable;

/**
 * What stands around a message ({@code pkg/remote/codec/default_codec.go:checkPayload}): at most
 * one header, then what tells framing and codec apart.
 *
 * <pre>
 *   len·1000·…·header   or   FFAF·…·header   or nothing;   then
 *        80 01 …         Thrift, Buffered; behind a TTHeader, whose length ends it, TTHeader
 *   len  80 01 …         Thrift, Framed; behind a TTHeader, TTHeader+Framed
 *   len  90 01 …         Kitex Protobuf, the same
 * </pre>
 *
 * <p>Read as far as the bytes reach, once each. Reused, one a reader.
 */
final class Envelope {
  private final WireLimits limits;
  private boolean headerRead;
  private boolean found;
  private @Nullable TTHeader ttheader;
  private @Nullable Headers headers;
  private Protocol framing = Protocol.BUFFERED;
  private Codec codec = Codec.THRIFT;
  private int headAt;
  private long length;

  Envelope(WireLimits limits) {
    this.limits = limits;
  }

  /** Forgets what was found. */
  void reset() {
    headerRead = false;
    found = false;
    ttheader = null;
    headers = null;
    headAt = 0;
  }

  /**
   * Goes on looking.
   *
   * @param in has at least {@value Detector#BYTES} bytes at {@code start}
   * @param start where the message begins with all that is around it
   * @return how many bytes from there are needed to see more; 0 if all is found
   * @throws WireException if it is no message
   */
  int find(ByteBuf in, int start) {
    if (found) {
      return 0;
    }
    int there = in.writerIndex() - start;
    if (!headerRead) {
      int needed = header(in, start, there);
      if (needed > 0) {
        return needed;
      }
      headerRead = true;
    }
    if (there < headAt + Detector.BYTES) {
      return headAt + Detector.BYTES;
    }
    message(in, start + headAt);
    found = true;
    return 0;
  }

  /** Reads the header, if there is one; how many bytes are needed for that, or 0. */
  private int header(ByteBuf in, int start, int there) {
    if (in.getUnsignedShort(start + 4) == TTHeader.MAGIC) {
      if (there < TTHeader.FIXED) {
        return TTHeader.FIXED;
      }
      int size = TTHeader.sizeAt(in, start, limits);
      if (in.getUnsignedInt(start) + 4 - size < Detector.BYTES) {
        throw new WireException("TTHeader without a message");
      }
      if (there < size) {
        return size;
      }
      ttheader = TTHeader.readAt(in, start, limits);
      headers = ttheader.headers();
      headAt = size;
    } else if (in.getUnsignedShort(start) == MeshHeader.MAGIC) {
      int size = MeshHeader.sizeAt(in, start, limits);
      if (there < size) {
        return size;
      }
      headers = MeshHeader.readAt(in, start, limits);
      headAt = size;
    }
    return 0;
  }

  /** Finds out framing, codec and length of what is not a header any more. */
  private void message(ByteBuf in, int at) {
    if (in.getUnsignedShort(at) == ThriftHead.MAGIC) {
      codec = Codec.THRIFT;
      framing = ttheader == null ? Protocol.BUFFERED : Protocol.TTHEADER;
      length = ttheader == null ? limits.maxFrame() : ttheader.payloadLength();
    } else {
      codec = codec(in, at);
      framing = ttheader == null ? Protocol.FRAMED : Protocol.TTHEADER_FRAMED;
      length = in.getUnsignedInt(at);
      headAt += 4;
      if (ttheader != null && length != ttheader.payloadLength() - 4) {
        throw new WireException("frame length and TTHeader length contradict each other");
      }
    }
    if (length > limits.maxFrame()) {
      throw new WireException("message of " + length + " bytes, the limit is " + limits.maxFrame());
    }
    if (length < ThriftHead.FIXED) {
      throw new WireException("message of " + length + " bytes, too short to be one");
    }
  }

  private static Codec codec(ByteBuf in, int at) {
    return switch (in.getUnsignedShort(at + 4)) {
      case ThriftHead.MAGIC -> Codec.THRIFT;
      case ThriftHead.PROTOBUF_MAGIC -> Codec.PROTOBUF;
      default -> throw new WireException(Detector.describe(in.slice(at, Detector.BYTES)));
    };
  }

  // What was found.

  Protocol framing() {
    return framing;
  }

  Codec codec() {
    return codec;
  }

  /** Flags of the TTHeader, else 0. */
  int flags() {
    return ttheader == null ? 0 : ttheader.flags();
  }

  /** The number that the TTHeader gives the call, else the one of the message. */
  int callId(int seqId) {
    return ttheader == null ? seqId : ttheader.seqId();
  }

  /** Of the TTHeader or mesh header, or null without one. */
  @Nullable Headers headers() {
    return headers;
  }

  /** Bytes from the start to the message's own head. */
  int headAt() {
    return headAt;
  }

  /** Bytes of the message's head and body; with Buffered, the most that these may be. */
  long length() {
    return length;
  }
}
