package io.sluice.gateway.fuzz;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.CompositeByteBuf;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.call.MessageHead;
import io.sluice.gateway.wire.WireException;
import io.sluice.gateway.wire.WireLimits;
import io.sluice.gateway.wire.pingpong.ExceptionBody;
import io.sluice.gateway.wire.pingpong.MessageReader;
import io.sluice.gateway.wire.pingpong.PingPongMessage;
import io.sluice.gateway.wire.thrift.ThriftHead;
import io.sluice.gateway.wire.ttheader.ReplyKeys;
import io.sluice.gateway.wire.ttheader.RequestKeys;

/** Reads ping-pong messages: requests as a server, replies as a client. */
final class PingPongReading implements Arrivals.Reading {
  private static final WireLimits CALLER = new WireLimits(64 << 20, 256 << 10, 1024);
  private static final WireLimits DOWNSTREAM = new WireLimits(1 << 30, 65_535 * 4, 65_535);

  private final boolean requests;
  private final MessageReader reader;
  private final CompositeByteBuf exception;
  private PingPongMessage message;
  private boolean begun;

  private PingPongReading(ByteBufAllocator allocator, boolean requests) {
    this.requests = requests;
    reader = new MessageReader(allocator, requests ? CALLER : DOWNSTREAM);
    exception = allocator.compositeBuffer(64);
  }

  static void requests(byte[] input) {
    Arrivals.check(input, allocator -> new PingPongReading(allocator, true));
  }

  static void replies(byte[] input) {
    Arrivals.check(input, allocator -> new PingPongReading(allocator, false));
  }

  @Override
  public void take(ByteBuf more, Transcript said) {
    reader.append(more);
    while (reader.isPartDue() || head(said)) {
      ByteBuf part = reader.readPart();
      if (part == null) {
        return;
      }
      part(part, said);
    }
  }

  private boolean head(Transcript said) {
    message = reader.readHead();
    if (message == null) {
      return false;
    }
    begun = false;
    boolean request = message.type() == ThriftHead.CALL || message.type() == ThriftHead.ONEWAY;
    boolean reply = message.type() == ThriftHead.REPLY || message.type() == ThriftHead.EXCEPTION;
    if (!(requests ? request : reply)) {
      throw new WireException("message type " + message.type());
    }
    if (message.method().isEmpty() || message.bodyLength() < 0) {
      throw new AssertionError(message);
    }
    said.say(message.framing()).say(message.codec()).say(message.flags()).say(message.type());
    said.say(message.method()).say(message.seqId()).say(message.bodyLength());
    if (message.headers() != null) {
      metadata(message.headers(), said);
    }
    return true;
  }

  private void metadata(Headers headers, Transcript said) {
    if (requests) {
      RequestKeys keys = RequestKeys.take(headers);
      said.say(keys.service()).say(keys.method()).say(keys.destination());
      said.say(keys.caller()).say(keys.callerMethod()).say(keys.timeoutMillis());
    } else {
      ReplyKeys keys = ReplyKeys.take(headers);
      said.say(keys.bizStatus()).say(keys.connectionEnds());
    }
    said.headers(headers);
  }

  /** A part of the body; the first has the message's head in front of it. */
  private void part(ByteBuf part, Transcript said) {
    if (!begun) {
      begun = true;
      headStandsBefore(part);
    }
    said.bytes(part);
    if (message.type() == ThriftHead.EXCEPTION) {
      exception.addComponent(true, part);
    } else {
      part.release();
    }
    if (reader.isPartDue()) {
      return;
    }
    said.end();
    if (message.type() == ThriftHead.EXCEPTION) {
      said.say(ExceptionBody.read(message.codec(), exception));
      exception.skipBytes(exception.readableBytes()).discardReadComponents();
    }
  }

  private void headStandsBefore(ByteBuf part) {
    MessageHead head = new MessageHead();
    message.describe(head);
    int at = part.readerIndex() - head.headAhead;
    int type = part.getUnsignedShort(at + 2);
    int seqId = part.getInt(part.readerIndex() - 4);
    long length = head.lengthAhead ? part.getUnsignedInt(at - 4) : -1;
    if (type != message.type()
        || seqId != message.seqId()
        || head.lengthAhead && length != head.headAhead + message.bodyLength()) {
      throw new AssertionError("before the body stands no head of " + message);
    }
  }

  @Override
  public int held() {
    return reader.held();
  }

  @Override
  public void release() {
    reader.release();
    exception.release();
  }
}
