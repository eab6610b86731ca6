package io.sluice.plugins.acl;

import java.net.Inet4Address;
import java.net.InetAddress;

/**
 * An IP address as the two halves of one of IPv6; one of IPv4 is what IPv6 maps it to.
 *
 * <pre>
 * high: 00000000 00000000    low: 0000ffff 0a010203    10.1.2.3 and ::ffff:10.1.2.3
 * </pre>
 */
final class Address {
  private static final long MAPPED = 0xffffL << 32;

  private Address() {}

  static long high(InetAddress ip) {
    return ip instanceof Inet4Address ? 0 : number(ip.getAddress(), 0, 8);
  }

  static long low(InetAddress ip) {
    // Told apart, so that the compiler sees an array of four, which it can do without.
    return ip instanceof Inet4Address v4
        ? MAPPED | number(v4.getAddress(), 0, 4)
        : number(ip.getAddress(), 8, 16);
  }

  private static long number(byte[] bytes, int from, int to) {
    long number = 0;
    for (int i = from; i < to; i++) {
      number = number << 8 | bytes[i] & 0xff;
    }
    return number;
  }
}
