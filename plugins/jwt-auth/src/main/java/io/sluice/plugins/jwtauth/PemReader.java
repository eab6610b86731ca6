package io.sluice.plugins.jwtauth;

import java.io.ByteArrayInputStream;
import java.security.KeyFactory;
import java.security.NoSuchAlgorithmException;
import java.security.PublicKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads public keys as PEM (RFC 7468): {@code PUBLIC KEY} and {@code CERTIFICATE}. */
final class PemReader {
  private static final Pattern BLOCK =
      Pattern.compile("-----BEGIN ([A-Z0-9 ]{1,64})-----([^-]*)-----END \\1-----");
  private static final List<String> FACTORIES = List.of("RSA", "EC", "Ed25519");

  private PemReader() {}

  /**
   * All that are there, in their order; empty if it is no PEM.
   *
   * @throws IllegalArgumentException if one of them cannot be used
   */
  static List<PublicKey> read(String text) {
    List<PublicKey> keys = new ArrayList<>();
    Matcher block = BLOCK.matcher(text);
    while (block.find()) {
      keys.add(key(block.group(1), block.group(2)));
    }
    return keys;
  }

  private static PublicKey key(String label, String base64) {
    byte[] bytes;
    try {
      bytes = Base64.getMimeDecoder().decode(base64);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("the " + label + " in it is damaged", e);
    }
    return switch (label) {
      case "PUBLIC KEY" -> publicKey(bytes);
      case "CERTIFICATE" -> certified(bytes);
      default ->
          throw new IllegalArgumentException(
              "there is a " + label + " in it: PUBLIC KEY and CERTIFICATE are right");
    };
  }

  private static PublicKey publicKey(byte[] bytes) {
    for (String name : FACTORIES) {
      try {
        return KeyFactory.getInstance(name).generatePublic(new X509EncodedKeySpec(bytes));
      } catch (InvalidKeySpecException e) {
        // Of another kind.
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException(e); // every JRE has these
      }
    }
    throw new IllegalArgumentException("a PUBLIC KEY in it is none of RSA, EC and Ed25519");
  }

  private static PublicKey certified(byte[] bytes) {
    try {
      return CertificateFactory.getInstance("X.509")
          .generateCertificate(new ByteArrayInputStream(bytes))
          .getPublicKey();
    } catch (CertificateException e) {
      throw new IllegalArgumentException("a CERTIFICATE in it cannot be read", e);
    }
  }
}
