package io.sluice.interop.harness;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.util.List;

/** One end of a connection, of which every byte is known. Nothing on it waits longer than 20 s. */
public final class RawConnection implements AutoCloseable {
  private static final int LIMIT_MILLIS = 20_000;
  private final Socket socket;
  private final DataInputStream in;

  /** The end of a connection that is there already. */
  public RawConnection(Socket socket) {
    try {
      socket.setTcpNoDelay(true);
      socket.setSoTimeout(LIMIT_MILLIS);
      this.socket = socket;
      this.in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static RawConnection to(InetSocketAddress address) {
    Socket socket = new Socket();
    try {
      socket.connect(address, LIMIT_MILLIS);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new RawConnection(socket);
  }

  /** The address of this end. */
  public int localPort() {
    return socket.getLocalPort();
  }

  /** Writes everything at once. */
  public void send(byte[] bytes) {
    try {
      socket.getOutputStream().write(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Writes all messages at once. */
  public void send(List<Message> messages) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    messages.forEach(message -> all.writeBytes(message.bytes()));
    send(all.toByteArray());
  }

  public Message read() {
    try {
      return Message.read(in);
    } catch (IOException e) {
      throw new UncheckedIOException("no whole message: " + e, e);
    }
  }

  /** Reads exactly so many bytes. */
  public byte[] readBytes(int count) {
    byte[] bytes = new byte[count];
    try {
      in.readFully(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException("not " + count + " bytes: " + e, e);
    }
    return bytes;
  }

  /** Sends a call and reads its reply. */
  public Message exchange(Message call) {
    send(call.bytes());
    return read();
  }

  /** Waits for the other end's close and returns all that came before it. */
  public byte[] readToEnd() {
    ByteArrayOutputStream read = new ByteArrayOutputStream();
    try {
      in.transferTo(read);
    } catch (SocketException e) {
      // Closed while bytes of ours were unread: a reset.
    } catch (IOException e) {
      throw new UncheckedIOException("the connection was not closed", e);
    }
    return read.toByteArray();
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
