package io.sluice.plugins.jwtauth;

import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.text.ParseException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Date;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Finds out whether a token is good: its signature first, then its claims. Safe for all threads.
 */
final class Verifier {
  /** How many keys are tried for a token that does not say by which it is signed. */
  private static final int MAX_TRIES = 8;

  private static final int MAX_IDENTITY = 256;
  private static final int MAX_VALUE = 65_535;

  private final JwtAuthSettings settings;
  private final List<KeySource> sources;
  private final List<String> claims;

  Verifier(JwtAuthSettings settings, List<KeySource> sources) {
    this.settings = settings;
    this.sources = sources;
    this.claims = List.copyOf(settings.claims().keySet());
  }

  /** A key that may have signed a token, and where it comes from. */
  private record Candidate(VerificationKey key, KeySource source, List<VerificationKey> keys) {}

  /** A token that has been read, and the keys that may have signed it. */
  static final class Question {
    private final SignedJWT token;
    private final List<Candidate> candidates = new ArrayList<>();

    private Question(SignedJWT token) {
      this.token = token;
    }

    /** Whether the answer takes so long that it does not belong on an event loop. */
    boolean isSlow() {
      return candidates.stream().anyMatch(candidate -> candidate.key.isSlow());
    }
  }

  /**
   * Reads a token.
   *
   * @return null if it is malformed
   */
  @Nullable Question read(String text) {
    SignedJWT token;
    try {
      token = SignedJWT.parse(text);
    } catch (ParseException | RuntimeException e) { // of the latter, a header that is JSON's null
      return null;
    }
    Question question = new Question(token);
    JWSHeader header = token.getHeader();
    // What a token says must be understood is not, nor a body that is not encoded (RFC 7797).
    boolean plain = header.getCriticalParams() == null || header.getCriticalParams().isEmpty();
    if (plain && header.isBase64URLEncodePayload()) {
      for (KeySource source : sources) {
        List<VerificationKey> keys = source.keys();
        keys.stream()
            .filter(key -> key.mayHaveSigned(header))
            .forEach(key -> question.candidates.add(new Candidate(key, source, keys)));
      }
    }
    return question;
  }

  /** What comes of a token: its signature is checked here. */
  Token answer(Question question) {
    if (question.candidates.size() <= MAX_TRIES) {
      for (Candidate candidate : question.candidates) {
        if (candidate.key.hasSigned(question.token)) {
          return signed(question.token, candidate);
        }
      }
    }
    return Token.refused(Refusal.UNTRUSTED);
  }

  private Token signed(SignedJWT token, Candidate by) {
    JWTClaimsSet set;
    try {
      set = token.getJWTClaimsSet();
    } catch (ParseException | RuntimeException e) { // as above
      return Token.refused(Refusal.MALFORMED);
    }
    Refusal refusal = refusal(set);
    if (refusal != null) {
      return Token.refused(refusal);
    }
    String identity = text(set.getClaim(settings.identity()));
    if (identity == null || identity.isEmpty() || identity.length() > MAX_IDENTITY) {
      return Token.refused(Refusal.NO_IDENTITY);
    }
    List<@Nullable String> values = new ArrayList<>();
    claims.forEach(claim -> values.add(text(set.getClaim(claim))));
    long skew = settings.skew().toMillis();
    return new Token(
        null,
        identity,
        Collections.unmodifiableList(values),
        millis(set.getNotBeforeTime(), Instant.EPOCH) - skew,
        millis(set.getExpirationTime(), Instant.ofEpochMilli(Long.MAX_VALUE / 2)) + skew,
        by.source,
        by.keys);
  }

  private @Nullable Refusal refusal(JWTClaimsSet set) {
    if (settings.expires() && set.getExpirationTime() == null) {
      return Refusal.NO_EXPIRY;
    }
    if (!settings.issuers().isEmpty()
        && settings.issuers().stream().noneMatch(issuer -> issuer.equals(set.getIssuer()))) {
      return Refusal.ISSUER;
    }
    boolean forUs =
        settings.audiences().isEmpty()
            || set.getAudience().stream().anyMatch(settings.audiences()::contains);
    return forUs ? null : Refusal.AUDIENCE;
  }

  private static long millis(@Nullable Date date, Instant otherwise) {
    return date == null ? otherwise.toEpochMilli() : date.getTime();
  }

  /** A claim as the value of metadata; null if it is nothing that can be written so. */
  private static @Nullable String text(@Nullable Object claim) {
    String text = null;
    if (claim instanceof List<?> list) {
      boolean words = list.stream().allMatch(item -> item instanceof String);
      text = words ? list.stream().map(String::valueOf).collect(Collectors.joining(",")) : null;
    } else if (claim instanceof String || claim instanceof Number || claim instanceof Boolean) {
      text = claim.toString();
    }
    boolean fits =
        text != null
            && text.length() <= MAX_VALUE
            && text.chars().noneMatch(Character::isISOControl);
    return fits ? text : null;
  }
}
