package io.sluice.gateway.fuzz;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.sluice.gateway.wire.WireException;
import io.sluice.gateway.wire.grpc.GrpcMessageReader;
import io.sluice.gateway.wire.grpc.Gunzip;

/** Reads the messages of a gRPC call, packed ones too. */
final class MessageReading implements Arrivals.Reading {
  private static final int MOST = 4096;
  private static final int PIECE = 100;

  private final ByteBufAllocator allocator;
  private final GrpcMessageReader reader;
  private ByteBuf gathered;

  private MessageReading(ByteBufAllocator allocator) {
    this.allocator = allocator;
    this.reader = new GrpcMessageReader(allocator);
  }

  static void messages(byte[] input) {
    Arrivals.check(input, MessageReading::new);
  }

  @Override
  public void take(ByteBuf more, Transcript said) {
    reader.append(more);
    while (reader.isPartDue() || reader.readPrefix()) {
      ByteBuf part = reader.readPart();
      if (part == null) {
        return;
      }
      gather(part);
      if (!reader.isPartDue()) {
        use(said);
      }
    }
  }

  private void gather(ByteBuf part) {
    if (gathered == null) {
      gathered = part;
    } else {
      ByteBuf both = allocator.buffer(gathered.readableBytes() + part.readableBytes());
      both.writeBytes(gathered).writeBytes(part);
      gathered.release();
      part.release();
      gathered = both;
    }
  }

  private void use(Transcript said) {
    ByteBuf message = gathered;
    gathered = null;
    if (message.readableBytes() != reader.length()) {
      throw new AssertionError(message.readableBytes() + " bytes of " + reader.length());
    }
    said.say(reader.isCompressed());
    if (reader.isCompressed()) {
      message = unpacked(message);
      if (message.readableBytes() > MOST) {
        throw new AssertionError(message.readableBytes() + " bytes, the limit is " + MOST);
      }
    }
    said.bytes(message);
    said.end();
    message.release();
    if (reader.isBetweenMessages() && reader.isPartDue()) {
      throw new AssertionError("between messages and within one");
    }
  }

  private ByteBuf unpacked(ByteBuf message) {
    Gunzip gunzip = new Gunzip(allocator, message, MOST);
    try {
      while (!gunzip.unpack(PIECE)) {}
    } catch (WireException e) {
      gunzip.release();
      throw e;
    }
    return gunzip.take();
  }

  @Override
  public int held() {
    return gathered == null ? 0 : gathered.capacity();
  }

  @Override
  public void release() {
    reader.release();
    if (gathered != null) {
      gathered.release();
      gathered = null;
    }
  }
}
