package io.sluice.gateway.translate;

import io.sluice.gateway.call.Headers;
import io.sluice.gateway.call.Headers.Dialect;
import io.sluice.gateway.call.ReservedKeys;
import io.sluice.gateway.wire.WireException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Metadata from one dialect into the other. What a protocol keeps for itself stays behind, and so
 * does what the other cannot write: keys that are no header names, values with control characters
 * ({@code metainfo:http.go}).
 *
 * <pre>
 *   TTHeader, ttstream                 HTTP/2
 *   RPC_PERSIST_Log_Id             ◀▶  rpc-persist-log-id           comes back as LOG_ID
 *   RPC_TRANSIT_Log_Id             ◀▶  rpc-transit-log-id
 *   RPC_TRANSIT_gdpr-token (ACL)   ◀▶  rpc-transit-gdpr-token
 *   Any-Key                        ◀▶  any-key
 *   key-bin, bytes                 ◀▶  key-bin, base64
 * </pre>
 */
final class Dialects {
  /** The most that goes into one TTHeader, with room for what the leg adds. */
  private static final int MAX_TTHEADER = 240 * 1024;

  private static final int MAX_TEXT = 65_535;
  private static final String PERSIST = "RPC_PERSIST_";
  private static final String TRANSIT = "RPC_TRANSIT_";
  private static final String USED_TRANSIT = "RPC_TRANSIT_UPSTREAM_";
  private static final String HTTP_PERSIST = "rpc-persist-";
  private static final String HTTP_TRANSIT = "rpc-transit-";
  private static final String DETAILS = "grpc-status-details-bin";
  private static final String BINARY = "-bin";

  /** Those of which a part is in lower case, which upper case would hide from Kitex. */
  private static final String ACL_TOKEN = "gdpr-token";

  private static final String RETRY = "RetryReq";

  /** Of the leg alone, beside {@link ReservedKeys}. */
  private static final Set<String> OF_THE_LEG =
      Set.of(
          "accept-encoding",
          "content-length",
          "host",
          "keep-alive",
          "proxy-connection",
          "upgrade",
          "user-agent",
          Ends.EXCEPTION_TYPE);

  private static final Base64.Encoder ENCODER = Base64.getEncoder().withoutPadding();

  private Dialects() {}

  /** Entries with a number as key have no place there. */
  static Headers toHttp2(Headers from) {
    Headers to = new Headers(Dialect.HTTP2);
    for (int i = 0; i < from.count(); i++) {
      if (!from.isIntKey(i)) {
        String key = httpKey(from.key(i));
        byte[] value = key.isEmpty() ? new byte[0] : httpValue(key, value(from, i));
        if (!key.isEmpty() && isFieldValue(value) && !isEmptyMetainfo(key, value)) {
          to.add(key.getBytes(StandardCharsets.US_ASCII), value);
        }
      }
    }
    return to;
  }

  /** Metainfo does not exist without a value. */
  private static boolean isEmptyMetainfo(String key, byte[] value) {
    return value.length == 0 && (key.startsWith(HTTP_PERSIST) || key.startsWith(HTTP_TRANSIT));
  }

  /** The name of a header; empty if it has none. */
  private static String httpKey(String key) {
    String name;
    if (key.startsWith(PERSIST)) {
      name = httpKey(HTTP_PERSIST, key.substring(PERSIST.length()));
    } else if (key.startsWith(USED_TRANSIT)) {
      return "";
    } else if (key.startsWith(TRANSIT)) {
      name = httpKey(HTTP_TRANSIT, key.substring(TRANSIT.length()));
    } else {
      name = key.toLowerCase(Locale.ROOT);
      if (isOfALeg(name)) {
        return "";
      }
    }
    return isToken(name) ? name : "";
  }

  private static String httpKey(String prefix, String key) {
    return key.isEmpty() ? "" : prefix + key.toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private static byte[] httpValue(String key, byte[] value) {
    return key.endsWith(BINARY) ? ENCODER.encode(value) : stripped(value);
  }

  private static byte[] stripped(byte[] value) {
    int start = 0;
    int end = value.length;
    while (start < end && isBlank(value[start])) {
      start++;
    }
    while (end > start && isBlank(value[end - 1])) {
      end--;
    }
    return end - start == value.length ? value : Arrays.copyOfRange(value, start, end);
  }

  private static boolean isBlank(byte b) {
    return b == ' ' || b == '\t';
  }

  /**
   * The other way. All values of a key go into the header, also those of a binary one that a proxy
   * has joined with commas; Kitex takes the last.
   *
   * @throws WireException if it does not fit
   */
  static Headers toTtheader(Headers from) {
    Headers to = new Headers(Dialect.TTHEADER);
    int size = 0;
    for (int i = 0; i < from.count(); i++) {
      String header = from.key(i);
      String key = ttheaderKey(header);
      if (key.isEmpty()) {
        continue;
      }
      byte[] name = key.getBytes(StandardCharsets.UTF_8);
      for (byte[] value : values(header, value(from, i))) {
        size += name.length + value.length + 4;
        if (name.length > MAX_TEXT || value.length > MAX_TEXT || size > MAX_TTHEADER) {
          throw new WireException("metadata that does not fit a TTHeader");
        }
        to.add(name, value);
      }
    }
    return to;
  }

  private static String ttheaderKey(String key) {
    if (key.startsWith(HTTP_PERSIST)) {
      String rest = key.substring(HTTP_PERSIST.length());
      return metainfo(PERSIST, rest, RETRY);
    }
    if (key.startsWith(HTTP_TRANSIT)) {
      String rest = key.substring(HTTP_TRANSIT.length());
      return rest.startsWith("upstream-") ? "" : metainfo(TRANSIT, rest, ACL_TOKEN);
    }
    return isOfALeg(key) ? "" : key;
  }

  /**
   * @param known a key that is not wholly in upper case
   */
  private static String metainfo(String prefix, String key, String known) {
    if (key.isEmpty()) {
      return "";
    }
    return prefix
        + (key.equalsIgnoreCase(known) ? known : key.toUpperCase(Locale.ROOT).replace('-', '_'));
  }

  /** What a header says; of a binary one what it was encoded from, or itself if it is no base64. */
  private static List<byte[]> values(String header, byte[] value) {
    if (!header.endsWith(BINARY)) {
      return List.of(value);
    }
    try {
      List<byte[]> decoded = new ArrayList<>(1);
      int start = 0;
      for (int i = 0; i <= value.length; i++) {
        if (i == value.length || value[i] == ',') {
          byte[] part = stripped(Arrays.copyOfRange(value, start, i));
          decoded.add(Base64.getDecoder().decode(part));
          start = i + 1;
        }
      }
      return decoded;
    } catch (IllegalArgumentException e) {
      return List.of(value);
    }
  }

  /** Whether the key speaks of one leg, or is told by other means. */
  private static boolean isOfALeg(String lower) {
    if (lower.equals(DETAILS)) {
      return false;
    }
    byte[] bytes = lower.getBytes(StandardCharsets.UTF_8);
    return ReservedKeys.contains(bytes, 0, bytes.length) || OF_THE_LEG.contains(lower);
  }

  private static byte[] value(Headers headers, int entry) {
    int at = headers.valueOffset(entry);
    return Arrays.copyOfRange(headers.array(), at, at + headers.valueLength(entry));
  }

  private static boolean isToken(String key) {
    for (int i = 0; i < key.length(); i++) {
      char c = key.charAt(i);
      if (c <= ' ' || c >= 0x7f || "\"(),/:;<=>?@[\\]{}".indexOf(c) >= 0) {
        return false;
      }
    }
    return !key.isEmpty();
  }

  /**
   * A JSON text as the value of a header: there line breaks and the like can stand only between its
   * parts, where a blank is as good.
   */
  static String fieldValue(String json) {
    StringBuilder value = null;
    for (int i = 0; i < json.length(); i++) {
      char c = json.charAt(i);
      if (c < ' ' && c != '\t' || c == 0x7f) {
        value = value == null ? new StringBuilder(json) : value;
        value.setCharAt(i, ' ');
      }
    }
    return value == null ? json : value.toString();
  }

  /** Whether this can be the value of a header. */
  static boolean isFieldValue(String value) {
    return isFieldValue(value.getBytes(StandardCharsets.UTF_8));
  }

  private static boolean isFieldValue(byte[] value) {
    for (byte b : value) {
      if (b >= 0 && b < ' ' && b != '\t' || b == 0x7f) {
        return false;
      }
    }
    return true;
  }
}
