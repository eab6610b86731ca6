package io.sluice.gateway.wire.grpc;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufInputStream;
import io.sluice.gateway.wire.WireException;
import java.io.IOException;
import java.util.zip.GZIPInputStream;

/** Unpacks messages whose {@code grpc-encoding} is gzip. */
public final class Gunzip {
  /** The encoding's name. */
  public static final String NAME = "gzip";

  private static final int CHUNK = 8 * 1024;

  private Gunzip() {}

  /**
   * Unpacks a message.
   *
   * @param packed handed over
   * @param most bytes that may come of it
   * @return handed over
   * @throws WireException if it is no gzip, or more would come of it
   */
  public static ByteBuf unpack(ByteBufAllocator allocator, ByteBuf packed, int most) {
    ByteBuf out = allocator.ioBuffer(Math.min(most, Math.max(256, 2 * packed.readableBytes())));
    boolean done = false;
    try (ByteBufInputStream source = new ByteBufInputStream(packed, true);
        GZIPInputStream in = new GZIPInputStream(source)) {
      byte[] chunk = new byte[Math.min(CHUNK, most + 1)];
      for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
        if (n > most - out.readableBytes()) {
          throw new WireException("a message that unpacks to more than " + most + " bytes");
        }
        out.writeBytes(chunk, 0, n);
      }
      done = true;
      return out;
    } catch (IOException e) {
      throw new WireException("a message that is no gzip: " + e.getMessage());
    } finally {
      if (!done) {
        out.release();
      }
    }
  }
}
