package io.sluice.plugins.accesslog;

import io.sluice.api.Call;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;

/** Where a call comes from: one object for all calls of a connection. */
final class PeerField extends KnownFields<SocketAddress> {
  private static final byte[] PEER = JsonBytes.key("peer");

  PeerField() {
    super(512);
  }

  @Override
  int hash(Call call) {
    return System.identityHashCode(call.peer());
  }

  @Override
  boolean isOf(SocketAddress peer, Call call) {
    // The object, not what it says: to look at that is what is saved.
    return peer == call.peer();
  }

  @Override
  SocketAddress keyOf(Call call) {
    return call.peer();
  }

  @Override
  int letters(Call call) {
    return 0;
  }

  @Override
  void write(Call call, JsonBytes to) {
    to.field(PEER, text(call.peer()), MAX_NAME);
  }

  private static String text(SocketAddress peer) {
    if (!(peer instanceof InetSocketAddress inet)) {
      return peer.toString();
    }
    InetAddress ip = inet.getAddress();
    String host = ip == null ? inet.getHostString() : ip.getHostAddress();
    return (host.indexOf(':') < 0 ? host : '[' + host + ']') + ':' + inet.getPort();
  }
}
