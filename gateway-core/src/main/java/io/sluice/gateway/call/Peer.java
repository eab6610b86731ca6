package io.sluice.gateway.call;

import io.netty.util.NetUtil;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/** The other end of a connection; one object for all calls of the connection. */
public final class Peer {
  private final SocketAddress address;
  private @Nullable String text;

  public Peer(SocketAddress address) {
    this.address = address;
  }

  public SocketAddress address() {
    return address;
  }

  /** The address as {@code ip:port}. */
  @Override
  public String toString() {
    if (text == null) {
      text =
          address instanceof InetSocketAddress inet
              ? NetUtil.toSocketAddressString(inet)
              : address.toString();
    }
    return text;
  }
}
