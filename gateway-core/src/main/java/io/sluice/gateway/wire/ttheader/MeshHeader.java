package io.sluice.gateway.wire.ttheader;

import io.netty.buffer.ByteBuf;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.wire.WireException;
import io.sluice.gateway.wire.WireLimits;

/**
 * The header that old meshes put in front of a message, and that is read but never written ({@code
 * pkg/remote/codec/header_codec.go:meshHeader}).
 *
 * <pre>
 *   ┌──────┬──────┬───────┬──────────────────────────────────────┬─────────┐
 *   │ FFAF │ SIZE │ COUNT │ (length 2, key, length 2, value)*    │ message │
 *   └──────┴──────┴───────┴──────────────────────────────────────┴─────────┘
 *                  SIZE bytes
 * </pre>
 */
public final class MeshHeader {
  /** Bytes up to and with SIZE. */
  public static final int FIXED = 4;

  /** In the first two bytes. */
  public static final int MAGIC = 0xFFAF;

  private MeshHeader() {}

  /**
   * How many bytes from {@code at} on the header has.
   *
   * @param in has at least {@value #FIXED} bytes there, of which the first two are the magic
   * @throws WireException if it is too long
   */
  public static int sizeAt(ByteBuf in, int at, WireLimits limits) {
    int size = in.getUnsignedShort(at + 2);
    if (size > limits.maxHeader()) {
      throw new WireException(
          "mesh header of " + size + " bytes, the limit is " + limits.maxHeader());
    }
    return FIXED + size;
  }

  /**
   * Reads the header.
   *
   * @param in has at least as many bytes at {@code at} as {@link #sizeAt} says
   * @throws WireException if the header is none
   */
  public static Headers readAt(ByteBuf in, int at, WireLimits limits) {
    byte[] info = new byte[sizeAt(in, at, limits) - FIXED];
    in.getBytes(at + FIXED, info);
    Headers headers = new Headers(Headers.Dialect.TTHEADER, info);
    new InfoReader("mesh header", info, headers, limits.maxKeys()).strings();
    return headers;
  }
}
