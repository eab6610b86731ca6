package io.sluice.gateway.call;

import io.netty.buffer.ByteBuf;

/**
 * What stands before each message of gRPC. Legs of gRPC hand on parts with it, cut anywhere; those
 * of other protocols say themselves where a message ends.
 *
 * <pre>
 *   ┌──────┬──────────┬─────────
 *   │ flag │ length,4 │ message …
 *   └──────┴──────────┴─────────
 *   flag 1: packed as grpc-encoding says
 * </pre>
 */
public final class MessagePrefix {
  /** Its bytes. */
  public static final int SIZE = 5;

  private MessagePrefix() {}

  /** The flag of the prefix that begins there. */
  public static int flag(ByteBuf in, int at) {
    return in.getUnsignedByte(at);
  }

  /** Bytes of the message behind it, less than 4 GiB. */
  public static long length(ByteBuf in, int at) {
    return in.getUnsignedInt(at + 1);
  }

  /** Writes it there; the indexes stay. */
  public static void set(ByteBuf out, int at, int flag, long length) {
    out.setByte(at, flag).setInt(at + 1, (int) length);
  }
}
