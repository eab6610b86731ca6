package io.sluice.plugins.jwtauth;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.jwk.OctetSequenceKey;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.util.JSONObjectUtils;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.text.ParseException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads keys as JWK, one or a set (RFC 7517). */
final class JwkReader {
  /** What stands before the 32 bytes of an Ed25519 key in its X.509 form (RFC 8410). */
  private static final byte[] ED25519 = HexFormat.of().parseHex("302a300506032b6570032100");

  private static final int ED25519_BYTES = 32;

  private JwkReader() {}

  /**
   * All that can be used. Keys of a set that are for something else, or of a kind that is not
   * known, are left out, as a set is often not made for the gateway alone.
   *
   * @param otherwise the algorithm of keys that say none; null for what is usual for their kind
   * @param id of keys that have none
   * @throws IllegalArgumentException if it is no JWK, or the only one cannot be used
   */
  static List<VerificationKey> read(
      String json, @Nullable Algorithm otherwise, @Nullable String id) {
    try {
      Map<String, Object> object = JSONObjectUtils.parse(json);
      if (!object.containsKey("keys")) {
        return List.of(key(JWK.parse(object), otherwise, id));
      }
      List<VerificationKey> keys = new ArrayList<>();
      for (JWK jwk : JWKSet.parse(object).getKeys()) {
        if (!KeyUse.ENCRYPTION.equals(jwk.getKeyUse()) && isKnown(jwk)) {
          keys.add(key(jwk, otherwise, id));
        }
      }
      return keys;
    } catch (ParseException e) {
      // Without the library's words, which may show what is in it.
      throw new IllegalArgumentException("it is neither a JWK nor a set of JWKs");
    } catch (JOSEException | GeneralSecurityException e) {
      throw new IllegalArgumentException("a key in it cannot be used: " + e.getMessage(), e);
    }
  }

  private static boolean isKnown(JWK jwk) {
    boolean algorithm =
        jwk.getAlgorithm() == null || Algorithm.named(jwk.getAlgorithm().getName()) != null;
    return algorithm && (jwk instanceof OctetSequenceKey || Algorithm.usual(kind(jwk)) != null);
  }

  private static String kind(JWK jwk) {
    if (jwk instanceof ECKey ec) {
      return ec.getCurve().getName();
    }
    return jwk instanceof OctetKeyPair pair
        ? pair.getCurve().getName()
        : jwk.getKeyType().getValue();
  }

  private static VerificationKey key(JWK jwk, @Nullable Algorithm otherwise, @Nullable String id)
      throws JOSEException, GeneralSecurityException {
    Algorithm algorithm = algorithm(jwk, otherwise);
    String name = jwk.getKeyID() == null ? id : jwk.getKeyID();
    return jwk instanceof OctetSequenceKey secret
        ? VerificationKey.of(algorithm, name, secret.toByteArray())
        : VerificationKey.of(algorithm, name, publicKey(jwk));
  }

  private static Algorithm algorithm(JWK jwk, @Nullable Algorithm otherwise) {
    Algorithm algorithm = otherwise == null ? Algorithm.usual(kind(jwk)) : otherwise;
    if (jwk.getAlgorithm() != null) {
      algorithm = Algorithm.named(jwk.getAlgorithm().getName());
    }
    if (algorithm == null) {
      throw new IllegalArgumentException(
          "a key of the type " + jwk.getKeyType() + " needs an algorithm: " + Algorithm.help());
    }
    return algorithm;
  }

  private static PublicKey publicKey(JWK jwk) throws JOSEException, GeneralSecurityException {
    if (jwk instanceof RSAKey rsa) {
      return rsa.toRSAPublicKey();
    }
    if (jwk instanceof ECKey ec) {
      return ec.toECPublicKey();
    }
    byte[] x = ((OctetKeyPair) jwk).getDecodedX();
    if (x.length != ED25519_BYTES) {
      throw new IllegalArgumentException("a key on a curve of Edwards has no 32 bytes");
    }
    byte[] encoded = new byte[ED25519.length + x.length];
    System.arraycopy(ED25519, 0, encoded, 0, ED25519.length);
    System.arraycopy(x, 0, encoded, ED25519.length, x.length);
    return KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(encoded));
  }
}
