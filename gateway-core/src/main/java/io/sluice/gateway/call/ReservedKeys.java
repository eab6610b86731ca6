package io.sluice.gateway.call;

import java.util.stream.Stream;

/**
 * Keys that a protocol uses for itself and that are not shown as metadata. The lists of all
 * protocols together, so that a filter meets the same rule on each.
 */
public final class ReservedKeys {
  private static final String[] WHOLE = {
    "isn",
    "rip",
    "crrst",
    "crc32c",
    "ttscp",
    "biz-status",
    "biz-message",
    "biz-extra",
    "te",
    "content-type",
    "connection",
    "transfer-encoding",
    "source-service",
    "source-method",
    "destination-service",
    "destination-method",
  };
  private static final String[] PREFIXES = {
    ":", "grpc-", "pv_", "rpc_persist_", "rpc_transit_", "rpc-persist-", "rpc-transit-",
  };

  /** The bits of the letters that they begin with, by the letter's last five. */
  private static final int FIRST_LETTERS =
      Stream.of(WHOLE, PREFIXES)
          .flatMap(Stream::of)
          .mapToInt(key -> 1 << key.charAt(0))
          .reduce(0, (a, b) -> a | b);

  private ReservedKeys() {}

  /** Whether this key, in any case, is one of them. */
  public static boolean contains(byte[] bytes, int offset, int length) {
    if (length == 0 || (FIRST_LETTERS & 1 << bytes[offset]) == 0) {
      return false; // as most, and at once
    }
    for (String key : WHOLE) {
      if (key.length() == length && startsWith(bytes, offset, key)) {
        return true;
      }
    }
    for (String prefix : PREFIXES) {
      if (prefix.length() <= length && startsWith(bytes, offset, prefix)) {
        return true;
      }
    }
    return false;
  }

  private static boolean startsWith(byte[] bytes, int offset, String lowerCase) {
    for (int i = 0; i < lowerCase.length(); i++) {
      int b = bytes[offset + i];
      if (b >= 'A' && b <= 'Z') {
        b += 'a' - 'A';
      }
      if (b != lowerCase.charAt(i)) {
        return false;
      }
    }
    return true;
  }
}
