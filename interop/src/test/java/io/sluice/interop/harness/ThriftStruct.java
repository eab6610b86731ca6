package io.sluice.interop.harness;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;

/** Finds the end of a Thrift message that has no length. */
final class ThriftStruct {
  private static final int STOP = 0;
  private final DataInputStream in;
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final DataOutputStream out = new DataOutputStream(bytes);

  private ThriftStruct(DataInputStream in) {
    this.in = in;
  }

  /**
   * Reads the rest of a message.
   *
   * @param begin its first four bytes, which have been read already
   * @return all of the message
   */
  static byte[] readMessage(int begin, DataInputStream in) throws IOException {
    ThriftStruct reader = new ThriftStruct(in);
    reader.out.writeInt(begin);
    reader.text();
    reader.copy(4); // the sequence id
    reader.struct();
    return reader.bytes.toByteArray();
  }

  private int number() throws IOException {
    int value = in.readInt();
    out.writeInt(value);
    return value;
  }

  private int octet() throws IOException {
    int value = in.readUnsignedByte();
    out.writeByte(value);
    return value;
  }

  private void copy(int length) throws IOException {
    byte[] some = new byte[length];
    in.readFully(some);
    out.write(some);
  }

  private void text() throws IOException {
    copy(number());
  }

  private void struct() throws IOException {
    for (int type = octet(); type != STOP; type = octet()) {
      copy(2); // the field's id
      value(type);
    }
  }

  private void value(int type) throws IOException {
    switch (type) {
      case 2, 3 -> copy(1);
      case 6 -> copy(2);
      case 8 -> copy(4);
      case 4, 10 -> copy(8);
      case 11 -> text();
      case 12 -> struct();
      case 13 -> {
        int key = octet();
        int item = octet();
        for (int left = number(); left > 0; left--) {
          value(key);
          value(item);
        }
      }
      case 14, 15 -> {
        int item = octet();
        for (int left = number(); left > 0; left--) {
          value(item);
        }
      }
      default -> throw new IOException("type " + type);
    }
  }
}
