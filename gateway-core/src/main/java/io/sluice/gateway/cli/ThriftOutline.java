package io.sluice.gateway.cli;

import io.netty.buffer.ByteBuf;
import io.sluice.gateway.wire.WireException;

/**
 * Shows a Thrift binary struct field by field, as far as it can be told without an IDL.
 *
 * <pre>
 *   1: string "hello"
 *   2: list&lt;i32&gt; of 2
 *     1
 *     2
 *   3: struct
 *     1: bool true
 * </pre>
 */
final class ThriftOutline {
  private static final int MAX_DEPTH = 64;

  private static final String[] TYPES = {
    "stop", null, "bool", "byte", "double", null, "i16", null, "i32", null, "i64", "string",
    "struct", "map", "set", "list",
  };
  private static final int STOP = 0;
  private static final int STRING = 11;
  private static final int STRUCT = 12;
  private static final int MAP = 13;
  private static final int SET = 14;
  private static final int LIST = 15;

  private final ByteBuf in;
  private final Outline out;
  private int depth;

  private ThriftOutline(ByteBuf in, Outline out) {
    this.in = in;
    this.out = out;
  }

  /**
   * Shows one struct; where it is broken, as far as it goes, and then how.
   *
   * @param body neither read from nor released
   */
  static void print(ByteBuf body, Outline out) {
    ByteBuf in = body.duplicate();
    try {
      new ThriftOutline(in, out).struct();
      if (in.isReadable() && !out.isFull()) {
        out.line("! " + in.readableBytes() + " bytes follow the struct: " + Outline.hex(in));
      }
    } catch (WireException e) {
      int at = in.readerIndex() - body.readerIndex();
      out.line("! " + e.getMessage() + ", at byte " + at + " of " + body.readableBytes());
    }
  }

  private void struct() {
    boolean empty = true;
    while (!out.isFull()) {
      need(1, "a field");
      int type = in.getUnsignedByte(in.readerIndex());
      if (type == STOP) {
        in.skipBytes(1);
        if (empty) {
          out.line("(no field)");
        }
        return;
      }
      String name = name(type);
      need(3, "a field");
      in.skipBytes(1);
      value(in.readShort() + ": " + name, type);
      empty = false;
    }
  }

  /**
   * @param label what to say in front of the value
   */
  private void value(String label, int type) {
    switch (type) {
      case STRING -> {
        int length = size(4, "a text");
        need(length, "a text of " + length + " bytes");
        out.line(label + " " + Outline.show(in.readSlice(length)));
      }
      case STRUCT -> {
        out.line(label);
        down();
        struct();
        up();
      }
      case MAP -> map(label);
      case SET, LIST -> list(label);
      default -> out.line(label + " " + plain(type));
    }
  }

  private String plain(int type) {
    String name = name(type);
    need(
        switch (name) {
          case "bool", "byte" -> 1;
          case "i16" -> 2;
          case "i32" -> 4;
          default -> 8;
        },
        "a value of type " + name);
    return switch (name) {
      case "bool" -> in.readByte() == 0 ? "false" : "true";
      case "byte" -> Byte.toString(in.readByte());
      case "i16" -> Short.toString(in.readShort());
      case "i32" -> Integer.toString(in.readInt());
      case "i64" -> Long.toString(in.readLong());
      default -> Double.toString(in.readDouble());
    };
  }

  private void list(String label) {
    need(5, "a container");
    int type = in.readUnsignedByte();
    int count = size(4, "a container");
    out.line(label + (count == 0 ? "" : "<" + name(type) + ">") + " of " + count);
    down();
    for (int i = 0; i < count && !out.isFull(); i++) {
      value(name(type), type);
    }
    up();
  }

  private void map(String label) {
    need(6, "a map");
    int key = in.readUnsignedByte();
    int value = in.readUnsignedByte();
    int count = size(4, "a map");
    String types = count == 0 ? "" : "<" + name(key) + ", " + name(value) + ">";
    out.line(label + types + " of " + count);
    down();
    for (int i = 0; i < count && !out.isFull(); i++) {
      value("key " + name(key), key);
      value("value " + name(value), value);
    }
    up();
  }

  private void down() {
    if (++depth > MAX_DEPTH) {
      throw new WireException("nested deeper than " + MAX_DEPTH);
    }
    out.indent();
  }

  private void up() {
    depth--;
    out.outdent();
  }

  private int size(int bytes, String what) {
    need(bytes, what);
    int size = in.readInt();
    if (size < 0) {
      throw new WireException(what + " with the size " + size);
    }
    return size;
  }

  private void need(int bytes, String what) {
    if (in.readableBytes() < bytes) {
      throw new WireException(
          what + " is cut, " + (bytes - in.readableBytes()) + " bytes are missing");
    }
  }

  private static String name(int type) {
    String name = type < TYPES.length ? TYPES[type] : null;
    if (name == null || type == STOP) {
      throw new WireException("unknown type " + type);
    }
    return name;
  }
}
