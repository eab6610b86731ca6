package io.sluice.gateway.client;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.CompositeByteBuf;
import io.sluice.api.Status;
import io.sluice.gateway.call.CallEnd;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.config.ClusterConfig;
import io.sluice.gateway.wire.WireException;
import io.sluice.gateway.wire.WireLimits;
import io.sluice.gateway.wire.pingpong.ExceptionBody;
import io.sluice.gateway.wire.pingpong.MessageReader;
import io.sluice.gateway.wire.pingpong.PingPongMessage;
import io.sluice.gateway.wire.thrift.ThriftHead;
import io.sluice.gateway.wire.ttheader.PayloadChecksum;
import io.sluice.gateway.wire.ttheader.ReplyKeys;
import org.jspecify.annotations.Nullable;

/**
 * Cuts the bytes of a downstream into ping-pong replies. For each: {@link #readHead} until it is
 * there, {@link #begin} with the call that it is for, {@link #readPart} until {@link #isPartDue}
 * says no, {@link #end}. Reused, one a connection.
 */
final class ReplyReader {
  /** A downstream is trusted more than a caller, but not without bound. */
  private static final WireLimits LIMITS = new WireLimits(1 << 30, 65_535 * 4, 65_535);

  private final ByteBufAllocator allocator;
  private final MessageReader reader;
  private @Nullable PingPongMessage reply;
  private @Nullable ReplyKeys keys;
  private @Nullable CompositeByteBuf exception;
  private @Nullable Status status;

  /** Of the payloads; null if they are not checked. */
  private final @Nullable PayloadChecksum checksum;

  /** What the checksum of the reply has to be; null if it came without one. */
  private @Nullable String expected;

  /** Bytes in front of the next part that the checksum is of too. */
  private int ahead;

  ReplyReader(ByteBufAllocator allocator, ClusterConfig config) {
    this.allocator = allocator;
    this.checksum =
        config.checksum() == ClusterConfig.Checksum.CRC32C ? new PayloadChecksum() : null;
    this.reader = new MessageReader(allocator, LIMITS);
  }

  /**
   * Takes bytes.
   *
   * @param more handed over
   */
  void append(ByteBuf more) {
    reader.append(more);
  }

  /** Bytes taken and not given out yet. */
  int buffered() {
    return reader.buffered();
  }

  /** Bytes of memory that what was taken occupies. */
  long held() {
    return (long) reader.held() + (exception == null ? 0 : exception.readableBytes());
  }

  /** Whether a reply has begun and not ended. */
  boolean isOpen() {
    return reply != null;
  }

  /**
   * Reads the head of the next reply.
   *
   * @return null if more bytes are needed
   * @throws WireException if the bytes are no message
   */
  @Nullable PingPongMessage readHead() {
    keys = null;
    status = null;
    expected = null;
    reply = reader.readHead();
    if (reply != null && reply.headers() != null) {
      keys = ReplyKeys.take(reply.headers());
      if (checksum != null) {
        checksum.reset();
        expected = PayloadChecksum.of(reply.headers());
        ahead = reply.ahead();
      }
    }
    return reply;
  }

  /**
   * Tells a call of the head of its reply.
   *
   * @param seqId of the request
   * @return whether data follows for the caller; if not, the body is an exception
   * @throws WireException if the message is no reply to this call
   */
  boolean begin(RpcCall call, int seqId) {
    PingPongMessage message = reply;
    Headers headers = message.headers();
    if (headers == null) {
      headers = new Headers(Headers.Dialect.TTHEADER);
    }
    if (message.codec() != call.codec()) {
      throw new WireException(
          "codec " + message.codec().label() + " in place of " + call.codec().label());
    }
    if (message.type() == ThriftHead.EXCEPTION) {
      call.responseHeaders(headers, null);
      return false;
    }
    if (message.type() != ThriftHead.REPLY) {
      throw new WireException("message type " + message.type() + " in place of a reply");
    }
    if (message.seqId() != seqId) {
      throw new WireException(
          "out of order sequence response, " + message.seqId() + " in place of " + seqId);
    }
    if (!message.method().equals(call.method())) {
      throw new WireException(
          "wrong method name " + message.method() + " in place of " + call.method());
    }
    message.describe(call.response());
    call.responseHeaders(headers, keys == null ? null : keys.bizStatus());
    return true;
  }

  boolean isPartDue() {
    return reader.isPartDue();
  }

  /**
   * The next part of the body. With a wrong checksum the last part is never given out.
   *
   * @return handed over; null if no bytes are there
   * @throws WireException at the end of a body that is not what its checksum says
   */
  @Nullable ByteBuf readPart() {
    ByteBuf part = reader.readPart();
    if (part != null && expected != null && !isSound(checksum, expected, part)) {
      part.release();
      throw new WireException("checksum crc32c " + expected + " is of another payload");
    }
    return part;
  }

  private boolean isSound(PayloadChecksum checksum, String expected, ByteBuf part) {
    checksum.update(part, part.readerIndex() - ahead, part.readableBytes() + ahead);
    ahead = 0;
    return reader.isPartDue() || checksum.matches(expected);
  }

  /**
   * Keeps a part of an exception.
   *
   * @param part handed over
   * @throws WireException if it is none
   */
  void gather(ByteBuf part) {
    if (exception == null) {
      exception = allocator.compositeBuffer(64);
    }
    exception.addComponent(true, part);
    if (exception.readableBytes() > ExceptionBody.MAX_BYTES) {
      throw new WireException("an exception of more than " + ExceptionBody.MAX_BYTES + " bytes");
    }
    if (!reader.isPartDue()) {
      status = ExceptionBody.read(reply.codec(), exception);
    }
  }

  /** The reply is whole: this is how its call ends. */
  CallEnd end(RpcCall call) {
    CallEnd end =
        status == null
            ? new CallEnd(
                Status.OK, call.responseBizStatus(), new Headers(Headers.Dialect.TTHEADER))
            : new CallEnd(status, null, call.responseHeaders());
    forget();
    return end;
  }

  /** Whether the downstream closes the connection after the reply that was read last. */
  boolean connectionEnds() {
    return keys != null && keys.connectionEnds() || status != null && closesAfter(status.number());
  }

  /**
   * After these a Kitex server closes, which Framed cannot announce (default_server_handler.go).
   */
  private static boolean closesAfter(int exceptionType) {
    return exceptionType == 1 || exceptionType == 7 || exceptionType == 9 || exceptionType == 20;
  }

  /** Nobody listens to the reply any more; its parts are still to be read. */
  void dropException() {
    if (exception != null) {
      exception.release();
      exception = null;
    }
  }

  /** The reply is over. */
  void forget() {
    reply = null;
    dropException();
  }

  /** Lets go of all bytes. */
  void release() {
    forget();
    reader.release();
  }
}
