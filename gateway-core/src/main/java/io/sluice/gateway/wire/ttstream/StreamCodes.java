package io.sluice.gateway.wire.ttstream;

import io.netty.buffer.ByteBuf;
import io.sluice.api.Status;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.wire.WireException;
import io.sluice.gateway.wire.thrift.ThriftException;
import io.sluice.gateway.wire.thrift.ThriftHead;
import io.sluice.gateway.wire.ttheader.TTHeaderKeys;

/** Exception types of the frames that give a stream up ({@code ttstream/exception.go}). */
public final class StreamCodes {
  public static final int CANCELED_BY_UPSTREAM = 12010;
  public static final int CONNECTION_CLOSED = 12013;
  public static final int STREAM_DEADLINE = 12015;

  /** A longer path goes in circles, and is begun anew. */
  private static final int MAX_PATH = 8192;

  /** What an RST without payload means. */
  private static final Status BARE_RESET = Status.exception(13, "rst");

  private StreamCodes() {}

  /** The type that tells a downstream why its stream is given up. */
  public static int of(Status why) {
    return switch (why.code()) {
      case EXCEPTION -> why.number();
      case DEADLINE_EXCEEDED -> STREAM_DEADLINE;
      case UNAVAILABLE -> CONNECTION_CLOSED;
      default -> CANCELED_BY_UPSTREAM;
    };
  }

  /** Names of the services that a cancel came by, comma between; empty if its frame has none. */
  public static String path(Headers headers) {
    int entry = headers.find(TTHeaderKeys.CANCEL_PATH);
    return entry < 0 ? "" : headers.value(entry);
  }

  /**
   * The path of a cancel that came by this one, and goes on from here.
   *
   * @param name of the gateway in such paths
   */
  public static String pathFromHere(String path, String name) {
    boolean begins = path.isEmpty() || path.length() > MAX_PATH;
    return begins ? name : path + ',' + name;
  }

  /**
   * Reads the payload of an RST, or of a TRAILER that has one. One that is none counts as absent:
   * the stream is over either way.
   *
   * @param payload not released
   */
  public static Status read(ByteBuf payload) {
    try {
      return payload.isReadable() ? parse(payload) : BARE_RESET;
    } catch (WireException e) {
      return BARE_RESET;
    }
  }

  private static Status parse(ByteBuf payload) {
    if (payload.readableBytes() < ThriftHead.FIXED
        || payload.readableBytes() > ThriftException.MAX_BYTES
        || payload.readUnsignedShort() != ThriftHead.MAGIC) {
      throw new WireException("a payload that is no exception message");
    }
    payload.skipBytes(2);
    int methodLength = payload.readInt();
    if (methodLength < 0 || methodLength > payload.readableBytes() - 4) {
      throw new WireException("a payload that is no exception message");
    }
    payload.skipBytes(methodLength + 4);
    return ThriftException.read(payload);
  }
}
