package io.sluice.gateway.testkit;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Ways in which the same bytes may arrive. */
public final class Splits {
  private Splits() {}

  public static byte[] glued(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }

  public static List<byte[]> byteByByte(byte[] bytes) {
    return pieces(bytes, 1);
  }

  /** Pieces of this length; the last may be shorter. */
  public static List<byte[]> pieces(byte[] bytes, int length) {
    List<byte[]> pieces = new ArrayList<>();
    for (int at = 0; at < bytes.length; at += length) {
      pieces.add(Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + length)));
    }
    return pieces;
  }

  public static List<byte[]> random(byte[] bytes, Random random) {
    List<byte[]> pieces = new ArrayList<>();
    for (int at = 0; at < bytes.length; ) {
      int end = Math.min(bytes.length, at + 1 + random.nextInt(1 + random.nextInt(64)));
      pieces.add(Arrays.copyOfRange(bytes, at, end));
      at = end;
    }
    return pieces;
  }
}
