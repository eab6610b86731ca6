package io.sluice.gateway.context;

import com.github.benmanes.caffeine.cache.Caffeine;
import io.sluice.api.Cache;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A {@link Cache} of Caffeine's. */
final class BoundedCache<K, V> implements Cache<K, V> {
  private final com.github.benmanes.caffeine.cache.Cache<K, V> entries;

  BoundedCache(int maxEntries, Duration maxAge) {
    this.entries =
        Caffeine.newBuilder()
            .maximumSize(maxEntries)
            .expireAfterWrite(maxAge)
            .executor(Runnable::run) // on the threads of all else, a plugin's code would stay
            .build();
  }

  @Override
  public @Nullable V get(K key) {
    return entries.getIfPresent(key);
  }

  @Override
  public V get(K key, Function<? super K, ? extends V> make) {
    return Objects.requireNonNull(entries.get(key, make), "a cache holds no null");
  }

  @Override
  public void put(K key, V value) {
    entries.put(key, value);
  }

  @Override
  public void remove(K key) {
    entries.invalidate(key);
  }

  @Override
  public long size() {
    entries.cleanUp();
    return entries.estimatedSize();
  }

  /** Lets go of all entries, and keeps none from now on. */
  void close() {
    entries.policy().eviction().ifPresent(bound -> bound.setMaximum(0));
    entries.invalidateAll();
    entries.cleanUp();
  }
}
