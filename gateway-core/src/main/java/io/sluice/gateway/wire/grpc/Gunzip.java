package io.sluice.gateway.wire.grpc;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.sluice.gateway.wire.WireException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;

/**
 * Unpacks one message whose {@code grpc-encoding} is gzip (RFC 1952), in pieces, as a few bytes may
 * become a thousand times as many.
 *
 * <pre>
 *   ┌─────────────────────────────┬─────────┬─────────┬─────────┐
 *   │ 1f 8b 08 flags, 6 bytes     │ deflate │ CRC32,4 │ length,4│  and perhaps more of the same
 *   │ extra? name? comment? crc?  │    …    │    little endian  │
 *   └─────────────────────────────┴─────────┴───────────────────┘
 * </pre>
 */
public final class Gunzip {
  /** The encoding's name. */
  public static final String NAME = "gzip";

  private static final int MAGIC = 0x8b1f;
  private static final int DEFLATE = 8;
  private static final int HEADER_CRC = 2;
  private static final int EXTRA = 4;
  private static final int FILE_NAME = 8;
  private static final int COMMENT = 16;

  private static final int CHUNK = 16 * 1024;

  /** What a header costs, in bytes that could be unpacked instead. */
  private static final int HEADER_COST = 256;

  private final ByteBufAllocator allocator;
  private final ByteBuf packed;
  private final int most;
  private final Inflater inflater = new Inflater(true);
  private final CRC32 crc = new CRC32();
  private @Nullable ByteBuf out;

  /** The same bytes as the inflater reads them, from {@link #start} on. */
  private @Nullable ByteBuffer input;

  private int start;
  private boolean inflating;

  /**
   * @param packed handed over
   * @param most bytes that may come of it
   */
  public Gunzip(ByteBufAllocator allocator, ByteBuf packed, int most) {
    this.allocator = allocator;
    this.packed = packed;
    this.most = most;
  }

  /**
   * Goes on.
   *
   * @param bytes that are to come of it this time, about
   * @return whether all is there
   * @throws WireException if it is no gzip, or more would come of it than may
   */
  public boolean unpack(int bytes) {
    try {
      for (int left = bytes; left > 0; ) {
        if (!inflating) {
          if (out != null && !packed.isReadable()) {
            return true;
          }
          readHeader();
          left -= HEADER_COST;
        } else {
          left -= inflate();
        }
      }
      return !inflating && !packed.isReadable();
    } catch (IndexOutOfBoundsException e) {
      throw new WireException("a message that is no gzip: it ends too soon");
    } catch (DataFormatException e) {
      throw new WireException("a message that is no gzip: " + e.getMessage());
    }
  }

  private void readHeader() {
    if (packed.readUnsignedShortLE() != MAGIC || packed.readUnsignedByte() != DEFLATE) {
      throw new WireException("a message that is no gzip");
    }
    int flags = packed.readUnsignedByte();
    // Time, flags of the deflater and system.
    packed.skipBytes(6);
    if ((flags & EXTRA) != 0) {
      packed.skipBytes(packed.readUnsignedShortLE());
    }
    if ((flags & FILE_NAME) != 0) {
      skipText();
    }
    if ((flags & COMMENT) != 0) {
      skipText();
    }
    if ((flags & HEADER_CRC) != 0) {
      packed.skipBytes(2);
    }
    if (out == null) {
      out = allocator.ioBuffer((int) Math.min(most, Math.max(256, 2L * packed.readableBytes())));
    }
    if (input == null) {
      start = packed.readerIndex();
      input = packed.nioBuffer();
    }
    inflater.reset();
    crc.reset();
    inflater.setInput(input.position(packed.readerIndex() - start));
    inflating = true;
  }

  private void skipText() {
    int length = packed.bytesBefore((byte) 0);
    packed.skipBytes(length < 0 ? packed.readableBytes() + 1 : length + 1);
  }

  /** Unpacks some bytes; how many came of it. */
  private int inflate() throws DataFormatException {
    int at = out.writerIndex();
    int room = Math.min(CHUNK, most - out.readableBytes() + 1);
    out.ensureWritable(room);
    ByteBuffer into = out.nioBuffer(at, room);
    int bytes = inflater.inflate(into);
    if (bytes > most - out.readableBytes()) {
      throw new WireException("a message that unpacks to more than " + most + " bytes");
    }
    crc.update(into.flip());
    out.writerIndex(at + bytes);
    if (inflater.finished()) {
      packed.readerIndex(start + input.position());
      inflating = false;
      readTrailer();
    } else if (bytes == 0) {
      throw new WireException("a message that is no gzip: it ends too soon");
    }
    return bytes;
  }

  private void readTrailer() {
    long sum = packed.readUnsignedIntLE();
    long length = packed.readUnsignedIntLE();
    if (sum != crc.getValue() || length != (inflater.getBytesWritten() & 0xffffffffL)) {
      throw new WireException("a message that is no gzip: its checksum is another");
    }
  }

  /** Bytes of memory that it occupies. */
  public int held() {
    return packed.capacity() + (out == null ? 0 : out.capacity());
  }

  /** What came of it, handed over; to be called once, when all is there. */
  public ByteBuf take() {
    ByteBuf taken = out;
    out = null;
    release();
    return taken;
  }

  /** Lets go of all. */
  public void release() {
    inflater.end();
    packed.release();
    if (out != null) {
      out.release();
      out = null;
    }
  }
}
