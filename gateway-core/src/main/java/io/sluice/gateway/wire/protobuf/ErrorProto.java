package io.sluice.gateway.wire.protobuf;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.WireFormat;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.sluice.api.Status;
import io.sluice.gateway.wire.WireException;
import io.sluice.gateway.wire.thrift.ThriftException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * The body of an EXCEPTION message of Kitex Protobuf, whose types are those of Thrift ({@code
 * pkg/remote/codec/protobuf/error.proto}):
 *
 * <pre>
 *   message ErrorProto { int32 TypeID = 1; string Message = 2; }
 * </pre>
 */
public final class ErrorProto {
  private static final int TYPE = 1;
  private static final int MESSAGE = 2;
  private static final int TYPE_TAG = TYPE << 3 | WireFormat.WIRETYPE_VARINT;
  private static final int MESSAGE_TAG = MESSAGE << 3 | WireFormat.WIRETYPE_LENGTH_DELIMITED;

  private ErrorProto() {}

  /**
   * Reads a body. Of a field that comes again the last counts; others are passed over.
   *
   * @param body not released
   * @throws WireException if it is no exception
   */
  public static Status read(ByteBuf body) {
    byte[] bytes = ByteBufUtil.getBytes(body);
    int type = 0;
    String message = "";
    try {
      CodedInputStream in = CodedInputStream.newInstance(bytes);
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        switch (tag) {
          case TYPE_TAG -> type = in.readInt32();
          case MESSAGE_TAG -> message = in.readString();
          default -> skip(in, tag);
        }
      }
    } catch (IOException e) {
      throw new WireException("an EXCEPTION whose body is none: " + e.getMessage());
    }
    return Status.exception(type, message);
  }

  private static void skip(CodedInputStream in, int tag) throws IOException {
    if (!in.skipField(tag)) {
      throw new WireException("an EXCEPTION whose body is none: a group that never began");
    }
  }

  /** Writes the body that tells this end. */
  public static void write(ByteBuf out, Status status) {
    int type = ThriftException.type(status);
    byte[] message = status.text().getBytes(StandardCharsets.UTF_8);
    byte[] bytes =
        new byte
            [(type == 0 ? 0 : CodedOutputStream.computeInt32Size(TYPE, type))
                + (message.length == 0
                    ? 0
                    : CodedOutputStream.computeByteArraySize(MESSAGE, message))];
    CodedOutputStream proto = CodedOutputStream.newInstance(bytes);
    try {
      if (type != 0) {
        proto.writeInt32(TYPE, type);
      }
      if (message.length > 0) {
        proto.writeByteArray(MESSAGE, message);
      }
    } catch (IOException e) {
      throw new IllegalStateException("memory cannot fail", e);
    }
    out.writeBytes(bytes);
  }
}
