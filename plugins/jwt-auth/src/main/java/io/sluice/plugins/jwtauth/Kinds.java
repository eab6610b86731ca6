package io.sluice.plugins.jwtauth;

import com.nimbusds.jose.jwk.Curve;
import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;

/** What kind a public key is of, in the words of {@link Algorithm#kind}. */
final class Kinds {
  private Kinds() {}

  static String of(PublicKey key) {
    if (key instanceof RSAPublicKey) {
      return "RSA";
    }
    if (key instanceof ECPublicKey ec) {
      Curve curve = Curve.forECParameterSpec(ec.getParams());
      return curve == null ? "of an unknown name" : curve.getName();
    }
    return key.getAlgorithm().equals("EdDSA") ? "Ed25519" : key.getAlgorithm();
  }
}
