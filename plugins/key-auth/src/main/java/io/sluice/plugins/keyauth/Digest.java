package io.sluice.plugins.keyauth;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * The SHA-256 of a key. To look one up tells nothing by its time: which keys are near the one that
 * was sent cannot be chosen by who sends it.
 */
final class Digest {
  /** Never fed. To copy it is cheaper than to have one made, which looks through providers. */
  private static final MessageDigest SHA_256 = sha256();

  private final byte[] bytes;

  private Digest(byte[] bytes) {
    this.bytes = bytes;
  }

  /** That of this key. */
  static Digest of(String key) {
    return new Digest(copy().digest(key.getBytes(StandardCharsets.UTF_8)));
  }

  private static MessageDigest copy() {
    try {
      return (MessageDigest) SHA_256.clone();
    } catch (CloneNotSupportedException e) {
      return sha256(); // of a provider whose digests cannot be copied
    }
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
    return other instanceof Digest digest && MessageDigest.isEqual(bytes, digest.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }
}
