package io.sluice.plugins.accesslog;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Arrays;

/**
 * The field that says where a call comes from: written once for a connection, all of whose calls
 * have the same object, and then copied. Used by one thread at a time.
 */
final class PeerField {
  private static final int SLOTS = 512; // a power of 2

  private final byte[] key;
  private final SocketAddress[] peers = new SocketAddress[SLOTS];
  private final byte[][] fields = new byte[SLOTS][];

  /**
   * @param key as it stands behind another field
   */
  PeerField(byte[] key) {
    this.key = key;
  }

  void write(SocketAddress peer, JsonBytes json) {
    // The object, not what it says: to look at that is what is saved.
    int slot = System.identityHashCode(peer) & SLOTS - 1;
    if (peers[slot] != peer) {
      peers[slot] = peer;
      fields[slot] = field(text(peer));
    }
    json.raw(fields[slot]);
  }

  private byte[] field(String peer) {
    JsonBytes json = new JsonBytes(key.length + peer.length() + 2);
    json.raw(key);
    json.string(peer);
    return Arrays.copyOf(json.array(), json.length());
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
