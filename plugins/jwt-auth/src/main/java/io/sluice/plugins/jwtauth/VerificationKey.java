package io.sluice.plugins.jwtauth;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.ECDSAVerifier;
import com.nimbusds.jose.crypto.MACVerifier;
import com.nimbusds.jose.crypto.RSASSAVerifier;
import com.nimbusds.jwt.SignedJWT;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import org.jspecify.annotations.Nullable;

/**
 * A key and the one algorithm that it is for: what a token's header says of its algorithm decides
 * nothing but whether the key is asked. Immutable.
 */
final class VerificationKey {
  private static final int MIN_RSA_BITS = 2048;

  /** It takes four times as long for twice as many bits. */
  private static final int QUICK_RSA_BITS = 4096;

  /** Checks a signature. Safe for all threads. */
  @FunctionalInterface
  private interface Check {
    boolean isGood(SignedJWT token) throws JOSEException, GeneralSecurityException;
  }

  private final Algorithm algorithm;
  private final @Nullable String id;
  private final boolean slow;
  private final Check check;

  private VerificationKey(Algorithm algorithm, @Nullable String id, boolean slow, Check check) {
    this.algorithm = algorithm;
    this.id = id;
    this.slow = slow;
    this.check = check;
  }

  /**
   * A secret that both sides know.
   *
   * @param id null if it has none
   * @throws IllegalArgumentException if the algorithm is for other keys, or it is too short
   */
  static VerificationKey of(Algorithm algorithm, @Nullable String id, byte[] secret) {
    requireKind(algorithm, "oct", "a secret");
    if (secret.length * Byte.SIZE < algorithm.bits) {
      throw new IllegalArgumentException(
          "a secret of " + secret.length + " bytes is too short for " + algorithm);
    }
    try {
      MACVerifier verifier = new MACVerifier(secret);
      return new VerificationKey(
          algorithm, id, algorithm.isSlow(), token -> token.verify(verifier));
    } catch (JOSEException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }

  /**
   * A public key.
   *
   * @param id null if it has none
   * @throws IllegalArgumentException if the algorithm is for other keys, or it is too weak
   */
  static VerificationKey of(Algorithm algorithm, @Nullable String id, PublicKey key) {
    try {
      if (key instanceof RSAPublicKey rsa) {
        requireKind(algorithm, "RSA", "an RSA key");
        if (rsa.getModulus().bitLength() < MIN_RSA_BITS) {
          throw new IllegalArgumentException(
              "an RSA key of "
                  + rsa.getModulus().bitLength()
                  + " bits is too short: 2048 at least");
        }
        RSASSAVerifier verifier = new RSASSAVerifier(rsa);
        boolean slow = rsa.getModulus().bitLength() > QUICK_RSA_BITS;
        return new VerificationKey(algorithm, id, slow, token -> token.verify(verifier));
      }
      if (key instanceof ECPublicKey ec) {
        requireKind(algorithm, Kinds.of(ec), "a key on the curve " + Kinds.of(ec));
        ECDSAVerifier verifier = new ECDSAVerifier(ec);
        return new VerificationKey(
            algorithm, id, algorithm.isSlow(), token -> token.verify(verifier));
      }
    } catch (JOSEException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
    requireKind(algorithm, "Ed25519", "a key on the curve Ed25519");
    return new VerificationKey(
        algorithm, id, algorithm.isSlow(), token -> isGoodByEd25519(key, token));
  }

  private static void requireKind(Algorithm algorithm, String kind, String what) {
    if (!algorithm.kind.equals(kind)) {
      throw new IllegalArgumentException(algorithm + " does not go with " + what);
    }
  }

  /** By the JDK, which has it since 15: the library would need another one for this. */
  private static boolean isGoodByEd25519(PublicKey key, SignedJWT token)
      throws GeneralSecurityException {
    Signature signature = Signature.getInstance("Ed25519");
    signature.initVerify(key);
    signature.update(token.getSigningInput());
    return signature.verify(token.getSignature().decode());
  }

  /** Whether a token with this header may be signed with it. */
  boolean mayHaveSigned(JWSHeader header) {
    return algorithm.toString().equals(header.getAlgorithm().getName())
        && (id == null || header.getKeyID() == null || id.equals(header.getKeyID()));
  }

  /** Whether the check takes so long that it does not belong on an event loop. */
  boolean isSlow() {
    return slow;
  }

  /** Whether it has signed a token that it {@link #mayHaveSigned may have}. */
  boolean hasSigned(SignedJWT token) {
    try {
      return check.isGood(token);
    } catch (JOSEException | GeneralSecurityException e) {
      return false; // no signature of this kind at all, of a wrong length for one
    }
  }
}
