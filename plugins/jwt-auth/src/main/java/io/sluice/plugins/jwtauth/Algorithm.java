package io.sluice.plugins.jwtauth;

import java.util.Arrays;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** How tokens may be signed, by what they call it (RFC 7518, RFC 8037). */
enum Algorithm {
  HS256("oct", 256),
  HS384("oct", 384),
  HS512("oct", 512),
  RS256("RSA", 0),
  RS384("RSA", 0),
  RS512("RSA", 0),
  PS256("RSA", 0),
  PS384("RSA", 0),
  PS512("RSA", 0),
  ES256("P-256", 0),
  ES384("P-384", 0),
  ES512("P-521", 0),
  EDDSA("Ed25519", 0);

  private final String label;

  /** The kind of key that it takes: the type of a JWK, or its curve. */
  final String kind;

  /** How long a secret must be, in bits. */
  final int bits;

  Algorithm(String kind, int bits) {
    this.label = name().equals("EDDSA") ? "EdDSA" : name();
    this.kind = kind;
    this.bits = bits;
  }

  /**
   * Finds one by its name.
   *
   * @return null if there is none
   */
  static @Nullable Algorithm named(@Nullable String label) {
    for (Algorithm algorithm : values()) {
      if (algorithm.label.equals(label)) {
        return algorithm;
      }
    }
    return null;
  }

  /** The one that keys of a kind are for when nothing says so; null for secrets. */
  static @Nullable Algorithm usual(String kind) {
    return switch (kind) {
      case "RSA" -> RS256;
      case "P-256" -> ES256;
      case "P-384" -> ES384;
      case "P-521" -> ES512;
      case "Ed25519" -> EDDSA;
      default -> null;
    };
  }

  /** All names, for those who wrote something else. */
  static String help() {
    return Arrays.stream(values()).map(Algorithm::toString).collect(Collectors.joining(", "));
  }

  /**
   * Whether checking a signature keeps an event loop from its calls: by elliptic curves it takes
   * 0.5 to 5 ms, by RSA of 2048 bits 40 µs, and by secrets 10.
   */
  boolean isSlow() {
    return kind.startsWith("P-") || this == EDDSA;
  }

  /** As tokens call it. */
  @Override
  public String toString() {
    return label;
  }
}
