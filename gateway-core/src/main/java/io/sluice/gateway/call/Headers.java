package io.sluice.gateway.call;

import io.sluice.api.Metadata;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Keys and values as they stand on the wire, bytes and all, in the dialect of the protocol that
 * they came by. All bytes are in one array and entries are ranges of it: a relayed header is copied
 * twice and never decoded. {@link #plain()}, {@link #persistent()} and {@link #transients()} show
 * it to filters in the neutral form.
 *
 * <p>Used on the call's loop only.
 */
public final class Headers {

  /** How metadata is spelled. */
  public enum Dialect {
    /** String keys with their case, {@code RPC_PERSIST_}, and keys that are numbers. */
    TTHEADER("RPC_PERSIST_", "RPC_TRANSIT_"),
    /** Lower-case header names, {@code rpc-persist-}. */
    HTTP2("rpc-persist-", "rpc-transit-");

    final String persistentPrefix;
    final String transientPrefix;

    Dialect(String persistentPrefix, String transientPrefix) {
      this.persistentPrefix = persistentPrefix;
      this.transientPrefix = transientPrefix;
    }
  }

  /** Looks at one entry of a header. */
  @FunctionalInterface
  public interface EntryTest {
    /** Whether the entry fits; must not change the header. */
    boolean test(Headers headers, int entry);
  }

  private static final byte[] NO_BYTES = {};
  private static final int[] NO_INTS = {};
  private static final int WIDTH = 4;

  /** Bytes that there is room for at least, once there has to be more. */
  private static final int ROOM = 64;

  private static final int INT_KEY = -1;

  private final Dialect dialect;
  private byte[] bytes;
  private int used;

  /**
   * Four ints an entry: key offset (or the number that is the key), key length, value offset, value
   * length.
   */
  private int[] index = NO_INTS;

  private int count;

  /** Whose they are, if filters may see them; null if nobody's. */
  private @Nullable RpcCall call;

  private @Nullable Metadata plain;
  private @Nullable Metadata persistent;
  private @Nullable Metadata transients;

  /** An empty one. */
  public Headers(Dialect dialect) {
    this(dialect, NO_BYTES);
  }

  /**
   * One whose entries are to be ranges of this array, see {@link #addRange}.
   *
   * @param bytes handed over
   */
  public Headers(Dialect dialect, byte[] bytes) {
    this.dialect = dialect;
    this.bytes = bytes;
    this.used = bytes.length;
  }

  /** One with the same entries, which goes its own way from now on. */
  public Headers copy() {
    Headers copy = new Headers(dialect, Arrays.copyOf(bytes, used));
    copy.index = Arrays.copyOf(index, count * WIDTH);
    copy.count = count;
    return copy;
  }

  public Dialect dialect() {
    return dialect;
  }

  /** They are the metadata of this call. */
  void belongTo(RpcCall call) {
    this.call = call;
  }

  /**
   * Keeps out whoever may not change the call that they belong to.
   *
   * @throws IllegalStateException see {@link RpcCall#checkChange}
   */
  void checkChange() {
    if (call != null) {
      call.checkChange();
    }
  }

  /** How many entries there are, those with a number as key included. */
  public int count() {
    return count;
  }

  /** Bytes of memory that it occupies, about. */
  public int footprint() {
    return bytes.length + Integer.BYTES * index.length;
  }

  /** The array that all ranges point into; valid until the next change. */
  public byte[] array() {
    return bytes;
  }

  /** Whether the key of this entry is a number. */
  public boolean isIntKey(int entry) {
    return index[entry * WIDTH + 1] == INT_KEY;
  }

  /** The number that is the key of this entry. */
  public int intKey(int entry) {
    return index[entry * WIDTH];
  }

  public int keyOffset(int entry) {
    return index[entry * WIDTH];
  }

  public int keyLength(int entry) {
    return index[entry * WIDTH + 1];
  }

  public int valueOffset(int entry) {
    return index[entry * WIDTH + 2];
  }

  public int valueLength(int entry) {
    return index[entry * WIDTH + 3];
  }

  /** The key as text; not for entries whose key is a number. */
  public String key(int entry) {
    return text(keyOffset(entry), keyLength(entry));
  }

  /** The value as text; bytes that are no UTF-8 show as replacement characters. */
  public String value(int entry) {
    return text(valueOffset(entry), valueLength(entry));
  }

  private String text(int offset, int length) {
    return new String(bytes, offset, length, StandardCharsets.UTF_8);
  }

  /** Adds an entry whose key and value are in the array already. */
  public void addRange(int keyOffset, int keyLength, int valueOffset, int valueLength) {
    entry(keyOffset, keyLength, valueOffset, valueLength);
  }

  /** Adds an entry with a number as key, whose value is in the array already. */
  public void addIntRange(int key, int valueOffset, int valueLength) {
    entry(key, INT_KEY, valueOffset, valueLength);
  }

  /** Adds an entry; the bytes are copied. */
  public void add(byte[] key, byte[] value) {
    int at = append(key);
    int valueAt = append(value);
    entry(at, key.length, valueAt, value.length);
  }

  /** Adds an entry; the texts are written as UTF-8. */
  public void add(String key, String value) {
    add(key.getBytes(StandardCharsets.UTF_8), value.getBytes(StandardCharsets.UTF_8));
  }

  /** Adds an entry with a number as key; the text is written as UTF-8. */
  public void add(int key, String value) {
    byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
    addIntRange(key, append(bytes), bytes.length);
  }

  /**
   * Puts bytes into the array, for entries to be ranges of.
   *
   * @return where they begin
   */
  public int append(byte[] more) {
    if (more.length > bytes.length - used) {
      // Few are added, to what may be much: room for some, and so that many take few steps.
      bytes = Arrays.copyOf(bytes, used + more.length + Math.max(ROOM, used / 4));
    }
    System.arraycopy(more, 0, bytes, used, more.length);
    used += more.length;
    return used - more.length;
  }

  /** Takes out an entry. */
  public void remove(int entry) {
    int next = (entry + 1) * WIDTH;
    System.arraycopy(index, next, index, next - WIDTH, count * WIDTH - next);
    count--;
  }

  /** Takes out all entries that fit, in one go: callers may send many of them. */
  public void removeIf(EntryTest fits) {
    int kept = 0;
    for (int i = 0; i < count; i++) {
      if (!fits.test(this, i)) {
        if (kept != i) {
          System.arraycopy(index, i * WIDTH, index, kept * WIDTH, WIDTH);
        }
        kept++;
      }
    }
    count = kept;
  }

  /** Takes out Kitex's transient metadata, the ACL token among it. */
  public void removeTransients() {
    removeIf((h, i) -> !h.isIntKey(i) && h.keyStartsWith(i, h.dialect.transientPrefix));
  }

  /**
   * The last entry with exactly this key, or -1.
   *
   * @param key ASCII
   */
  public int find(String key) {
    for (int i = count - 1; i >= 0; i--) {
      if (keyLength(i) == key.length() && keyStartsWith(i, key)) {
        return i;
      }
    }
    return -1;
  }

  /**
   * Whether the key of this entry begins with this, byte by byte.
   *
   * @param prefix ASCII
   */
  public boolean keyStartsWith(int entry, String prefix) {
    int at = keyOffset(entry);
    if (keyLength(entry) < prefix.length()) {
      return false;
    }
    for (int i = 0; i < prefix.length(); i++) {
      if (bytes[at + i] != prefix.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /** The metadata that users put there. */
  public Metadata plain() {
    if (plain == null) {
      plain = new MetadataView(this, "", true);
    }
    return plain;
  }

  /** Kitex's persistent metadata. */
  public Metadata persistent() {
    if (persistent == null) {
      persistent = new MetadataView(this, dialect.persistentPrefix, false);
    }
    return persistent;
  }

  /** Kitex's transient metadata. */
  public Metadata transients() {
    if (transients == null) {
      transients = new MetadataView(this, dialect.transientPrefix, false);
    }
    return transients;
  }

  private void entry(int keyOffset, int keyLength, int valueOffset, int valueLength) {
    int at = count * WIDTH;
    if (at == index.length) {
      index = Arrays.copyOf(index, Math.max(8 * WIDTH, at * 2));
    }
    index[at] = keyOffset;
    index[at + 1] = keyLength;
    index[at + 2] = valueOffset;
    index[at + 3] = valueLength;
    count++;
  }
}
