package io.sluice.gateway.wire.ttstream;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.sluice.api.BizStatus;
import io.sluice.api.Status;
import io.sluice.gateway.call.Headers;
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

  private final ByteBufAllocator allocator;
  private final TTHeaderWriter ttheader = new TTHeaderWriter();

  public FrameWriter(ByteBufAllocator allocator) {
    this.allocator = allocator;
  }

  /**
   * The frame that opens a stream.
   *
   * @param service left out if empty
   */
  public ByteBuf open(int streamId, String service, String method, Headers headers) {
    ByteBuf out = allocator.ioBuffer(256);
    begin(out, streamId);
    if (!service.isEmpty()) {
      ttheader.string(TTHeaderKeys.SERVICE, service);
    }
    end(FrameType.HEADER, method, headers, 0);
    return out;
  }

  /** The server's frame with what precedes its messages. */
  public ByteBuf header(int streamId, String method, Headers headers) {
    ByteBuf out = allocator.ioBuffer(128);
    begin(out, streamId);
    end(FrameType.HEADER, method, headers, 0);
    return out;
  }

  /**
   * A message.
   *
   * @param payload handed over
   */
  public ByteBuf data(int streamId, String method, ByteBuf payload) {
    ByteBuf out = allocator.ioBuffer(64 + method.length());
    begin(out, streamId);
    end(FrameType.DATA, method, NONE, payload.readableBytes());
    return joined(out, payload);
  }

  /** The client's half close. */
  public ByteBuf halfClose(int streamId, String method) {
    ByteBuf out = allocator.ioBuffer(64 + method.length());
    begin(out, streamId);
    end(FrameType.TRAILER, method, NONE, 0);
    return out;
  }

  /**
   * The server's end of a stream.
   *
   * @param status goes as an exception unless it is OK
   */
  public ByteBuf trailer(
      int streamId, String method, Status status, @Nullable BizStatus biz, Headers trailers) {
    ByteBuf out = allocator.ioBuffer(256);
    begin(out, streamId);
    ByteBuf payload = Unpooled.EMPTY_BUFFER;
    if (!status.isOk()) {
      payload = exception(streamId, method, ThriftException.type(status), status.text());
    } else {
      ReplyKeys.write(ttheader, biz);
    }
    end(FrameType.TRAILER, method, trailers, payload.readableBytes());
    return joined(out, payload);
  }

  /**
   * Gives a stream up.
   *
   * @param type one of the codes of {@link StreamCodes}, or what the other side gave
   * @param path names of the services that the cancel came by; left out if empty
   */
  public ByteBuf reset(int streamId, String method, int type, String text, String path) {
    ByteBuf out = allocator.ioBuffer(256);
    begin(out, streamId);
    if (!path.isEmpty()) {
      ttheader.string(TTHeaderKeys.CANCEL_PATH, path);
    }
    ByteBuf payload = exception(streamId, method, type, text);
    end(FrameType.RST, method, NONE, payload.readableBytes());
    return joined(out, payload);
  }

  private void begin(ByteBuf out, int streamId) {
    ttheader.begin(out, TTHeader.FLAG_STREAMING, streamId, TTHeader.PROTOCOL_THRIFT_STRUCT);
  }

  private void end(FrameType type, String method, Headers headers, int payload) {
    RequestKeys.writeRest(ttheader, headers, true, TTHeaderKeys.TO_METHOD);
    ttheader.integer(TTHeaderKeys.TO_METHOD, method);
    ttheader.integer(TTHeaderKeys.FRAME_TYPE, type.code());
    ttheader.end(payload);
  }

  private ByteBuf exception(int streamId, String method, int type, String text) {
    ByteBuf out = allocator.ioBuffer(64 + method.length() + text.length());
    ThriftHead.write(out, ThriftHead.EXCEPTION, method, streamId);
    ThriftException.write(out, Status.exception(type, text));
    return out;
  }

  private ByteBuf joined(ByteBuf head, ByteBuf payload) {
    if (!payload.isReadable()) {
      payload.release();
      return head;
    }
    if (payload.readableBytes() <= 2048) {
      head.writeBytes(payload);
      payload.release();
      return head;
    }
    return allocator.compositeBuffer(2).addComponents(true, head, payload);
  }
}
