package io.sluice.gateway.call;

import io.sluice.api.Metadata;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * One kind of the metadata in {@link Headers}, as filters see it: without the prefix that marks the
 * kind, and without what the protocols keep for themselves.
 */
final class MetadataView implements Metadata {
  private static final int MAX_BYTES = 65_535;

  private final Headers headers;
  private final String prefix;
  private final boolean plain;

  /**
   * @param prefix what the keys of this kind begin with on the wire
   * @param plain whether this is the kind without a prefix
   */
  MetadataView(Headers headers, String prefix, boolean plain) {
    this.headers = headers;
    this.prefix = prefix;
    this.plain = plain;
  }

  @Override
  public @Nullable String get(String key) {
    boolean ascii = isAscii(key);
    for (int i = headers.count() - 1; i >= 0; i--) {
      if (matches(i, key, ascii)) {
        return headers.value(i);
      }
    }
    return null;
  }

  @Override
  public List<String> getAll(String key) {
    boolean ascii = isAscii(key);
    List<String> values = new ArrayList<>(2);
    for (int i = 0; i < headers.count(); i++) {
      if (matches(i, key, ascii)) {
        values.add(headers.value(i));
      }
    }
    return values;
  }

  @Override
  public void set(String key, String value) {
    headers.checkChange();
    byte[] wireKey = wireKey(key);
    byte[] wireValue = wireValue(value);
    remove(key);
    headers.add(wireKey, wireValue);
  }

  @Override
  public void add(String key, String value) {
    headers.checkChange();
    byte[] wireKey = wireKey(key);
    byte[] wireValue = wireValue(value);
    if (headers.dialect() == Headers.Dialect.TTHEADER) {
      remove(key);
    }
    headers.add(wireKey, wireValue);
  }

  @Override
  public boolean remove(String key) {
    headers.checkChange();
    boolean ascii = isAscii(key);
    int found = -1;
    for (int i = 0; i < headers.count(); i++) {
      if (matches(i, key, ascii)) {
        if (found >= 0) {
          headers.removeIf((all, entry) -> matches(entry, key, ascii));
          return true;
        }
        found = i;
      }
    }
    if (found >= 0) {
      headers.remove(found);
    }
    return found >= 0;
  }

  @Override
  public void forEach(BiConsumer<String, String> each) {
    for (int i = 0; i < headers.count(); i++) {
      if (belongs(i)) {
        each.accept(neutralKey(i), headers.value(i));
      }
    }
  }

  @Override
  public int size() {
    int size = 0;
    for (int i = 0; i < headers.count(); i++) {
      if (belongs(i)) {
        size++;
      }
    }
    return size;
  }

  private boolean belongs(int entry) {
    if (headers.isIntKey(entry)) {
      return false;
    }
    return plain
        ? !ReservedKeys.contains(
            headers.array(), headers.keyOffset(entry), headers.keyLength(entry))
        : headers.keyStartsWith(entry, prefix);
  }

  /**
   * @param ascii whether the key is, found out once for all entries
   */
  private boolean matches(int entry, String key, boolean ascii) {
    if (headers.isIntKey(entry)) {
      return false;
    }
    int length = headers.keyLength(entry) - prefix.length();
    if (length != key.length()) {
      // Beyond ASCII a character is more than one byte.
      return !ascii && length > key.length() && belongs(entry) && neutralKey(entry).equals(key);
    }
    byte[] bytes = headers.array();
    int at = headers.keyOffset(entry) + prefix.length();
    for (int i = 0; i < length; i++) {
      if (fold(bytes[at + i]) != fold((byte) key.charAt(i)) || key.charAt(i) > 0x7f) {
        return false;
      }
    }
    return belongs(entry);
  }

  private static boolean isAscii(String key) {
    for (int i = 0; i < key.length(); i++) {
      if (key.charAt(i) > 0x7f) {
        return false;
      }
    }
    return true;
  }

  /**
   * Lower case; in prefixed kinds {@code -} and {@code _} are one, as HTTP/2 cannot tell them
   * apart.
   */
  private int fold(byte b) {
    if (b >= 'A' && b <= 'Z') {
      return b + ('a' - 'A');
    }
    return b == '-' && !plain ? '_' : b;
  }

  private String neutralKey(int entry) {
    String key = headers.key(entry).substring(prefix.length());
    return plain || headers.dialect() == Headers.Dialect.TTHEADER
        ? key
        : key.toUpperCase(Locale.ROOT).replace('-', '_');
  }

  private byte[] wireKey(String key) {
    if (key.isEmpty()) {
      throw new IllegalArgumentException("a metadata key cannot be empty");
    }
    String wire = plain ? key : prefix + key;
    if (headers.dialect() == Headers.Dialect.HTTP2) {
      wire = prefix + (plain ? key : key.replace('_', '-')).toLowerCase(Locale.ROOT);
      requireToken(wire);
    }
    byte[] bytes = wire.getBytes(StandardCharsets.UTF_8);
    if (bytes.length > MAX_BYTES) {
      throw new IllegalArgumentException("a metadata key has at most 65535 bytes");
    }
    if (plain && ReservedKeys.contains(bytes, 0, bytes.length)) {
      throw new IllegalArgumentException("metadata key '" + key + "' is kept for the protocol");
    }
    return bytes;
  }

  private static void requireToken(String key) {
    for (int i = 0; i < key.length(); i++) {
      char c = key.charAt(i);
      if (c <= ' ' || c >= 0x7f || "\"(),/:;<=>?@[\\]{}".indexOf(c) >= 0) {
        throw new IllegalArgumentException("metadata key '" + key + "' is no HTTP header name");
      }
    }
  }

  private static byte[] wireValue(String value) {
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c < ' ' && c != '\t' || c == 0x7f) {
        throw new IllegalArgumentException("a metadata value cannot have control characters");
      }
    }
    byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
    if (bytes.length > MAX_BYTES) {
      throw new IllegalArgumentException("a metadata value has at most 65535 bytes");
    }
    return bytes;
  }
}
