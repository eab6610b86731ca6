package io.sluice.api;

import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A map of bounded size and age: see {@link FilterContext#cache}. Safe for all threads. */
public interface Cache<K, V> {

  /** What is there of this key, or null. */
  @Nullable V get(K key);

  /**
   * What is there of this key, made first if nothing is. Whoever asks for the same key meanwhile
   * waits, so making must be quick.
   *
   * @param make does not return null
   */
  V get(K key, Function<? super K, ? extends V> make);

  /** Puts a value in the place of what is there. */
  void put(K key, V value);

  /** Takes out what is there of this key. */
  void remove(K key);

  /** About how many entries there are. */
  long size();
}
