package io.sluice.plugins.acl;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A block of addresses, those of IPv4 as of IPv6.
 *
 * @param high the first half of its first address, as of {@link Address}
 * @param low the second half
 * @param bits how many bits all of its addresses have in common
 */
record Network(long high, long low, int bits) {
  private static final Pattern FORM = Pattern.compile("([0-9a-fA-F.:]+)(?:/(\\d{1,3}))?");
  private static final Pattern IPV4 = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}");
  private static final int IPV4_BITS = 32;
  private static final int IPV6_BITS = 128;

  /**
   * Reads the written form.
   *
   * @param text such as {@code 10.0.0.0/8}, {@code fd00::/8}, {@code 10.1.2.3}
   * @throws IllegalArgumentException if it is none, or has bits behind those that count
   */
  static Network parse(String text) {
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches()) {
      throw unfit(text);
    }
    String written = matcher.group(1);
    boolean v6 = written.contains(":");
    // Nothing else may come near a resolver of names.
    if (!v6 && !IPV4.matcher(written).matches()) {
      throw unfit(text);
    }
    int most = v6 ? IPV6_BITS : IPV4_BITS;
    int bits = matcher.group(2) == null ? most : Integer.parseInt(matcher.group(2));
    if (bits > most) {
      throw unfit(text);
    }
    InetAddress ip;
    try {
      ip = InetAddress.getByName(written);
    } catch (UnknownHostException e) {
      throw unfit(text);
    }
    if (!v6 && !(ip instanceof Inet4Address)) {
      throw unfit(text);
    }
    Network network = new Network(Address.high(ip), Address.low(ip), bits + IPV6_BITS - most);
    if (!network.isFirst()) {
      throw new IllegalArgumentException(
          "'" + text + "' has bits behind the first " + bits + ": write the block's first address");
    }
    return network;
  }

  private static IllegalArgumentException unfit(String text) {
    return new IllegalArgumentException(
        "'" + text + "' is no network: write 10.0.0.0/8, fd00::/8 or 10.1.2.3");
  }

  private long highMask() {
    return mask(Math.min(bits, Long.SIZE));
  }

  private long lowMask() {
    return mask(Math.max(bits - Long.SIZE, 0));
  }

  private static long mask(int bits) {
    return bits == 0 ? 0 : -1L << (Long.SIZE - bits);
  }

  private boolean isFirst() {
    return (high & ~highMask()) == 0 && (low & ~lowMask()) == 0;
  }

  /** Whether an address is in it. */
  boolean has(long high, long low) {
    return ((high ^ this.high) & highMask()) == 0 && ((low ^ this.low) & lowMask()) == 0;
  }
}
