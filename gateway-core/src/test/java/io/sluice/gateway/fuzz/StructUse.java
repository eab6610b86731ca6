package io.sluice.gateway.fuzz;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.sluice.gateway.wire.WireException;
import io.sluice.gateway.wire.thrift.StructSkipper;
import java.util.UUID;
import org.apache.thrift.TConfiguration;
import org.apache.thrift.TException;
import org.apache.thrift.protocol.TBinaryProtocol;
import org.apache.thrift.protocol.TProtocolException;
import org.apache.thrift.protocol.TProtocolUtil;
import org.apache.thrift.protocol.TType;
import org.apache.thrift.transport.TMemoryInputTransport;
import org.apache.thrift.transport.TTransportException;

/** The skipper beside Apache Thrift's own, which recurses and has all bytes at once. */
final class StructUse {
  private static final int LIMIT = 1 << 20;
  private static final int NONE = -1;

  private StructUse() {}

  static void structs(byte[] input) {
    int all = length(input, input.length);
    if (all != length(input, 1)) {
      throw new AssertionError("another length byte by byte than " + all);
    }
    // Apache Thrift counts a number or text as one level more, so it stands on either side of us.
    int stricter = apacheLength(input, StructSkipper.MAX_DEPTH);
    if (stricter != NONE && stricter != all) {
      throw new AssertionError("a struct of " + stricter + " bytes, skipped as " + all);
    }
    if (all != NONE && apacheLength(input, StructSkipper.MAX_DEPTH + 1) != all) {
      throw new AssertionError("no struct of Apache Thrift's, but one of " + all + " bytes");
    }
  }

  /** Where the struct ends, if its bytes come so many at a time. */
  private static int length(byte[] input, int pieces) {
    StructSkipper skipper = new StructSkipper();
    skipper.begin(LIMIT);
    ByteBuf in = Unpooled.wrappedBuffer(input);
    in.writerIndex(0);
    try {
      while (in.writerIndex() < input.length) {
        in.writerIndex(Math.min(input.length, in.writerIndex() + pieces));
        if (skipper.skip(in, 0)) {
          return (int) skipper.length();
        }
      }
    } catch (WireException e) {
      Arrivals.isOneLine(e.getMessage());
    }
    return NONE;
  }

  private static int apacheLength(byte[] input, int depth) {
    try {
      TMemoryInputTransport in =
          new TMemoryInputTransport(new TConfiguration(LIMIT, LIMIT, depth), input);
      TProtocolUtil.skip(new Kitex(in), TType.STRUCT, depth);
      return in.getBufferPosition();
    } catch (TException e) {
      return NONE;
    }
  }

  /** Thrift as Kitex knows it: without UUIDs, and with any type for a container without values. */
  private static final class Kitex extends TBinaryProtocol {
    Kitex(TMemoryInputTransport in) {
      super(in);
    }

    @Override
    public UUID readUuid() throws TException {
      throw new TProtocolException(TProtocolException.INVALID_DATA, "a UUID");
    }

    @Override
    public int getMinSerializedSize(byte type) throws TTransportException {
      return 0;
    }
  }
}
