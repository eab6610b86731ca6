package io.sluice.plugins.ratelimit;

import io.sluice.api.Cache;
import io.sluice.api.Call;
import io.sluice.api.FilterContext;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Base64;
import java.util.function.Supplier;

/** Finds the {@link Share} that a call is counted with. Safe for all threads. */
interface Shares {
  /** Letters of a key at most; of longer ones the digest is kept, so that memory has a bound. */
  int MAX_KEY = 128;

  /** A year: what has been used of a bucket is forgotten by then anyway. */
  Duration MAX_AGE = Duration.ofDays(365);

  Share of(Call call);

  /** How many there are. */
  long size();

  /** One for all calls. */
  static Shares one(Supplier<Share> make) {
    Share share = make.get();
    return new Shares() {
      @Override
      public Share of(Call call) {
        return share;
      }

      @Override
      public long size() {
        return 1;
      }
    };
  }

  /**
   * One for each key.
   *
   * @param metadata the key of metadata, if calls are counted by that
   */
  static Shares each(
      By by, String metadata, int maxKeys, FilterContext context, Supplier<Share> make) {
    Cache<Object, Share> shares = context.cache(maxKeys, MAX_AGE);
    return new Shares() {
      @Override
      public Share of(Call call) {
        Object key = bounded(by.of(call, metadata));
        Share share = shares.get(key);
        return share == null ? shares.get(key, k -> make.get()) : share;
      }

      @Override
      public long size() {
        return shares.size();
      }
    };
  }

  private static Object bounded(Object key) {
    if (!(key instanceof String text) || text.length() <= MAX_KEY) {
      return key;
    }
    try {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      return Base64.getEncoder().encodeToString(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every JRE has it
    }
  }
}
