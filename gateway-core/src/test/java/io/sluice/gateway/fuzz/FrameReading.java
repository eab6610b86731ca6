package io.sluice.gateway.fuzz;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.sluice.gateway.wire.WireLimits;
import io.sluice.gateway.wire.ttheader.ReplyKeys;
import io.sluice.gateway.wire.ttheader.RequestKeys;
import io.sluice.gateway.wire.ttstream.Frame;
import io.sluice.gateway.wire.ttstream.FrameReader;
import io.sluice.gateway.wire.ttstream.FrameType;
import io.sluice.gateway.wire.ttstream.StreamCodes;

/** Reads the frames of a ttstream connection, whichever side they come from. */
final class FrameReading implements Arrivals.Reading {
  private static final WireLimits LIMITS = new WireLimits(64 << 20, 256 << 10, 1024);

  private final FrameReader reader;

  private FrameReading(ByteBufAllocator allocator) {
    reader = new FrameReader(allocator, LIMITS);
  }

  static void frames(byte[] input) {
    Arrivals.check(input, FrameReading::new);
  }

  @Override
  public void take(ByteBuf more, Transcript said) {
    reader.append(more);
    for (Frame frame = reader.read(); frame != null; frame = reader.read()) {
      try {
        use(frame, said);
      } finally {
        frame.payload().release();
      }
    }
  }

  private static void use(Frame frame, Transcript said) {
    said.say(frame.type()).say(frame.streamId());
    said.bytes(frame.payload());
    if (frame.type() == FrameType.TRAILER || frame.type() == FrameType.RST) {
      ReplyKeys keys = ReplyKeys.take(frame.headers());
      said.say(keys.bizStatus()).say(StreamCodes.read(frame.payload()));
    } else {
      RequestKeys keys = RequestKeys.take(frame.headers());
      said.say(keys.service()).say(keys.method()).say(keys.timeoutMillis());
    }
    said.headers(frame.headers());
    said.end();
  }

  @Override
  public int held() {
    return reader.held();
  }

  @Override
  public void release() {
    reader.release();
  }
}
