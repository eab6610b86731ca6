package io.sluice.demo;

import java.util.Arrays;
import org.apache.thrift.TException;
import org.apache.thrift.protocol.TBinaryProtocol;
import org.apache.thrift.protocol.TField;
import org.apache.thrift.protocol.TProtocol;
import org.apache.thrift.protocol.TProtocolUtil;
import org.apache.thrift.protocol.TStruct;
import org.apache.thrift.protocol.TType;
import org.apache.thrift.transport.TMemoryBuffer;
import org.apache.thrift.transport.TMemoryInputTransport;

/**
 * A Thrift struct with one text, in place of the code that Thrift would make of
 *
 * <pre>
 *   string get(1: string message)
 * </pre>
 */
final class TextStruct {
  /** Id of the first parameter in the struct of the arguments. */
  static final short ARGUMENT = 1;

  /** Id of what is returned in the struct of the result. */
  static final short RESULT = 0;

  private TextStruct() {}

  static void write(TProtocol out, short id, String text) throws TException {
    out.writeStructBegin(new TStruct());
    out.writeFieldBegin(new TField("", TType.STRING, id));
    out.writeString(text);
    out.writeFieldEnd();
    out.writeFieldStop();
    out.writeStructEnd();
  }

  /** Reads the text; empty if the struct has none. */
  static String read(TProtocol in, short id) throws TException {
    String text = "";
    in.readStructBegin();
    for (TField f = in.readFieldBegin(); f.type != TType.STOP; f = in.readFieldBegin()) {
      if (f.id == id && f.type == TType.STRING) {
        text = in.readString();
      } else {
        TProtocolUtil.skip(in, f.type);
      }
      in.readFieldEnd();
    }
    in.readStructEnd();
    return text;
  }

  static byte[] bytes(short id, String text) throws TException {
    TMemoryBuffer memory = new TMemoryBuffer(64);
    write(new TBinaryProtocol(memory), id, text);
    return Arrays.copyOf(memory.getArray(), memory.length());
  }

  static String read(byte[] bytes, short id) throws TException {
    return read(new TBinaryProtocol(new TMemoryInputTransport(bytes)), id);
  }
}
