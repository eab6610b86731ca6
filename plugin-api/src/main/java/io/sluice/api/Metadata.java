package io.sluice.api;

import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Keys and values that travel beside a call's messages. Keys are found whatever their case; a key
 * is written as given on TTHeader and ttstream, and in lower case on HTTP/2. What the protocols use
 * for themselves (method, deadline, status, …) is not among them.
 *
 * <p>Used on the call's event loop only.
 */
public interface Metadata {

  /** The last value of this key, or null. */
  @Nullable String get(String key);

  /** All values of this key in their order; repeated keys exist on HTTP/2 only. */
  List<String> getAll(String key);

  /**
   * Replaces all values of the key by one.
   *
   * @throws IllegalArgumentException if the key is empty, too long for the wire or kept for the
   *     protocols' own use, or the value is too long or has control characters
   */
  void set(String key, String value);

  /**
   * Adds a value and leaves those that are there. On TTHeader, where the last of equal keys wins,
   * this is the same as {@link #set}.
   *
   * @throws IllegalArgumentException as {@link #set}
   */
  void add(String key, String value);

  /**
   * Removes all values of the key.
   *
   * @return whether there was one
   */
  boolean remove(String key);

  /** Shows every key with its value, in the order of the wire. */
  void forEach(BiConsumer<String, String> each);

  /** How many keys with a value there are; a repeated key counts as often as it is there. */
  int size();
}
