package io.sluice.demo;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Arrays;

/** A blocking connection to the gateway, for the callers that use our own codecs. */
final class WireSocket implements AutoCloseable {
  private final Socket socket = new Socket();
  private final byte[] buffer = new byte[8192];

  WireSocket(int port) throws IOException {
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(Caller.TIMEOUT_MILLIS);
    socket.connect(
        new InetSocketAddress(InetAddress.getLoopbackAddress(), port), Caller.TIMEOUT_MILLIS);
  }

  void write(byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
  }

  /** Bytes as they come, at least one. */
  byte[] read() throws IOException {
    int n = socket.getInputStream().read(buffer);
    if (n < 0) {
      throw new EOFException("the gateway closed the connection");
    }
    return Arrays.copyOf(buffer, n);
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
