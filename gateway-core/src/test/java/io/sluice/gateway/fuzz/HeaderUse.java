package io.sluice.gateway.fuzz;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.wire.WireException;
import io.sluice.gateway.wire.WireLimits;
import io.sluice.gateway.wire.ttheader.MeshHeader;
import io.sluice.gateway.wire.ttheader.TTHeader;
import io.sluice.gateway.wire.ttheader.TTHeaderWriter;

/** TTHeaders and mesh headers by themselves. What was read and is written again reads the same. */
final class HeaderUse {
  private static final WireLimits LIMITS = new WireLimits(64 << 20, 256 << 10, 1024);

  private HeaderUse() {}

  static void ttheader(byte[] input) {
    if (input.length < TTHeader.FIXED) {
      return;
    }
    ByteBuf in = Unpooled.wrappedBuffer(input.clone());
    in.setShort(4, TTHeader.MAGIC);
    try {
      int size = TTHeader.sizeAt(in, 0, LIMITS);
      if (size > input.length) {
        return;
      }
      TTHeader header = TTHeader.readAt(in, 0, LIMITS);
      if (header.size() != size || header.payloadLength() + size != in.getUnsignedInt(0) + 4) {
        throw new AssertionError("size " + size + ", payload " + header.payloadLength());
      }
      isWrittenAsItWasRead(header.headers());
    } catch (WireException e) {
      Arrivals.isOneLine(e.getMessage());
    }
  }

  static void meshHeader(byte[] input) {
    if (input.length < MeshHeader.FIXED) {
      return;
    }
    ByteBuf in = Unpooled.wrappedBuffer(input);
    try {
      if (MeshHeader.sizeAt(in, 0, LIMITS) <= input.length) {
        isWrittenAsItWasRead(MeshHeader.readAt(in, 0, LIMITS));
      }
    } catch (WireException e) {
      Arrivals.isOneLine(e.getMessage());
    }
  }

  private static void isWrittenAsItWasRead(Headers headers) {
    Transcript before = new Transcript();
    before.headers(headers);
    for (int i = 0; i < headers.count(); i++) {
      decimal(headers, i);
    }
    ByteBuf out = Unpooled.buffer();
    TTHeaderWriter writer = new TTHeaderWriter();
    writer.begin(out, 0, 1, TTHeader.PROTOCOL_THRIFT);
    for (int i = 0; i < headers.count(); i++) {
      writer.entry(headers, i);
    }
    writer.end(0);
    Transcript after = new Transcript();
    after.headers(TTHeader.readAt(out, 0, LIMITS).headers());
    if (!after.toString().equals(before.toString())) {
      throw new AssertionError("read:\n" + before + "\nwritten and read again:\n" + after);
    }
  }

  private static void decimal(Headers headers, int entry) {
    String text = headers.value(entry);
    Integer expected = null;
    if (text.matches("-?[0-9]{1,11}") && text.length() <= 11) {
      long value = Long.parseLong(text);
      expected = value == (int) value ? (int) value : null;
    }
    Integer read = TTHeader.decimal(headers, entry);
    if (read == null ? expected != null : !read.equals(expected)) {
      throw new AssertionError(text + " read as " + read);
    }
  }
}
