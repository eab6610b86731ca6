package io.sluice.gateway.wire.thrift;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.sluice.api.Status;
import io.sluice.gateway.wire.WireException;
import org.apache.thrift.TApplicationException;
import org.apache.thrift.TConfiguration;
import org.apache.thrift.TException;
import org.apache.thrift.protocol.TBinaryProtocol;
import org.apache.thrift.transport.TMemoryBuffer;
import org.apache.thrift.transport.TMemoryInputTransport;

/**
 * The body of an EXCEPTION message, and which of its types stands for which end of a call ({@code
 * pkg/remote/trans_errors.go}).
 */
public final class ThriftException {
  /** An exception is text; what is longer is none. */
  public static final int MAX_BYTES = 1 << 20;

  /** Kitex's addition to Thrift's types. */
  public static final int UNKNOWN_SERVICE = 20;

  private ThriftException() {}

  /**
   * Reads a body.
   *
   * @param body not released
   * @throws WireException if it is no exception
   */
  public static Status read(ByteBuf body) {
    byte[] bytes = ByteBufUtil.getBytes(body);
    try {
      TMemoryInputTransport in =
          new TMemoryInputTransport(new TConfiguration(MAX_BYTES, MAX_BYTES, 16), bytes);
      TApplicationException e = TApplicationException.readFrom(new TBinaryProtocol(in));
      return Status.exception(e.getType(), e.getMessage() == null ? "" : e.getMessage());
    } catch (TException | RuntimeException e) {
      throw new WireException("an EXCEPTION whose body is none: " + e.getMessage());
    }
  }

  /** Writes the body that tells this end. */
  public static void write(ByteBuf out, Status status) {
    TMemoryBuffer memory = memory(status.text().length() + 32);
    try {
      new TApplicationException(type(status), status.text()).write(new TBinaryProtocol(memory));
    } catch (TException e) {
      throw new IllegalStateException("memory cannot fail", e);
    }
    out.writeBytes(memory.getArray(), 0, memory.length());
  }

  private static TMemoryBuffer memory(int size) {
    try {
      return new TMemoryBuffer(size);
    } catch (TException e) {
      throw new IllegalStateException("memory cannot fail", e);
    }
  }

  /** The exception type that tells this end to a Thrift caller. */
  public static int type(Status status) {
    return switch (status.code()) {
      case EXCEPTION -> status.number();
      case UNKNOWN_SERVICE -> UNKNOWN_SERVICE;
      case UNTRANSLATABLE -> TApplicationException.INVALID_PROTOCOL;
      // gRPC's UNIMPLEMENTED is Thrift's unknown method.
      case GRPC ->
          status.number() == 12
              ? TApplicationException.UNKNOWN_METHOD
              : status.number() > 16 ? status.number() : TApplicationException.INTERNAL_ERROR;
      default -> TApplicationException.INTERNAL_ERROR;
    };
  }
}
