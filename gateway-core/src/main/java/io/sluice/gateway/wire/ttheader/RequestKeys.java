package io.sluice.gateway.wire.ttheader;

import io.sluice.gateway.call.Headers;
import io.sluice.gateway.wire.WireException;

/**
 * Takes out of a request's header what speaks to the gateway itself, so that what is left is what
 * the next hop is to get (section 2.12 of Kitex's rules for a proxy: recompute int 1, 12 and 22,
 * drop 17, never send on used transient metadata).
 */
public final class RequestKeys {
  private static final int MAX_NAME = 4096;

  private String service = "";
  private String method = "";
  private String caller = "";
  private String callerMethod = "";
  private String destination = "";
  private int timeoutMillis;

  private RequestKeys() {}

  /** Reads and removes; {@code headers} keeps the rest. Of equal keys the last counts. */
  public static RequestKeys take(Headers headers) {
    RequestKeys keys = new RequestKeys();
    headers.removeIf(keys::takes);
    return keys;
  }

  private boolean takes(Headers headers, int entry) {
    if (headers.isIntKey(entry)) {
      return takesInt(headers, entry);
    }
    if (isKey(headers, entry, TTHeaderKeys.SERVICE)) {
      service = service(name(headers, entry));
      return true;
    }
    return isKey(headers, entry, TTHeaderKeys.REAL_ADDRESS)
        || isKey(headers, entry, TTHeaderKeys.CONNECTION_ENDS)
        || headers.keyStartsWith(entry, TTHeaderKeys.USED_TRANSIENT_PREFIX);
  }

  private boolean takesInt(Headers headers, int entry) {
    switch (headers.intKey(entry)) {
      case TTHeaderKeys.TO_METHOD -> method = last(method, headers, entry);
      case TTHeaderKeys.TO_SERVICE -> destination = last(destination, headers, entry);
      case TTHeaderKeys.FROM_SERVICE -> caller = last(caller, headers, entry);
      case TTHeaderKeys.FROM_METHOD -> callerMethod = last(callerMethod, headers, entry);
      case TTHeaderKeys.RPC_TIMEOUT -> {
        Integer millis = TTHeader.decimal(headers, entry);
        timeoutMillis = millis == null ? 0 : Math.max(0, millis);
        return true;
      }
      case TTHeaderKeys.TRANSPORT_TYPE,
          TTHeaderKeys.CONNECT_TIMEOUT,
          TTHeaderKeys.MESSAGE_TYPE,
          TTHeaderKeys.FRAME_TYPE -> {
        return true;
      }
      default -> {}
    }
    return false;
  }

  /** An empty name is none. */
  private static String last(String already, Headers headers, int entry) {
    String name = name(headers, entry);
    return name.isEmpty() ? already : name;
  }

  private static String name(Headers headers, int entry) {
    if (headers.valueLength(entry) > MAX_NAME) {
      throw new WireException("a name of " + headers.valueLength(entry) + " bytes");
    }
    return KnownNames.value(headers, entry);
  }

  static boolean isKey(Headers headers, int entry, String key) {
    return headers.keyLength(entry) == key.length() && headers.keyStartsWith(entry, key);
  }

  /** Old generic clients wrote these where they meant no name (Kitex PR 1373). */
  private static String service(String name) {
    return name.equals("$GenericService") || name.equals("CombineService") ? "" : name;
  }

  /** Name of the service; empty if the caller gave none. */
  public String service() {
    return service;
  }

  /** Method by the int key, which only streams need; empty if there is none. */
  public String method() {
    return method;
  }

  /** The name that the calling service gives itself; may be empty. */
  public String caller() {
    return caller;
  }

  /** The calling service's own method; may be empty. */
  public String callerMethod() {
    return callerMethod;
  }

  /** The name by which the caller knows its destination; may be empty. */
  public String destination() {
    return destination;
  }

  /** The caller's timeout; 0 if it set none, or one that is no positive number. */
  public int timeoutMillis() {
    return timeoutMillis;
  }

  /**
   * Writes the entries that are left of a header.
   *
   * @param bodyUnchanged whether checksums of the payload still hold
   * @param withoutInt an int key that the caller of this writes itself, or -1
   */
  public static void writeRest(
      TTHeaderWriter out, Headers headers, boolean bodyUnchanged, int withoutInt) {
    if (headers.dialect() != Headers.Dialect.TTHEADER) {
      throw new IllegalStateException("metadata in the dialect " + headers.dialect());
    }
    for (int i = 0; i < headers.count(); i++) {
      boolean written =
          headers.isIntKey(i)
              ? headers.intKey(i) != withoutInt
              : bodyUnchanged || !isChecksum(headers, i);
      if (written) {
        out.entry(headers, i);
      }
    }
  }

  private static boolean isChecksum(Headers headers, int entry) {
    return isKey(headers, entry, TTHeaderKeys.CHECKSUM)
        || headers.keyStartsWith(entry, TTHeaderKeys.VALIDATOR_PREFIX);
  }
}
