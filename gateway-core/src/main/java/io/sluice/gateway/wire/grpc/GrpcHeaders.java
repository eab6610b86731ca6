package io.sluice.gateway.wire.grpc;

import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.ReadOnlyHttp2Headers;
import io.netty.util.AsciiString;
import io.sluice.api.BizStatus;
import io.sluice.api.Codec;
import io.sluice.api.Status;
import io.sluice.gateway.call.CallEnd;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.call.RpcCall;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Header lists of HTTP/2 to and from the neutral form, pseudo headers apart. */
public final class GrpcHeaders {
  public static final AsciiString CONTENT_TYPE = AsciiString.cached("content-type");
  public static final AsciiString GRPC_TIMEOUT = AsciiString.cached("grpc-timeout");
  private static final AsciiString GRPC = AsciiString.cached("application/grpc");
  private static final AsciiString THRIFT = AsciiString.cached("thrift");
  private static final AsciiString GRPC_STATUS = AsciiString.cached("grpc-status");
  private static final AsciiString GRPC_MESSAGE = AsciiString.cached("grpc-message");
  public static final AsciiString SOURCE_SERVICE = AsciiString.cached("source-service");
  public static final AsciiString SOURCE_METHOD = AsciiString.cached("source-method");
  private static final AsciiString BIZ_STATUS = AsciiString.cached("biz-status");
  private static final AsciiString BIZ_EXTRA = AsciiString.cached("biz-extra");
  private static final AsciiString CONTENT_LENGTH = AsciiString.cached("content-length");
  private static final AsciiString TE = AsciiString.cached("te");
  private static final AsciiString TRAILERS = AsciiString.cached("trailers");
  private static final AsciiString POST = AsciiString.cached("POST");
  private static final AsciiString HTTP = AsciiString.cached("http");
  private static final AsciiString ZERO = AsciiString.cached("0");
  private static final AsciiString OK = AsciiString.cached("200");

  /** Bytes of HPACK's table. */
  private static final int TABLE = 4096;

  private GrpcHeaders() {}

  /** Whether a request or response is gRPC of any codec. */
  public static boolean isGrpc(Http2Headers headers) {
    CharSequence type = headers.get(CONTENT_TYPE);
    return type != null && AsciiString.of(type).startsWith(GRPC);
  }

  /**
   * How the messages are encoded: Thrift if the subtype says exactly so, else Protobuf, whatever it
   * is ({@code nphttp2/grpc/http_util.go:contentSubtype}).
   */
  public static Codec codec(Http2Headers headers) {
    CharSequence type = headers.get(CONTENT_TYPE);
    return type != null
            && type.length() == GRPC.length() + 1 + THRIFT.length()
            && AsciiString.of(type).endsWith(THRIFT)
        ? Codec.THRIFT
        : Codec.PROTOBUF;
  }

  /** All but the pseudo headers and what belongs to the leg alone. */
  public static Headers read(Http2Headers from) {
    int size = 0;
    for (Map.Entry<CharSequence, CharSequence> entry : from) {
      if (isOfTheCall(AsciiString.of(entry.getKey()))) {
        size += entry.getKey().length() + entry.getValue().length();
      }
    }
    byte[] bytes = new byte[size];
    Headers headers = new Headers(Headers.Dialect.HTTP2, bytes);
    int at = 0;
    for (Map.Entry<CharSequence, CharSequence> entry : from) {
      AsciiString name = AsciiString.of(entry.getKey());
      if (isOfTheCall(name)) {
        AsciiString value = AsciiString.of(entry.getValue());
        int valueAt = at + name.length();
        System.arraycopy(name.array(), name.arrayOffset(), bytes, at, name.length());
        System.arraycopy(value.array(), value.arrayOffset(), bytes, valueAt, value.length());
        headers.addRange(at, name.length(), valueAt, value.length());
        at = valueAt + value.length();
      }
    }
    return headers;
  }

  private static boolean isOfTheCall(AsciiString name) {
    return !name.isEmpty()
        && name.byteAt(0) != ':'
        && !name.contentEquals(TE)
        && !name.contentEquals(CONTENT_LENGTH)
        && !name.contentEquals(GRPC_TIMEOUT)
        && !name.contentEquals(GRPC_STATUS)
        && !name.contentEquals(GRPC_MESSAGE);
  }

  /** The request's head for a downstream. */
  public static Http2Headers request(RpcCall call, @Nullable String authority) {
    AsciiString[] out = entries(call.outboundHeaders(), call.explicitTimeout() ? 2 : 1);
    put(out, 0, TE, TRAILERS);
    if (call.explicitTimeout()) {
      put(out, 1, GRPC_TIMEOUT, AsciiString.of(GrpcTimeout.format(call.nanosLeft())));
    }
    return ReadOnlyHttp2Headers.clientHeaders(
        false,
        POST,
        AsciiString.of('/' + call.outboundService() + '/' + call.method()),
        HTTP,
        AsciiString.of(authority(call, authority)),
        out);
  }

  private static String authority(RpcCall call, @Nullable String given) {
    if (given != null) {
      return given;
    }
    String destination = call.destination();
    return destination.isEmpty() || !isVisible(destination) ? call.service() : destination;
  }

  /** Whether it may stand in a header; Thrift callers may call their destination anything. */
  private static boolean isVisible(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) <= ' ' || text.charAt(i) > '~') {
        return false;
      }
    }
    return true;
  }

  /** The head of a response, before its messages. */
  public static Http2Headers response(Headers headers) {
    return ReadOnlyHttp2Headers.serverHeaders(false, OK, entries(headers, 0));
  }

  /**
   * What ends a response that has begun.
   *
   * @param raw see {@link GrpcStatus#number}
   */
  public static Http2Headers trailers(CallEnd end, boolean raw) {
    return ReadOnlyHttp2Headers.trailers(false, entries(end, raw, 0));
  }

  /**
   * A response that is nothing but its end.
   *
   * @param raw see {@link GrpcStatus#number}
   */
  public static Http2Headers trailersOnly(CallEnd end, boolean raw, CharSequence contentType) {
    boolean typed = end.rawTrailers().find(CONTENT_TYPE.toString()) >= 0;
    AsciiString[] out = entries(end, raw, typed ? 0 : 1);
    if (!typed) {
      put(out, 0, CONTENT_TYPE, AsciiString.of(contentType));
    }
    return ReadOnlyHttp2Headers.serverHeaders(false, OK, out);
  }

  /**
   * The answer to a request that becomes no call.
   *
   * @param request its content type is kept
   * @param status of gRPC
   */
  public static Http2Headers refusal(Http2Headers request, int status, String text) {
    return ReadOnlyHttp2Headers.serverHeaders(
        false,
        OK,
        CONTENT_TYPE,
        AsciiString.of(request.get(CONTENT_TYPE)),
        GRPC_STATUS,
        number(status),
        GRPC_MESSAGE,
        AsciiString.of(GrpcStatus.encodeMessage(text)));
  }

  /** The HTTP status of a response's head; 0 if it has none. */
  public static int httpStatus(Http2Headers headers) {
    CharSequence status = headers.status();
    return status == null ? 0 : integer(status, 0);
  }

  /** Reads the end of a response out of its trailers. */
  public static CallEnd end(Http2Headers trailers) {
    CharSequence number = trailers.get(GRPC_STATUS);
    CharSequence message = trailers.get(GRPC_MESSAGE);
    if (number == null && trailers.status() != null) {
      // Not of gRPC, nor are its headers.
      Status status = GrpcStatus.ofHttp(httpStatus(trailers));
      return new CallEnd(status, null, new Headers(Headers.Dialect.HTTP2));
    }
    Status status =
        number == null
            ? Status.grpc(13, "the downstream ended without a grpc-status")
            : Status.grpc(
                integer(number, 2),
                message == null ? "" : GrpcStatus.decodeMessage(message.toString()));
    return new CallEnd(status, bizStatus(trailers, status), read(trailers));
  }

  private static @Nullable BizStatus bizStatus(Http2Headers trailers, Status status) {
    CharSequence code = trailers.get(BIZ_STATUS);
    if (code == null || integer(code, 0) == 0) {
      return null;
    }
    String extra = trailers.contains(BIZ_EXTRA) ? text(trailers, BIZ_EXTRA) : null;
    return new BizStatus(integer(code, 0), status.text(), extra);
  }

  /** The value of a header as text, whose bytes are UTF-8; empty if it is not there. */
  public static String text(Http2Headers headers, CharSequence key) {
    CharSequence value = headers.get(key);
    return value == null
        ? ""
        : new String(AsciiString.of(value).toByteArray(), StandardCharsets.UTF_8);
  }

  private static int integer(CharSequence text, int otherwise) {
    try {
      return Integer.parseInt(text.toString());
    } catch (NumberFormatException e) {
      return otherwise;
    }
  }

  /** The status of an end and its trailers, behind room for so many entries more. */
  private static AsciiString[] entries(CallEnd end, boolean raw, int more) {
    Status status = end.status();
    boolean hasText = !status.text().isEmpty();
    AsciiString[] out = entries(end.rawTrailers(), hasText ? more + 2 : more + 1);
    put(out, more, GRPC_STATUS, number(GrpcStatus.number(status, raw)));
    if (hasText) {
      put(out, more + 1, GRPC_MESSAGE, AsciiString.of(GrpcStatus.encodeMessage(status.text())));
    }
    return out;
  }

  /** Names and values in turns, behind room for so many entries more. */
  private static AsciiString[] entries(Headers headers, int more) {
    int count = headers.count();
    if (headers.dialect() != Headers.Dialect.HTTP2 && count > 0) {
      throw new IllegalStateException("metadata in the dialect " + headers.dialect());
    }
    AsciiString[] out = new AsciiString[2 * (more + count)];
    byte[] bytes = headers.array();
    // HPACK's table may keep an entry, and should not keep much else with it.
    boolean copy = bytes.length > TABLE;
    for (int i = 0; i < count; i++) {
      put(
          out,
          more + i,
          new AsciiString(bytes, headers.keyOffset(i), headers.keyLength(i), copy),
          new AsciiString(bytes, headers.valueOffset(i), headers.valueLength(i), copy));
    }
    return out;
  }

  private static void put(AsciiString[] to, int entry, AsciiString name, AsciiString value) {
    to[2 * entry] = name;
    to[2 * entry + 1] = value;
  }

  private static AsciiString number(int number) {
    return number == 0 ? ZERO : AsciiString.of(Integer.toString(number));
  }
}
