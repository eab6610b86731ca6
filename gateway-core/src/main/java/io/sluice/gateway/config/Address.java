package io.sluice.gateway.config;

import io.netty.util.NetUtil;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A host and a port, written {@code host:port}; an IPv6 address stands in brackets.
 *
 * @param host a name in lower case, or an IP address without brackets; never empty
 * @param port 0 to 65535; 0 lets the system choose one to listen on
 */
public record Address(String host, int port) {
  private static final Pattern FORM =
      Pattern.compile("(?:\\[([^\\[\\]]+)]|([^:\\[\\]]+)):(\\d{1,9})");
  private static final Pattern NAME =
      Pattern.compile("(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*)(\\.[a-z0-9_-]+)*\\.?");
  private static final Pattern DIGITS = Pattern.compile("[0-9.]+");

  public Address {
    host = host.toLowerCase(Locale.ROOT);
    if (!isHost(host)) {
      throw new IllegalArgumentException("not a host name or IP address: " + Faults.quote(host));
    }
    if (port < 0 || port > 65535) {
      throw new IllegalArgumentException("not a port: " + port);
    }
  }

  /**
   * Reads the written form.
   *
   * @throws IllegalArgumentException if it is none, saying what would be
   */
  public static Address parse(String text) {
    Matcher m = FORM.matcher(text);
    if (!m.matches()) {
      throw new IllegalArgumentException(
          "not an address: write host:port, such as 127.0.0.1:8888 or [::1]:8888");
    }
    boolean bracketed = m.group(1) != null;
    String host = bracketed ? m.group(1) : m.group(2);
    if (bracketed ? !NetUtil.isValidIpV6Address(host) : !isHost(host.toLowerCase(Locale.ROOT))) {
      throw new IllegalArgumentException(
          "not an address: before the port goes a host name, an IPv4 address or an IPv6 address"
              + " in brackets");
    }
    int port = Integer.parseInt(m.group(3));
    if (port > 65535) {
      throw new IllegalArgumentException("not an address: a port is at most 65535");
    }
    return new Address(host, port);
  }

  private static boolean isHost(String host) {
    if (DIGITS.matcher(host).matches()) {
      return NetUtil.isValidIpV4Address(host);
    }
    return NAME.matcher(host).matches() || NetUtil.isValidIpV6Address(host);
  }

  /** Whether only this machine can reach it; known without asking a name server. */
  public boolean isLoopback() {
    InetAddress ip = ip();
    return ip == null ? host.equals("localhost") : ip.isLoopbackAddress();
  }

  /**
   * Where this machine itself reaches what listens here.
   *
   * @param port the one that is listened on
   */
  public Address fromHere(int port) {
    InetAddress ip = ip();
    if (ip == null || !ip.isAnyLocalAddress()) {
      return new Address(host, port);
    }
    return new Address(ip instanceof Inet4Address ? "127.0.0.1" : "::1", port);
  }

  /** Null if the host is a name. */
  private @Nullable InetAddress ip() {
    byte[] ip = NetUtil.createByteArrayFromIpAddressString(host);
    try {
      return ip == null ? null : InetAddress.getByAddress(ip);
    } catch (UnknownHostException e) {
      throw new IllegalStateException(e); // the array has 4 or 16 bytes
    }
  }

  /** The written form. */
  @Override
  public String toString() {
    return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port;
  }
}
