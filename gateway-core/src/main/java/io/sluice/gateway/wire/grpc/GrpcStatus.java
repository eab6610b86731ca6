package io.sluice.gateway.wire.grpc;

import io.sluice.api.Status;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** The numbers and texts of {@code grpc-status} and {@code grpc-message}. */
public final class GrpcStatus {
  private static final int CANCELLED = 1;
  private static final int UNKNOWN = 2;
  private static final int INVALID_ARGUMENT = 3;
  private static final int DEADLINE_EXCEEDED = 4;
  private static final int PERMISSION_DENIED = 7;
  private static final int RESOURCE_EXHAUSTED = 8;
  private static final int UNIMPLEMENTED = 12;
  private static final int INTERNAL = 13;
  private static final int UNAVAILABLE = 14;
  private static final int UNAUTHENTICATED = 16;
  private static final int KITEX_UNKNOWN_SERVICE = 20;
  private static final char[] HEX = "0123456789ABCDEF".toCharArray();

  private GrpcStatus() {}

  /**
   * The number that tells this end to a gRPC caller.
   *
   * @param raw whether a Thrift exception is told by its number where that is more than 0, as
   *     Kitex's servers do, also that there is no such service
   */
  public static int number(Status status, boolean raw) {
    if (raw && status.code() == Status.Code.EXCEPTION && status.number() > 0) {
      return status.number();
    }
    return raw && status.code() == Status.Code.UNKNOWN_SERVICE
        ? KITEX_UNKNOWN_SERVICE
        : number(status);
  }

  private static int number(Status status) {
    return switch (status.code()) {
      case OK -> 0;
      case GRPC -> status.number();
      case EXCEPTION -> ofException(status.number());
      case UNKNOWN_SERVICE, UNTRANSLATABLE -> UNIMPLEMENTED;
      case UNAUTHENTICATED -> UNAUTHENTICATED;
      case FORBIDDEN -> PERMISSION_DENIED;
      case OVER_LIMIT -> RESOURCE_EXHAUSTED;
      case CIRCUIT_OPEN, UNAVAILABLE -> UNAVAILABLE;
      case DEADLINE_EXCEEDED -> DEADLINE_EXCEEDED;
      case CANCELLED -> CANCELLED;
      case INTERNAL -> INTERNAL;
    };
  }

  private static int ofException(int type) {
    return switch (type) {
      case 1, 3, 8, 9, 10, 20 -> UNIMPLEMENTED;
      case 2, 21 -> INVALID_ARGUMENT;
      case 4, 5, 6, 7 -> INTERNAL;
      default -> UNKNOWN;
    };
  }

  /** What a stream that was reset means ({@code nphttp2/grpc/http_util.go:http2ErrConvTab}). */
  public static Status ofReset(long errorCode) {
    return switch ((int) errorCode) {
      case 8 -> Status.grpc(CANCELLED, "the downstream cancelled the stream");
      case 7 -> Status.grpc(UNAVAILABLE, "the downstream refused the stream");
      case 3, 11 -> Status.grpc(RESOURCE_EXHAUSTED, "the downstream reset the stream");
      case 12 -> Status.grpc(PERMISSION_DENIED, "the downstream wants a safer transport");
      // Kitex's own, on graceful shutdown.
      case 1000 -> Status.grpc(UNAVAILABLE, "graceful shutdown");
      default -> Status.grpc(INTERNAL, "the downstream reset the stream, HTTP/2 code " + errorCode);
    };
  }

  /** What an HTTP status without a gRPC one means. */
  public static Status ofHttp(int httpStatus) {
    int number =
        switch (httpStatus) {
          case 400 -> INTERNAL;
          case 401 -> UNAUTHENTICATED;
          case 403 -> PERMISSION_DENIED;
          case 404 -> UNIMPLEMENTED;
          case 429, 502, 503, 504 -> UNAVAILABLE;
          default -> UNKNOWN;
        };
    return Status.grpc(number, "the downstream answered HTTP status " + httpStatus);
  }

  /** Writes a text as {@code grpc-message} has it: UTF-8, with what is not printable as %XX. */
  public static String encodeMessage(String text) {
    StringBuilder out = null;
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i < bytes.length; i++) {
      byte b = bytes[i];
      boolean plain = b >= ' ' && b < 0x7f && b != '%';
      if (!plain && out == null) {
        out = new StringBuilder(bytes.length + 16);
        out.append(new String(bytes, 0, i, StandardCharsets.US_ASCII));
      }
      if (out != null) {
        if (plain) {
          out.append((char) b);
        } else {
          out.append('%').append(HEX[b >> 4 & 15]).append(HEX[b & 15]);
        }
      }
    }
    return out == null ? text : out.toString();
  }

  /** Reads {@code grpc-message}; a lone % stands for itself. */
  public static String decodeMessage(String wire) {
    if (wire.indexOf('%') < 0) {
      return wire;
    }
    byte[] in = wire.getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream out = new ByteArrayOutputStream(in.length);
    for (int i = 0; i < in.length; i++) {
      boolean room = i + 2 < in.length;
      int high = room ? Character.digit(in[i + 1], 16) : -1;
      int low = room ? Character.digit(in[i + 2], 16) : -1;
      if (in[i] == '%' && high >= 0 && low >= 0) {
        out.write(high << 4 | low);
        i += 2;
      } else {
        out.write(in[i]);
      }
    }
    return out.toString(StandardCharsets.UTF_8);
  }
}
