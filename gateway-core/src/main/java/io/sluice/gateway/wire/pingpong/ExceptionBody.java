package io.sluice.gateway.wire.pingpong;

import io.netty.buffer.ByteBuf;
import io.sluice.api.Codec;
import io.sluice.api.Status;
import io.sluice.gateway.wire.WireException;
import io.sluice.gateway.wire.protobuf.ErrorProto;
import io.sluice.gateway.wire.thrift.ThriftException;

/** The body of an EXCEPTION message, in whichever codec the call has. */
public final class ExceptionBody {
  /** An exception is text; what is longer is none. */
  public static final int MAX_BYTES = ThriftException.MAX_BYTES;

  private ExceptionBody() {}

  /**
   * Reads a body.
   *
   * @param body not released
   * @throws WireException if it is no exception, or longer than {@link #MAX_BYTES}
   */
  public static Status read(Codec codec, ByteBuf body) {
    if (body.readableBytes() > MAX_BYTES) {
      throw new WireException("an exception of more than " + MAX_BYTES + " bytes");
    }
    return codec == Codec.PROTOBUF ? ErrorProto.read(body) : ThriftException.read(body);
  }

  /** Writes the body that tells this end. */
  public static void write(Codec codec, ByteBuf out, Status status) {
    if (codec == Codec.PROTOBUF) {
      ErrorProto.write(out, status);
    } else {
      ThriftException.write(out, status);
    }
  }
}
