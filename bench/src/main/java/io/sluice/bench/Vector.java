package io.sluice.bench;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.HexFormat;

/** Bytes recorded from Kitex. */
final class Vector {
  /** Vector {@code ttheader_kitex_client_call}: nine keys and a framed call. */
  static final String TTHEADER_CALL =
      "000000a81000000000000001001f0000010003000e5250435f504552534953545f706b000270760003"
          + "69736e000b4563686f53657276696365000e5250435f5452414e5349545f746b0002747610000600"
          + "0100066672616d65640003000975702e63616c6c65720014000355704d00060008646573742e7376"
          + "63000900044563686f00160001310000000000001e80010001000000044563686f000000010c0001"
          + "0b00010000000268690000";

  /** Vector {@code thrift_framed_call}. */
  static final String FRAMED_CALL =
      "0000001e80010001000000044563686f000000070c00010b00010000000268690000";

  private Vector() {}

  /** The bytes in a buffer as those of a connection are. */
  static ByteBuf buffer(String hex) {
    byte[] bytes = HexFormat.of().parseHex(hex);
    return ByteBufAllocator.DEFAULT.directBuffer(bytes.length).writeBytes(bytes);
  }
}
