package io.sluice.gateway.cli;

import io.netty.buffer.ByteBuf;
import io.sluice.gateway.wire.WireException;

/**
 * Shows a Protobuf message field by field, as far as it can be told without an IDL: what has a
 * length is a text if it reads like one, else a message if it can be one, else bytes.
 */
final class ProtobufOutline {
  private static final int MAX_DEPTH = 64;
  private static final int VARINT = 0;
  private static final int FIXED64 = 1;
  private static final int LENGTH = 2;
  private static final int GROUP = 3;
  private static final int END_GROUP = 4;
  private static final int FIXED32 = 5;

  private final ByteBuf in;
  private final Outline out;
  private final int depth;

  private ProtobufOutline(ByteBuf in, Outline out, int depth) {
    this.in = in;
    this.out = out;
    this.depth = depth;
  }

  /**
   * Shows one message; where it is broken, as far as it goes, and then how.
   *
   * @param body neither read from nor released
   */
  static void print(ByteBuf body, Outline out) {
    if (!body.isReadable()) {
      out.line("(no field)");
    }
    ByteBuf in = body.duplicate();
    try {
      new ProtobufOutline(in, out, 0).fields(false, 0);
    } catch (WireException e) {
      int at = in.readerIndex() - body.readerIndex();
      out.line("! " + e.getMessage() + ", at byte " + at + " of " + body.readableBytes());
    }
  }

  /**
   * @param inGroup whether an end mark ends them, rather than the bytes
   */
  private void fields(boolean inGroup, long group) {
    while (!out.isFull() && (inGroup || in.isReadable())) {
      long tag = varint();
      long number = tag >>> 3;
      checkNumber(number);
      if ((tag & 7) == END_GROUP) {
        if (inGroup && number == group) {
          return;
        }
        throw new WireException("the end of a group that never began");
      }
      field(number, (int) tag & 7);
    }
  }

  private void field(long number, int type) {
    switch (type) {
      case VARINT -> out.line(number + ": varint " + Long.toUnsignedString(varint()));
      case FIXED64 -> {
        need(8);
        long bits = in.readLongLE();
        out.line(number + ": fixed64 " + bits + " or double " + Double.longBitsToDouble(bits));
      }
      case FIXED32 -> {
        need(4);
        int bits = in.readIntLE();
        out.line(number + ": fixed32 " + bits + " or float " + Float.intBitsToFloat(bits));
      }
      case LENGTH -> {
        long length = varint();
        need(length);
        delimited(number, in.readSlice((int) length));
      }
      case GROUP -> {
        out.line(number + ": group");
        out.indent();
        deeper(in).fields(true, number);
        out.outdent();
      }
      default -> throw new WireException("wire type " + type);
    }
  }

  private void delimited(long number, ByteBuf value) {
    if (Outline.text(value) == null && isMessage(value)) {
      out.line(number + ": message");
      out.indent();
      deeper(value).fields(false, 0);
      out.outdent();
    } else {
      out.line(number + ": " + (Outline.text(value) == null ? "" : "text ") + Outline.show(value));
    }
  }

  /** Whether these can be fields; looks into none of them, so that nesting costs nothing. */
  private static boolean isMessage(ByteBuf value) {
    ProtobufOutline look = new ProtobufOutline(value.duplicate(), new Outline(), 0);
    try {
      for (int open = 0; open > 0 || look.in.isReadable(); ) {
        long tag = look.varint();
        open += look.skip(tag >>> 3, (int) tag & 7);
        if (open < 0) {
          return false;
        }
      }
      return true;
    } catch (WireException e) {
      return false;
    }
  }

  /** Passes over a field; 1 if it opens a group, -1 if it ends one. */
  private int skip(long number, int type) {
    checkNumber(number);
    switch (type) {
      case VARINT -> varint();
      case FIXED64 -> skip(8);
      case FIXED32 -> skip(4);
      case LENGTH -> skip(varint());
      case GROUP -> {
        return 1;
      }
      case END_GROUP -> {
        return -1;
      }
      default -> throw new WireException("wire type " + type);
    }
    return 0;
  }

  private void skip(long bytes) {
    need(bytes);
    in.skipBytes((int) bytes);
  }

  private static void checkNumber(long number) {
    if (number == 0 || number > 0x1FFF_FFFF) {
      throw new WireException("field number " + number);
    }
  }

  private ProtobufOutline deeper(ByteBuf bytes) {
    if (depth == MAX_DEPTH) {
      throw new WireException("nested deeper than " + MAX_DEPTH);
    }
    return new ProtobufOutline(bytes, out, depth + 1);
  }

  private long varint() {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      need(1);
      byte b = in.readByte();
      value |= (long) (b & 0x7F) << shift;
      if (b >= 0) {
        return value;
      }
    }
    throw new WireException("a number of more than ten bytes");
  }

  private void need(long bytes) {
    if (bytes < 0 || in.readableBytes() < bytes) {
      throw new WireException("a field is cut");
    }
  }
}
