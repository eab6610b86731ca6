package io.sluice.gateway.testkit;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * One end of an HTTP/2 connection that sends what frames it is told, good or bad, and keeps no
 * rules. Header lists go without the dynamic table, so each can be sent again and again.
 */
public final class Http2Peer implements AutoCloseable {
  public static final int DATA = 0;
  public static final int HEADERS = 1;
  public static final int PRIORITY = 2;
  public static final int RST_STREAM = 3;
  public static final int SETTINGS = 4;
  public static final int PUSH_PROMISE = 5;
  public static final int PING = 6;
  public static final int GOAWAY = 7;
  public static final int WINDOW_UPDATE = 8;
  public static final int CONTINUATION = 9;

  public static final int END_STREAM = 1;
  public static final int ACK = 1;
  public static final int END_HEADERS = 4;
  public static final int PADDED = 8;

  /** Numbers of settings. */
  public static final int MAX_CONCURRENT_STREAMS = 3;

  public static final int INITIAL_WINDOW = 4;

  private static final String PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  private static final int HEAD = 9;

  /** A frame that has come. */
  public record Frame(int type, int flags, int stream, byte[] payload) {

    public boolean has(int flag) {
      return (flags & flag) != 0;
    }

    /** The number in it, from an offset: an error code, an increment, a last stream. */
    public long number(int offset) {
      return Integer.toUnsignedLong(ByteBuffer.wrap(payload).getInt(offset));
    }
  }

  private final Peer peer;
  private final ByteBuf in = Unpooled.buffer();
  private final DefaultHttp2HeadersDecoder decoder = new DefaultHttp2HeadersDecoder(false, 1 << 20);

  private Http2Peer(Peer peer) {
    this.peer = peer;
  }

  /** A caller of a gateway that has said the preface, with these settings as id and value. */
  public static Http2Peer connect(int port, int... settings) {
    return new Http2Peer(Peer.connect(port)).preface(settings);
  }

  /** Says the preface of a caller, with these settings as id and value. */
  public Http2Peer preface(int... settings) {
    peer.send(PREFACE.getBytes(StandardCharsets.US_ASCII));
    return send(settings(settings));
  }

  /** One end of a connection on which nothing has been said by HTTP/2. */
  public static Http2Peer of(Peer peer) {
    return new Http2Peer(peer);
  }

  /** A downstream to which the gateway has connected, and may send as much as it likes. */
  public static Http2Peer accept(Peer peer, int... settings) {
    Http2Peer downstream = new Http2Peer(peer);
    downstream.fill(PREFACE.length());
    downstream.in.skipBytes(PREFACE.length());
    int[] all = Arrays.copyOf(settings, settings.length + 2);
    all[settings.length] = INITIAL_WINDOW;
    all[settings.length + 1] = 1 << 20;
    downstream.send(settings(all), windowUpdate(0, 1 << 30));
    return downstream;
  }

  public static byte[] settings(int... pairs) {
    ByteBuffer payload = ByteBuffer.allocate(pairs.length * 3);
    for (int i = 0; i < pairs.length; i += 2) {
      payload.putShort((short) pairs[i]).putInt(pairs[i + 1]);
    }
    return frame(SETTINGS, 0, 0, payload.array());
  }

  public static byte[] frame(int type, int flags, int stream, byte... payload) {
    return ByteBuffer.allocate(HEAD + payload.length)
        .put((byte) (payload.length >> 16))
        .putShort((short) payload.length)
        .put((byte) type)
        .put((byte) flags)
        .putInt(stream)
        .put(payload)
        .array();
  }

  public static byte[] number(int number) {
    return ByteBuffer.allocate(4).putInt(number).array();
  }

  /** The head of a gRPC request of {@code pkg.Svc/method}, with more headers. */
  public static byte[] request(int stream, String method, boolean last, String... more) {
    return frame(HEADERS, END_HEADERS | (last ? END_STREAM : 0), stream, requestList(method, more));
  }

  public static byte[] requestList(String method, String... more) {
    Http2Headers headers = new DefaultHttp2Headers(false);
    headers.method("POST").scheme("http").path("/pkg.Svc/" + method).authority("svc");
    headers.add("content-type", "application/grpc").add("te", "trailers");
    return list(headers, more);
  }

  /** A header list, as it is packed. */
  public static byte[] list(Http2Headers headers, String... more) {
    for (int i = 0; i < more.length; i += 2) {
      headers.add(more[i], more[i + 1]);
    }
    ByteBuf out = Unpooled.buffer();
    try {
      DefaultHttp2HeadersEncoder encoder =
          new DefaultHttp2HeadersEncoder((name, value) -> true, false);
      encoder.maxHeaderTableSize(0);
      encoder.encodeHeaders(1, headers, out);
    } catch (Http2Exception e) {
      throw new IllegalArgumentException(e);
    }
    return Thrifts.bytes(out);
  }

  /** The head of a gRPC response. */
  public static byte[] response(int stream) {
    return frame(
        HEADERS,
        END_HEADERS,
        stream,
        list(new DefaultHttp2Headers(false).status("200"), "content-type", "application/grpc"));
  }

  /** What ends a response that has begun. */
  public static byte[] trailers(int stream, int status) {
    return frame(
        HEADERS,
        END_HEADERS | END_STREAM,
        stream,
        list(new DefaultHttp2Headers(false), "grpc-status", Integer.toString(status)));
  }

  /** A message of gRPC in one DATA. */
  public static byte[] message(int stream, String text, boolean last) {
    byte[] payload = GrpcPeers.framed(text).getBytes();
    return frame(DATA, last ? END_STREAM : 0, stream, payload);
  }

  public static byte[] reset(int stream, int code) {
    return frame(RST_STREAM, 0, stream, number(code));
  }

  public static byte[] windowUpdate(int stream, int increment) {
    return frame(WINDOW_UPDATE, 0, stream, number(increment));
  }

  public static byte[] goAway(int lastStream, int code) {
    return frame(GOAWAY, 0, 0, ByteBuffer.allocate(8).putInt(lastStream).putInt(code).array());
  }

  public Http2Peer send(byte[]... frames) {
    peer.send(Splits.glued(frames));
    return this;
  }

  private boolean fill(int bytes) {
    while (in.readableBytes() < bytes) {
      byte[] more = peer.readSome(64 * 1024);
      if (more.length == 0) {
        return false;
      }
      in.discardReadBytes().writeBytes(more);
    }
    return true;
  }

  /** The next frame; null if the other side has closed. SETTINGS are acknowledged. */
  public @Nullable Frame read() {
    if (!fill(HEAD)) {
      return null;
    }
    int length = in.getUnsignedMedium(in.readerIndex());
    if (!fill(HEAD + length)) {
      return null;
    }
    in.skipBytes(3);
    int type = in.readUnsignedByte();
    int flags = in.readUnsignedByte();
    int stream = in.readInt();
    byte[] payload = new byte[length];
    in.readBytes(payload);
    Frame frame = new Frame(type, flags, stream, payload);
    if (type == SETTINGS && !frame.has(ACK)) {
      try {
        send(frame(SETTINGS, ACK, 0));
      } catch (UncheckedIOException e) {
        // It has closed, and what it said before is still to be read.
      }
    }
    return frame;
  }

  /** The next frame that is asked for, whatever comes before; null if the other side closes. */
  public @Nullable Frame readUntil(Predicate<Frame> wanted) {
    Frame frame = read();
    while (frame != null && !wanted.test(frame)) {
      frame = read();
    }
    return frame;
  }

  /** The next frame of this type, whatever comes before; null if the other side closes. */
  public @Nullable Frame readUntil(int type) {
    return readUntil(frame -> frame.type() == type);
  }

  /** Reads the list of a HEADERS frame. All of them have to be read in their order. */
  public Map<String, String> headers(Frame frame) {
    try {
      Map<String, String> headers = new TreeMap<>();
      decoder
          .decodeHeaders(frame.stream(), Unpooled.wrappedBuffer(frame.payload()))
          .forEach(entry -> headers.put(entry.getKey().toString(), entry.getValue().toString()));
      return headers;
    } catch (Http2Exception e) {
      throw new IllegalArgumentException(e);
    }
  }

  /** Reads on until the other side has closed; the GOAWAY that came before, or null. */
  public @Nullable Frame readToTheEnd() {
    Frame goAway = null;
    for (Frame frame = read(); frame != null; frame = read()) {
      goAway = frame.type() == GOAWAY ? frame : goAway;
    }
    return goAway;
  }

  public Peer peer() {
    return peer;
  }

  /** So many bytes of the same. */
  public static byte[] bytes(int length) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) 'x');
    return bytes;
  }

  @Override
  public void close() {
    peer.close();
  }
}
