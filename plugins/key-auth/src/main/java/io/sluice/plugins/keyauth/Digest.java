package io.sluice.plugins.keyauth;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * The SHA-256 of a key. To look one up tells nothing by its time: which keys are near the one that
 * was sent cannot be chosen by who sends it, and all of two are compared.
 */
final class Digest {
  private static final ThreadLocal<MessageDigest> SHA_256 = ThreadLocal.withInitial(Digest::sha256);

  private final long first;
  private final long second;
  private final long third;
  private final long fourth;

  private Digest(byte[] bytes) {
    ByteBuffer longs = ByteBuffer.wrap(bytes);
    first = longs.getLong();
    second = longs.getLong();
    third = longs.getLong();
    fourth = longs.getLong();
  }

  /** That of this key. */
  static Digest of(String key) {
    return new Digest(SHA_256.get().digest(key.getBytes(StandardCharsets.UTF_8)));
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every JRE has it
    }
  }

  /**
   * Reads the written form.
   *
   * @param hex 64 hexadecimal digits
   */
  static Digest parse(String hex) {
    return new Digest(HexFormat.of().parseHex(hex));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Digest digest
        && (first ^ digest.first
                | second ^ digest.second
                | third ^ digest.third
                | fourth ^ digest.fourth)
            == 0;
  }

  @Override
  public int hashCode() {
    return Long.hashCode(first ^ second ^ third ^ fourth);
  }
}
