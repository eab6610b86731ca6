package io.sluice.gateway.wire.grpc;

import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
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
  private static final AsciiString TE = AsciiString.cached("te");
  private static final AsciiString TRAILERS = AsciiString.cached("trailers");
  private static final AsciiString POST = AsciiString.cached("POST");
  private static final AsciiString HTTP = AsciiString.cached("http");
  private static final AsciiString OK = AsciiString.cached("200");

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
    Headers headers = new Headers(Headers.Dialect.HTTP2);
    for (Map.Entry<CharSequence, CharSequence> entry : from) {
      AsciiString name = AsciiString.of(entry.getKey());
      if (name.isEmpty()
          || name.byteAt(0) == ':'
          || name.contentEquals(TE)
          || name.contentEquals(GRPC_TIMEOUT)
          || name.contentEquals(GRPC_STATUS)
          || name.contentEquals(GRPC_MESSAGE)) {
        continue;
      }
      headers.add(name.toByteArray(), AsciiString.of(entry.getValue()).toByteArray());
    }
    return headers;
  }

  /** The request's head for a downstream. */
  public static Http2Headers request(RpcCall call, @Nullable String authority) {
    Http2Headers out = new DefaultHttp2Headers(false, 16);
    out.method(POST).scheme(HTTP);
    out.path('/' + call.outboundService() + '/' + call.method());
    out.authority(authority(call, authority));
    out.add(TE, TRAILERS);
    if (call.explicitTimeout()) {
      out.add(GRPC_TIMEOUT, GrpcTimeout.format(call.nanosLeft()));
    }
    append(out, call.outboundHeaders());
    return out;
  }

  private static String authority(RpcCall call, @Nullable String given) {
    if (given != null) {
      return given;
    }
    return call.destination().isEmpty() ? call.service() : call.destination();
  }

  /** The head of a response, before its messages. */
  public static Http2Headers response(Headers headers) {
    Http2Headers out = new DefaultHttp2Headers(false, 8);
    out.status(OK);
    append(out, headers);
    return out;
  }

  /**
   * What ends a response that has begun.
   *
   * @param raw see {@link GrpcStatus#number}
   */
  public static Http2Headers trailers(CallEnd end, boolean raw) {
    Http2Headers out = new DefaultHttp2Headers(false, 8);
    status(out, end.status(), raw);
    append(out, end.rawTrailers());
    return out;
  }

  /**
   * A response that is nothing but its end.
   *
   * @param raw see {@link GrpcStatus#number}
   */
  public static Http2Headers trailersOnly(CallEnd end, boolean raw, CharSequence contentType) {
    Http2Headers out = new DefaultHttp2Headers(false, 8);
    out.status(OK);
    status(out, end.status(), raw);
    append(out, end.rawTrailers());
    if (!out.contains(CONTENT_TYPE)) {
      out.set(CONTENT_TYPE, contentType);
    }
    return out;
  }

  /**
   * The answer to a request that becomes no call.
   *
   * @param request its content type is kept
   * @param status of gRPC
   */
  public static Http2Headers refusal(Http2Headers request, int status, String text) {
    Http2Headers out = new DefaultHttp2Headers(false, 8);
    out.status(OK);
    out.add(CONTENT_TYPE, request.get(CONTENT_TYPE));
    status(out, Status.grpc(status, text), false);
    return out;
  }

  private static void status(Http2Headers out, Status status, boolean raw) {
    out.add(GRPC_STATUS, Integer.toString(GrpcStatus.number(status, raw)));
    if (!status.text().isEmpty()) {
      out.add(GRPC_MESSAGE, GrpcStatus.encodeMessage(status.text()));
    }
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
    Status status;
    if (number != null) {
      status =
          Status.grpc(
              integer(number, 2),
              message == null ? "" : GrpcStatus.decodeMessage(message.toString()));
    } else {
      CharSequence http = trailers.status();
      status =
          http == null
              ? Status.grpc(13, "the downstream ended without a grpc-status")
              : GrpcStatus.ofHttp(integer(http, 0));
    }
    return new CallEnd(status, bizStatus(trailers, status), read(trailers));
  }

  private static @Nullable BizStatus bizStatus(Http2Headers trailers, Status status) {
    CharSequence code = trailers.get("biz-status");
    if (code == null || integer(code, 0) == 0) {
      return null;
    }
    String extra = trailers.get("biz-extra") == null ? null : text(trailers, "biz-extra");
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

  private static void append(Http2Headers out, Headers headers) {
    if (headers.dialect() != Headers.Dialect.HTTP2) {
      if (headers.count() > 0) {
        throw new IllegalStateException("metadata in the dialect " + headers.dialect());
      }
      return;
    }
    byte[] bytes = headers.array();
    for (int i = 0; i < headers.count(); i++) {
      out.add(
          new AsciiString(bytes, headers.keyOffset(i), headers.keyLength(i), false),
          new AsciiString(bytes, headers.valueOffset(i), headers.valueLength(i), false));
    }
  }
}
