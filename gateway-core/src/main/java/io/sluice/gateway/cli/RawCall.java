package io.sluice.gateway.cli;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.sluice.api.BizStatus;
import io.sluice.api.Protocol;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.call.MessageHead;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.config.Address;
import io.sluice.gateway.wire.WireException;
import io.sluice.gateway.wire.WireLimits;
import io.sluice.gateway.wire.pingpong.MessageReader;
import io.sluice.gateway.wire.pingpong.MessageWriter;
import io.sluice.gateway.wire.pingpong.PingPongMessage;
import io.sluice.gateway.wire.thrift.ThriftHead;
import io.sluice.gateway.wire.ttheader.ReplyKeys;
import io.sluice.gateway.wire.ttheader.RequestKeys;
import io.sluice.gateway.wire.ttheader.TTHeaderKeys;
import io.sluice.gateway.wire.ttheader.TTHeaderWriter;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One call over a plain socket of its own, on the thread that makes it. */
final class RawCall implements AutoCloseable {
  private static final WireLimits LIMITS = new WireLimits(1 << 30, 65_535 * 4, 65_535);
  private static final int SEQ_ID = 1;

  private final Socket socket;
  private final Duration timeout;
  private final long startNanos;
  private final MessageReader reader = new MessageReader(UnpooledByteBufAllocator.DEFAULT, LIMITS);

  private RawCall(Socket socket, Duration timeout, long startNanos) {
    this.socket = socket;
    this.timeout = timeout;
    this.startNanos = startNanos;
  }

  /**
   * Connects.
   *
   * @param timeout for the whole call
   */
  static RawCall connect(Address to, Duration timeout) throws IOException {
    long startNanos = System.nanoTime();
    Socket socket = new Socket();
    try {
      socket.connect(new InetSocketAddress(to.host(), to.port()), (int) timeout.toMillis());
      socket.setTcpNoDelay(true);
      return new RawCall(socket, timeout, startNanos);
    } catch (IOException e) {
      socket.close();
      String why = e instanceof UnknownHostException ? "there is no such host" : e.getMessage();
      throw new IOException("cannot connect to " + to + ": " + why, e);
    }
  }

  /** Sends the request. */
  void send(RpcCall call, byte[] body) throws IOException {
    MessageHead head = call.request();
    head.replacedBy(body.length);
    MessageWriter writer = new MessageWriter(UnpooledByteBufAllocator.DEFAULT);
    ByteBuf out;
    try {
      out =
          writer.begin(
              call.protocol(),
              head,
              ThriftHead.CALL,
              call.method(),
              SEQ_ID,
              Unpooled.wrappedBuffer(body),
              this::keys,
              call);
    } catch (WireException e) {
      throw new IOException("the call cannot be written: " + e.getMessage(), e);
    }
    write(out);
    ByteBuf rest = writer.takeRest();
    if (rest != null) {
      write(rest);
    }
  }

  private void keys(TTHeaderWriter out, RpcCall call) {
    if (!call.service().isEmpty()) {
      out.string(TTHeaderKeys.SERVICE, call.service());
    }
    String destination = call.destination().isEmpty() ? call.service() : call.destination();
    if (!destination.isEmpty()) {
      out.integer(TTHeaderKeys.TO_SERVICE, destination);
    }
    RequestKeys.writeRest(out, call.headers(), true, -1);
    out.integer(TTHeaderKeys.FROM_SERVICE, call.caller());
    out.integer(TTHeaderKeys.TO_METHOD, call.method());
    out.integer(TTHeaderKeys.MESSAGE_TYPE, Integer.toString(ThriftHead.CALL));
    out.integer(
        TTHeaderKeys.TRANSPORT_TYPE, call.protocol() == Protocol.TTHEADER ? "unframed" : "framed");
    out.integer(TTHeaderKeys.RPC_TIMEOUT, Long.toString(timeout.toMillis()));
  }

  private void write(ByteBuf bytes) throws IOException {
    try {
      bytes.readBytes(socket.getOutputStream(), bytes.readableBytes());
    } finally {
      bytes.release();
    }
  }

  /**
   * Reads the reply and shows it.
   *
   * @return whether it is one, rather than an exception
   * @throws IOException saying why none came
   */
  boolean printReply(Outline out) throws IOException {
    try {
      PingPongMessage message = reader.readHead();
      while (message == null) {
        readMore();
        message = reader.readHead();
      }
      ByteBuf body = Unpooled.buffer();
      while (reader.isPartDue()) {
        ByteBuf part = reader.readPart();
        if (part == null) {
          readMore();
        } else {
          body.writeBytes(part);
          part.release();
        }
      }
      print(message, body, out);
      return message.type() == ThriftHead.REPLY;
    } catch (WireException e) {
      throw new IOException("no message came back: " + e.getMessage(), e);
    }
  }

  private void print(PingPongMessage message, ByteBuf body, Outline out) {
    long micros = TimeUnit.NANOSECONDS.toMicros(System.nanoTime() - startNanos);
    out.line(
        MessageOutline.head(message)
            + ", after %d.%03d ms".formatted(micros / 1000, micros % 1000));
    if (message.seqId() != SEQ_ID) {
      out.line("! its sequence id is not that of the call, " + SEQ_ID);
    }
    BizStatus status = null;
    Headers headers = message.headers();
    if (headers != null && headers.count() > 0) {
      out.line("header");
      out.indent();
      MessageOutline.headers(headers, out);
      out.outdent();
      status = ReplyKeys.take(headers).bizStatus();
    }
    print(status, out);
    out.line("body of " + body.readableBytes() + " bytes");
    out.indent();
    MessageOutline.body(message, body, out);
    out.outdent();
  }

  private static void print(@Nullable BizStatus status, Outline out) {
    if (status != null) {
      out.line(
          "business status "
              + status.code()
              + ": "
              + Outline.quote(status.message())
              + (status.extra() == null ? "" : ", " + status.extra()));
    }
  }

  private void readMore() throws IOException {
    long left = timeout.toMillis() - TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNanos);
    byte[] bytes = new byte[64 * 1024];
    int n;
    try {
      if (left <= 0) {
        throw new SocketTimeoutException();
      }
      socket.setSoTimeout((int) left);
      n = socket.getInputStream().read(bytes);
    } catch (SocketTimeoutException e) {
      throw new IOException("no reply within " + timeout.toMillis() + " ms", e);
    } catch (IOException e) {
      throw new IOException("the connection was lost: " + e.getMessage(), e);
    }
    if (n < 0) {
      throw new IOException(
          reader.buffered() == 0 && !reader.isPartDue()
              ? "the connection was closed without a reply"
              : "the connection was closed in the middle of the reply");
    }
    reader.append(Unpooled.wrappedBuffer(bytes, 0, n));
  }

  @Override
  public void close() throws IOException {
    reader.release();
    socket.close();
  }
}
