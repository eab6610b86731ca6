package io.sluice.gateway.wire.ttstream;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.sluice.api.BizStatus;
import io.sluice.api.Status;
import io.sluice.gateway.call.Aside;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.wire.WireException;
import io.sluice.gateway.wire.thrift.ThriftException;
import io.sluice.gateway.wire.thrift.ThriftHead;
import io.sluice.gateway.wire.ttheader.ReplyKeys;
import io.sluice.gateway.wire.ttheader.RequestKeys;
import io.sluice.gateway.wire.ttheader.TTHeader;
import io.sluice.gateway.wire.ttheader.TTHeaderKeys;
import io.sluice.gateway.wire.ttheader.TTHeaderWriter;
import org.jspecify.annotations.Nullable;

/** Writes frames, each whole into one buffer. Reused, one a connection. */
public final class FrameWriter {
  private static final Headers NONE = new Headers(Headers.Dialect.TTHEADER);
  private static final ByteBuf NO_PAYLOAD = Unpooled.EMPTY_BUFFER;

  /** Payloads up to this size are copied behind their header. */
  private static final int COPY = 2048;

  private final ByteBufAllocator allocator;
  private final TTHeaderWriter ttheader = new TTHeaderWriter();

  public FrameWriter(ByteBufAllocator allocator) {
    this.allocator = allocator;
  }

  /**
   * The frame that opens a stream.
   *
   * @param service left out if empty
   * @throws WireException if the metadata does not fit a frame; so do all methods here
   */
  public ByteBuf open(int streamId, String service, String method, Headers headers) {
    return frame(
        FrameType.HEADER, streamId, method, headers, NO_PAYLOAD, TTHeaderKeys.SERVICE, service);
  }

  /** The server's frame with what precedes its messages. */
  public ByteBuf header(int streamId, String method, Headers headers) {
    return frame(FrameType.HEADER, streamId, method, headers, NO_PAYLOAD, "", "");
  }

  /**
   * A message.
   *
   * @param payload handed over
   */
  public ByteBuf data(int streamId, String method, ByteBuf payload) {
    return frame(FrameType.DATA, streamId, method, NONE, payload, "", "");
  }

  /** The client's half close. */
  public ByteBuf halfClose(int streamId, String method) {
    return frame(FrameType.TRAILER, streamId, method, NONE, NO_PAYLOAD, "", "");
  }

  /** A frame that says something beside the stream, with the keys and the payload of another. */
  public ByteBuf meta(int streamId, String method, Aside aside) {
    return frame(FrameType.META, streamId, method, aside.headers(), aside.payload(), "", "");
  }

  /**
   * The server's end of a stream, or a half close of a client that says more than that.
   *
   * @param status goes as an exception unless it is OK
   */
  public ByteBuf trailer(
      int streamId, String method, Status status, @Nullable BizStatus biz, Headers trailers) {
    if (!status.isOk()) {
      ByteBuf exception = exception(streamId, method, ThriftException.type(status), status.text());
      return frame(FrameType.TRAILER, streamId, method, trailers, exception, "", "");
    }
    if (biz != null) {
      ReplyKeys.add(trailers, biz);
    }
    return frame(FrameType.TRAILER, streamId, method, trailers, NO_PAYLOAD, "", "");
  }

  /**
   * Gives a stream up.
   *
   * @param type one of the codes of {@link StreamCodes}, or what the other side gave
   * @param path names of the services that the cancel came by; left out if empty
   */
  public ByteBuf reset(int streamId, String method, int type, String text, String path) {
    ByteBuf exception = exception(streamId, method, type, text);
    return frame(FrameType.RST, streamId, method, NONE, exception, TTHeaderKeys.CANCEL_PATH, path);
  }

  /**
   * @param payload handed over
   * @param ownKey a key of the frame's own, written unless {@code ownValue} is empty
   */
  private ByteBuf frame(
      FrameType type,
      int streamId,
      String method,
      Headers headers,
      ByteBuf payload,
      String ownKey,
      String ownValue) {
    int length = payload.readableBytes();
    boolean copied = length <= COPY;
    ByteBuf out = allocator.ioBuffer(128 + method.length() + (copied ? length : 0));
    try {
      ttheader.begin(out, TTHeader.FLAG_STREAMING, streamId, TTHeader.PROTOCOL_THRIFT_STRUCT);
      if (!ownValue.isEmpty()) {
        ttheader.string(ownKey, ownValue);
      }
      RequestKeys.writeRest(ttheader, headers, true, TTHeaderKeys.TO_METHOD);
      ttheader.integer(TTHeaderKeys.TO_METHOD, method);
      ttheader.integer(TTHeaderKeys.FRAME_TYPE, type.code());
      ttheader.end(length);
    } catch (WireException e) {
      out.release();
      payload.release();
      throw e;
    }
    if (!copied) {
      return allocator.compositeBuffer(2).addComponents(true, out, payload);
    }
    out.writeBytes(payload);
    payload.release();
    return out;
  }

  private ByteBuf exception(int streamId, String method, int type, String text) {
    ByteBuf out = allocator.ioBuffer(64 + method.length() + text.length());
    ThriftHead.write(out, ThriftHead.EXCEPTION, method, streamId);
    ThriftException.write(out, Status.exception(type, text));
    return out;
  }
}
