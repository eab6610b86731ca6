package io.sluice.api;

import java.util.Objects;

/**
 * How a call ended, as the RPC layer sees it. A business status (see {@link BizStatus}) is beside
 * this one.
 *
 * @param code what kind of end it is
 * @param number with {@link Code#EXCEPTION} the Thrift exception type, with {@link Code#GRPC} the
 *     gRPC status, both any int32; else 0
 * @param text what the caller is told; may be empty
 */
public record Status(Code code, int number, String text) {

  /** A call that ended well. */
  public static final Status OK = new Status(Code.OK, 0, "");

  public Status {
    Objects.requireNonNull(code);
    Objects.requireNonNull(text);
  }

  /** Who or what ended the call. */
  public enum Code {
    OK,
    /** The downstream answered a Thrift application exception (or Kitex Protobuf's like of it). */
    EXCEPTION,
    /** The downstream answered a gRPC status. */
    GRPC,
    /** No route, or no service of that name. */
    UNKNOWN_SERVICE,
    UNAUTHENTICATED,
    FORBIDDEN,
    OVER_LIMIT,
    CIRCUIT_OPEN,
    /** No endpoint could be reached, or the connection to it was lost. */
    UNAVAILABLE,
    DEADLINE_EXCEEDED,
    /** The caller gave up; nobody is left to be told. */
    CANCELLED,
    /** What the caller sent cannot be put into the protocol of the cluster. */
    UNTRANSLATABLE,
    /** A fault of the gateway or of a filter. */
    INTERNAL
  }

  public boolean isOk() {
    return code == Code.OK;
  }

  /** The downstream's Thrift exception, as it came. */
  public static Status exception(int type, String text) {
    return new Status(Code.EXCEPTION, type, text);
  }

  /** The downstream's gRPC status, as it came; 0 gives {@link #OK}. */
  public static Status grpc(int number, String text) {
    return number == 0 ? OK : new Status(Code.GRPC, number, text);
  }

  /** Nobody serves this; the text is Kitex's own. */
  public static Status unknownService(String service, String method) {
    return new Status(Code.UNKNOWN_SERVICE, 0, "unknown service " + service + ", method " + method);
  }

  /** The caller did not prove who it is. */
  public static Status unauthenticated(String why) {
    return new Status(Code.UNAUTHENTICATED, 0, "request forbidden: " + why);
  }

  /** The caller may not do this. */
  public static Status forbidden(String why) {
    return new Status(Code.FORBIDDEN, 0, "request forbidden: " + why);
  }

  /** The caller has had its share. */
  public static Status overLimit(String why) {
    return new Status(Code.OVER_LIMIT, 0, "request over limit: " + why);
  }

  /** The downstream is being spared. */
  public static Status circuitOpen(String why) {
    return new Status(Code.CIRCUIT_OPEN, 0, "forbidden by circuitbreaker: " + why);
  }

  /** The downstream could not be reached, or was lost before it had answered. */
  public static Status unavailable(String why) {
    return new Status(Code.UNAVAILABLE, 0, "remote or network error: " + why);
  }

  /** The call's time ran out. */
  public static Status deadlineExceeded(String why) {
    return new Status(Code.DEADLINE_EXCEEDED, 0, "rpc timeout: " + why);
  }

  /** The caller gave up. */
  public static Status cancelled(String why) {
    return new Status(Code.CANCELLED, 0, why);
  }

  /** The call cannot be put into the cluster's protocol. */
  public static Status untranslatable(String why) {
    return new Status(Code.UNTRANSLATABLE, 0, why);
  }

  /** A fault of the gateway's own, or of a filter. */
  public static Status internal(String why) {
    return new Status(Code.INTERNAL, 0, why);
  }
}
