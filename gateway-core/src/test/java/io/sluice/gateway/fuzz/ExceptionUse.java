package io.sluice.gateway.fuzz;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.sluice.api.Codec;
import io.sluice.api.Status;
import io.sluice.gateway.wire.WireException;
import io.sluice.gateway.wire.pingpong.ExceptionBody;
import io.sluice.gateway.wire.ttstream.StreamCodes;

/** Bodies of exceptions. What was read and is written again reads the same. */
final class ExceptionUse {
  private ExceptionUse() {}

  static void thrift(byte[] input) {
    read(Codec.THRIFT, input);
    StreamCodes.read(Unpooled.wrappedBuffer(input));
  }

  static void protobuf(byte[] input) {
    read(Codec.PROTOBUF, input);
  }

  private static void read(Codec codec, byte[] input) {
    Status status;
    try {
      status = ExceptionBody.read(codec, Unpooled.wrappedBuffer(input));
    } catch (WireException e) {
      Arrivals.isOneLine(e.getMessage());
      return;
    }
    ByteBuf out = Unpooled.buffer();
    ExceptionBody.write(codec, out, status);
    Status again = ExceptionBody.read(codec, out);
    if (!again.equals(status)) {
      throw new AssertionError(status + ", written and read again " + again);
    }
  }
}
