package io.sluice.plugins.jwtauth;

import io.sluice.api.Status;
import io.sluice.api.Step;

/** Why a call is refused, in what its caller is told. */
enum Refusal {
  NO_TOKEN("no token"),
  MALFORMED("the token is malformed"),
  /** By no key that is known, with another algorithm than the key's, or not signed at all. */
  UNTRUSTED("the token is not trusted"),
  EXPIRED("the token has expired"),
  NO_EXPIRY("the token does not expire"),
  EARLY("the token is not valid yet"),
  ISSUER("the token is of another issuer"),
  AUDIENCE("the token is for another audience"),
  NO_IDENTITY("the token names nobody");

  final Step step;

  Refusal(String text) {
    step = Step.reject(Status.unauthenticated(text));
  }
}
