package io.sluice.gateway.wire.ttheader;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.wire.WireException;
import java.nio.charset.StandardCharsets;

/**
 * Writes one TTHeader after another ({@code gopkg:protocol/ttheader/encode.go}): {@link #begin},
 * the keys in any order, {@link #end}. Keys of one kind in a row share a section. Reused, one a
 * connection.
 */
public final class TTHeaderWriter {
  /**
   * What the number of words can say. Peers with a gopkg up to v0.1.4 read a quarter of that: they
   * multiply it in 16 bits.
   */
  private static final int MAX_HEADER = 65_535 * 4;

  private static final int MAX_TEXT = 65_535;
  private static final int NO_SECTION = -1;

  private ByteBuf out;
  private int start;
  private int section;
  private int countAt;
  private int count;

  /** Begins a header at the writer index. */
  public void begin(ByteBuf out, int flags, int seqId, int protocolId) {
    this.out = out;
    start = out.writerIndex();
    section = NO_SECTION;
    out.writeInt(0);
    out.writeShort(TTHeader.MAGIC);
    out.writeShort(flags);
    out.writeInt(seqId);
    out.writeShort(0);
    out.writeByte(protocolId);
    out.writeByte(0);
  }

  /** Where in the buffer the next byte goes. */
  public int at() {
    return out.writerIndex();
  }

  /** Adds a key and its value, the latter as UTF-8. */
  public void string(String key, String value) {
    open(TTHeader.INFO_STRINGS);
    text(key);
    text(value);
  }

  /** Adds a key that is a number. */
  public void integer(int key, String value) {
    open(TTHeader.INFO_INTS);
    out.writeShort(key);
    text(value);
  }

  /** Adds an entry as it came; the ACL token goes into the section of its own. */
  public void entry(Headers headers, int entry) {
    byte[] bytes = headers.array();
    int valueLength = headers.valueLength(entry);
    if (headers.isIntKey(entry)) {
      open(TTHeader.INFO_INTS);
      out.writeShort(headers.intKey(entry));
    } else if (headers.keyLength(entry) == TTHeaderKeys.ACL_TOKEN.length()
        && headers.keyStartsWith(entry, TTHeaderKeys.ACL_TOKEN)) {
      close();
      out.writeByte(TTHeader.INFO_ACL_TOKEN);
    } else {
      open(TTHeader.INFO_STRINGS);
      range(bytes, headers.keyOffset(entry), headers.keyLength(entry));
    }
    range(bytes, headers.valueOffset(entry), valueLength);
  }

  /**
   * Pads the header and fills in the lengths.
   *
   * @param payloadLength bytes that the caller writes behind it
   * @throws WireException if the header is longer than one can be
   */
  public void end(long payloadLength) {
    close();
    int infoBytes = out.writerIndex() - start - TTHeader.FIXED;
    out.writeZero(-infoBytes & 3);
    int headerBytes = out.writerIndex() - start - TTHeader.FIXED;
    if (headerBytes > MAX_HEADER) {
      throw new WireException("metadata of " + headerBytes + " bytes does not fit a TTHeader");
    }
    out.setInt(start, (int) (TTHeader.FIXED - 4 + headerBytes + payloadLength));
    out.setShort(start + 12, headerBytes / 4);
  }

  private void open(int wanted) {
    if (section != wanted) {
      close();
      section = wanted;
      out.writeByte(wanted);
      countAt = out.writerIndex();
      count = 0;
      out.writeShort(0);
    }
    count++;
  }

  private void close() {
    if (section != NO_SECTION) {
      out.setShort(countAt, count);
      section = NO_SECTION;
    }
  }

  private void range(byte[] bytes, int offset, int length) {
    out.writeShort(length);
    out.writeBytes(bytes, offset, length);
  }

  private void text(String text) {
    int length = ByteBufUtil.utf8Bytes(text);
    if (length > MAX_TEXT) {
      throw new WireException("a text of " + length + " bytes does not fit a TTHeader");
    }
    out.writeShort(length);
    out.writeCharSequence(text, StandardCharsets.UTF_8);
  }
}
