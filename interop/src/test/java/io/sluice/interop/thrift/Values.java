package io.sluice.interop.thrift;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.thrift.TException;
import org.apache.thrift.protocol.TField;
import org.apache.thrift.protocol.TList;
import org.apache.thrift.protocol.TMap;
import org.apache.thrift.protocol.TProtocol;
import org.apache.thrift.protocol.TSet;
import org.apache.thrift.protocol.TStruct;
import org.apache.thrift.protocol.TType;

/** Thrift values of any kind, read and written without code generated from an IDL. */
final class Values {
  private Values() {}

  /**
   * A field of a struct.
   *
   * @param value as {@link #read} gives it
   */
  record Field(short id, byte type, Object value) {
    static Field text(int id, String value) {
      return bytes(id, value.getBytes(StandardCharsets.UTF_8));
    }

    static Field bytes(int id, byte[] value) {
      return new Field((short) id, TType.STRING, value);
    }

    static Field i64(int id, long value) {
      return new Field((short) id, TType.I64, value);
    }

    static Field i32(int id, int value) {
      return new Field((short) id, TType.I32, value);
    }

    static Field struct(int id, List<Field> value) {
      return new Field((short) id, TType.STRUCT, value);
    }

    /** The same value as another field. */
    Field as(int other) {
      return new Field((short) other, type, value);
    }

    String text() {
      return new String((byte[]) value, StandardCharsets.UTF_8);
    }
  }

  private record Container(byte keys, byte type, List<Object> items) {}

  static List<Field> readStruct(TProtocol in) throws TException {
    List<Field> fields = new ArrayList<>();
    in.readStructBegin();
    for (TField f = in.readFieldBegin(); f.type != TType.STOP; f = in.readFieldBegin()) {
      fields.add(new Field(f.id, f.type, read(in, f.type)));
      in.readFieldEnd();
    }
    in.readStructEnd();
    return fields;
  }

  static void writeStruct(TProtocol out, List<Field> fields) throws TException {
    out.writeStructBegin(new TStruct());
    for (Field field : fields) {
      out.writeFieldBegin(new TField("", field.type(), field.id()));
      write(out, field.type(), field.value());
      out.writeFieldEnd();
    }
    out.writeFieldStop();
    out.writeStructEnd();
  }

  private static Object read(TProtocol in, byte type) throws TException {
    return switch (type) {
      case TType.BOOL -> in.readBool();
      case TType.BYTE -> in.readByte();
      case TType.I16 -> in.readI16();
      case TType.I32 -> in.readI32();
      case TType.I64 -> in.readI64();
      case TType.DOUBLE -> in.readDouble();
      case TType.STRING -> bytes(in);
      case TType.STRUCT -> readStruct(in);
      case TType.LIST -> {
        TList list = in.readListBegin();
        yield items(in, TType.VOID, list.elemType, list.size);
      }
      case TType.SET -> {
        TSet set = in.readSetBegin();
        yield items(in, TType.VOID, set.elemType, set.size);
      }
      case TType.MAP -> {
        TMap map = in.readMapBegin();
        yield items(in, map.keyType, map.valueType, map.size);
      }
      default -> throw new TException("type " + type);
    };
  }

  private static byte[] bytes(TProtocol in) throws TException {
    ByteBuffer buffer = in.readBinary();
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }

  private static Container items(TProtocol in, byte keys, byte type, int size) throws TException {
    List<Object> items = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      if (keys != TType.VOID) {
        items.add(read(in, keys));
      }
      items.add(read(in, type));
    }
    return new Container(keys, type, items);
  }

  @SuppressWarnings("unchecked")
  private static void write(TProtocol out, byte type, Object value) throws TException {
    switch (type) {
      case TType.BOOL -> out.writeBool((boolean) value);
      case TType.BYTE -> out.writeByte((byte) value);
      case TType.I16 -> out.writeI16((short) value);
      case TType.I32 -> out.writeI32((int) value);
      case TType.I64 -> out.writeI64((long) value);
      case TType.DOUBLE -> out.writeDouble((double) value);
      case TType.STRING -> out.writeBinary(ByteBuffer.wrap((byte[]) value));
      case TType.STRUCT -> writeStruct(out, (List<Field>) value);
      case TType.LIST, TType.SET, TType.MAP -> writeItems(out, type, (Container) value);
      default -> throw new TException("type " + type);
    }
  }

  private static void writeItems(TProtocol out, byte type, Container items) throws TException {
    int size = items.items().size();
    if (type == TType.LIST) {
      out.writeListBegin(new TList(items.type(), size));
    } else if (type == TType.SET) {
      out.writeSetBegin(new TSet(items.type(), size));
    } else {
      out.writeMapBegin(new TMap(items.keys(), items.type(), size / 2));
    }
    for (int i = 0; i < size; i++) {
      boolean key = type == TType.MAP && i % 2 == 0;
      write(out, key ? items.keys() : items.type(), items.items().get(i));
    }
  }
}
