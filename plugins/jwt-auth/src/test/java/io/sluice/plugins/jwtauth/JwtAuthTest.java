package io.sluice.plugins.jwtauth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import io.sluice.api.FilterFactory;
import io.sluice.api.Status;
import io.sluice.gateway.testkit.Trial;
import io.sluice.gateway.testkit.Trial.Came;
import io.sluice.gateway.testkit.Warnings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.ServiceLoader;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which tokens are good, what their callers are told, and what goes on to the downstream. */
class JwtAuthTest {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final String BEFORE = "request forbidden: ";

  /** With keys of a set; issuer and audience have to be right. */
  private static Trial trial;

  @TempDir Path folder;

  @BeforeAll
  static void start() {
    trial =
        trial(
            "keys: [{file: '%s'}], issuers: [https://id.example], audiences: [shop],"
                    .formatted(Tokens.file("jwks.json"))
                + " claims: {tenant: x-tenant, roles: x-roles, level: x-level, absent: x-absent}");
  }

  @AfterAll
  static void stop() {
    trial.close();
  }

  private static Trial trial(String settings) {
    return new Trial("  - {use: jwt-auth, with: {" + settings + "}}", new JwtAuthFactory());
  }

  private static Came send(Trial trial, String value, String... pairs) {
    Map<String, String> strings = new HashMap<>(Map.of("authorization", value));
    for (int i = 0; i < pairs.length; i += 2) {
      strings.put(pairs[i], pairs[i + 1]);
    }
    return trial.ttheader("me", "Cart", "Add", strings);
  }

  private static Status status(Trial trial, String name) {
    return send(trial, "Bearer " + Tokens.token(name)).status();
  }

  private static Status refused(String text) {
    return Status.exception(6, BEFORE + text);
  }

  @Test
  void theFactoryIsFoundAsAService() {
    assertThat(ServiceLoader.load(FilterFactory.class))
        .singleElement()
        .satisfies(factory -> assertThat(factory.name()).isEqualTo("jwt-auth"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"RS256", "PS256", "ES256", "ES384", "ES512", "EdDSA", "no-kid", "audiences"})
  void aGoodTokenSaysWhoTheCallerIs(String name) {
    // The second time it is remembered.
    for (int i = 0; i < 2; i++) {
      Came came = send(trial, "Bearer " + Tokens.token(name));
      assertThat(came.status()).isEqualTo(Status.OK);
      assertThat(came.identity()).isEqualTo("jane");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "none, the token is malformed",
    "confused, the token is not trusted",
    "wrong-key, the token is not trusted",
    "other-algorithm, the token is not trusted",
    "unknown-kid, the token is not trusted",
    "other-kid, the token is not trusted",
    "HS256, the token is not trusted",
    "critical, the token is not trusted",
    "expired, the token has expired",
    "early, the token is not valid yet",
    "no-expiry, the token does not expire",
    "other-issuer, the token is of another issuer",
    "no-issuer, the token is of another issuer",
    "other-audience, the token is for another audience",
    "no-audience, the token is for another audience",
    "no-subject, the token names nobody",
    "text, the token is malformed",
  })
  void othersAreRefused(String name, String text) {
    assertThat(status(trial, name)).isEqualTo(refused(text));
    assertThat(status(trial, name)).isEqualTo(refused(text));
  }

  @Test
  void callersOfEveryProtocolAreTold() {
    assertThat(trial.framed("Add").status()).isEqualTo(refused("no token"));
    assertThat(trial.grpc("/shop.Cart/Add", Map.of()).status())
        .isEqualTo(Status.grpc(16, BEFORE + "no token"));
    assertThat(trial.ttstream().status()).isEqualTo(refused("no token"));
    // ES256 is checked on a worker, and the stream goes on afterwards.
    for (String name : new String[] {"RS256", "ES256"}) {
      String good = "Bearer " + Tokens.token(name);
      assertThat(trial.grpc("/shop.Cart/Add", Map.of("authorization", good)).identity())
          .isEqualTo("jane");
      assertThat(trial.ttstream("authorization", good).identity()).isEqualTo("jane");
      assertThat(trial.ttstream("RPC_TRANSIT_AUTHORIZATION", good).identity()).isEqualTo("jane");
    }
  }

  @Test
  void theTokenGoesNoFurtherButItsClaimsDo() {
    Came came =
        send(
            trial,
            "Bearer " + Tokens.token("RS256"),
            "x-tenant",
            "forged",
            "X-Absent",
            "forged",
            "RPC_TRANSIT_X_ROLES",
            "forged",
            "x-other",
            "stays");
    assertThat(came.passed())
        .containsEntry("x-tenant", "north")
        .containsEntry("x-roles", "reader,writer")
        .containsEntry("x-level", "7")
        .containsEntry("x-other", "stays")
        .doesNotContainKeys("authorization", "X-Absent", "RPC_TRANSIT_X_ROLES");
  }

  @Test
  void aClaimThatCannotBeWrittenDoesNotGoOn() {
    Came came = send(trial, "Bearer " + Tokens.token("odd-claims"), "x-tenant", "forged");
    assertThat(came.status()).isEqualTo(Status.OK);
    assertThat(came.passed())
        .containsEntry("x-level", "true")
        .doesNotContainKeys("x-tenant", "x-roles");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Bearer", "Bearer ", "Basic abc", "Bearerabc", "bearer\tabc"})
  void whatHasNoTokenHasNone(String value) {
    assertThat(send(trial, value).status()).isEqualTo(refused("no token"));
  }

  @Test
  void theSchemeIsInAnyCase() {
    assertThat(send(trial, "bEARER  " + Tokens.token("RS256")).status()).isEqualTo(Status.OK);
  }

  @Test
  void aTokenThatWasChangedAnywhereIsRefused() {
    String good = Tokens.token("EdDSA");
    Random random = new Random(6);
    for (int i = 0; i < 200; i++) {
      char[] letters = good.toCharArray();
      int at = random.nextInt(letters.length - 1); // bits of the last letter do not all count
      char other = "ABab01-_.=".charAt(random.nextInt(10));
      if (letters[at] == other) {
        continue;
      }
      letters[at] = other;
      Status status = send(trial, "Bearer " + new String(letters)).status();
      assertThat(status)
          .isIn(refused("the token is malformed"), refused("the token is not trusted"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {".", "..", "...", "a.b.c", "e30.e30.", "e30.e30.e30", "bnVsbA.bnVsbA.AA"})
  void whatIsNoTokenIsMalformed(String text) {
    assertThat(send(trial, "Bearer " + text).status()).isEqualTo(refused("the token is malformed"));
  }

  @Test
  void aTokenThatIsTooLongIsNotLookedAt() {
    assertThat(send(trial, "Bearer " + "a".repeat(8193)).status())
        .isEqualTo(refused("the token is malformed"));
  }

  @Test
  void keysComeAsPemToo() {
    String many = "{file: '" + Tokens.file("many.pem") + "'}";
    String ps = "{file: '" + Tokens.file("ps.pem") + "', algorithm: PS384}";
    String rsa = "{file: '" + Tokens.file("rsa.pem") + "', algorithm: RS512, id: mine}";
    try (Trial pem = trial("keys: [" + many + ", " + ps + ", " + rsa + "]")) {
      for (String name :
          new String[] {"RS256", "ES256", "ES384", "ES512", "EdDSA", "PS384", "RS512"}) {
        assertThat(status(pem, name)).as(name).isEqualTo(Status.OK);
      }
      for (String name : new String[] {"PS256", "RS384", "other-algorithm"}) {
        assertThat(status(pem, name)).as(name).isEqualTo(refused("the token is not trusted"));
      }
      // Nobody asks here.
      assertThat(status(pem, "other-issuer")).isEqualTo(Status.OK);
      assertThat(status(pem, "no-audience")).isEqualTo(Status.OK);
    }
  }

  @Test
  void secretsAreForTheirAlgorithm() {
    String secret = Tokens.text("secret.txt");
    for (String name : new String[] {"HS256", "HS384", "HS512"}) {
      try (Trial hs = trial("keys: [{secret: '%s', algorithm: %s}]".formatted(secret, name))) {
        for (String other : new String[] {"HS256", "HS384", "HS512"}) {
          assertThat(status(hs, other).isOk()).isEqualTo(other.equals(name));
        }
      }
    }
    try (Trial jwk = trial("keys: [{file: '" + Tokens.file("oct.json") + "'}]")) {
      assertThat(status(jwk, "HS256")).isEqualTo(Status.OK);
      assertThat(status(jwk, "HS384").isOk()).isFalse();
    }
  }

  private static String token(String secret, Instant from, Instant until) throws Exception {
    SignedJWT token =
        new SignedJWT(
            new JWSHeader(JWSAlgorithm.HS256),
            new JWTClaimsSet.Builder()
                .subject("jane")
                .notBeforeTime(Date.from(from))
                .expirationTime(Date.from(until))
                .build());
    token.sign(new MACSigner(secret));
    return "Bearer " + token.serialize();
  }

  @Test
  void clocksMayBeApart() throws Exception {
    String secret = Tokens.text("secret.txt");
    Instant now = Instant.now();
    Duration little = Duration.ofMinutes(5);
    Duration much = Duration.ofMinutes(20);
    try (Trial hs =
        trial("skew: 10m, keys: [{secret: '%s', algorithm: HS256}]".formatted(secret))) {
      for (int i = 0; i < 2; i++) { // checked, and then remembered
        String over = token(secret, now.minus(much), now.minus(little));
        assertThat(send(hs, over).status()).isEqualTo(Status.OK);
        String soon = token(secret, now.plus(little), now.plus(much));
        assertThat(send(hs, soon).status()).isEqualTo(Status.OK);
      }
      String longOver = token(secret, now.minus(much), now.minus(much));
      assertThat(send(hs, longOver).status()).isEqualTo(refused("the token has expired"));
      String notSoon = token(secret, now.plus(much), now.plus(much));
      assertThat(send(hs, notSoon).status()).isEqualTo(refused("the token is not valid yet"));
    }
  }

  /** The public key is no secret, whatever a token says. */
  @Test
  void aPublicKeyIsNoSecret() {
    try (Trial pem = trial("keys: [{file: '" + Tokens.file("rsa.pem") + "'}]")) {
      assertThat(status(pem, "RS256")).isEqualTo(Status.OK);
      assertThat(status(pem, "confused")).isEqualTo(refused("the token is not trusted"));
      assertThat(status(pem, "none")).isEqualTo(refused("the token is malformed"));
    }
  }

  @Test
  void otherMetadataAnotherClaimAndTheTokenKept() {
    try (Trial other =
        trial(
            "keys: [{file: '%s'}], metadata: x-token, scheme: '', identity: tenant, keep: true,"
                    .formatted(Tokens.file("jwks.json"))
                + " cache: 0, expires: false, skew: 0ms")) {
      String token = Tokens.token("RS256");
      Came came = other.ttheader("me", "Cart", "Add", Map.of("x-token", token));
      assertThat(came.identity()).isEqualTo("north");
      assertThat(came.passed()).containsEntry("x-token", token);
      String endless = Tokens.token("no-expiry");
      assertThat(other.ttheader("me", "Cart", "Add", Map.of("x-token", endless)).identity())
          .isEqualTo("north");
    }
  }

  @Test
  void aFileIsLookedForWhereTheConfigurationIs() throws Exception {
    Files.copy(Tokens.file("rsa.pem"), folder.resolve("key.pem"));
    try (Trial own =
        new Trial(
            folder.resolve("gateway.yaml"),
            "  - {use: jwt-auth, with: {keys: [{file: key.pem}]}}",
            new JwtAuthFactory())) {
      assertThat(status(own, "RS256")).isEqualTo(Status.OK);
    }
  }

  @Test
  void aRememberedTokenIsNotCheckedAgainUntilTheKeysChange() throws Exception {
    Path file = Files.copy(Tokens.file("rsa.pem"), folder.resolve("key.pem"));
    try (Warnings warnings = new Warnings("io.sluice.plugins.jwtauth");
        Trial own = trial("refresh: 100ms, keys: [{file: '" + file + "'}]")) {
      var checked = own.gateway().registry().get("sluice.jwt.auth.checked").counter();
      for (int i = 0; i < 5; i++) {
        assertThat(status(own, "RS256")).isEqualTo(Status.OK);
      }
      assertThat(checked.count()).isEqualTo(1);

      replace(file, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
      assertThat(warnings.only())
          .contains("there is a PRIVATE KEY in it: PUBLIC KEY and CERTIFICATE are right");
      assertThat(status(own, "RS256")).isEqualTo(Status.OK);
      assertThat(checked.count()).isEqualTo(1);

      replace(file, Tokens.text("ps.pem"));
      await()
          .atMost(PATIENCE)
          .until(() -> status(own, "RS256").equals(refused("the token is not trusted")));
    }
  }

  private static void replace(Path file, String text) throws Exception {
    Path beside = file.resolveSibling("beside");
    Files.writeString(beside, text);
    Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE);
  }

  @Test
  void whatCannotBeUsedIsRefusedWithItsPlace() throws Exception {
    assertThatThrownBy(() -> trial("keys: [{algorithm: RS256}]"))
        .hasMessageContaining("keys[0]: give either file or secret");
    assertThatThrownBy(() -> trial("keys: [{secret: short, algorithm: HS256}]"))
        .hasMessageContaining("keys[0]: a secret of 5 bytes is too short for HS256")
        .satisfies(e -> assertThat(e.toString()).doesNotContain("short,"));
    assertThatThrownBy(() -> trial("keys: [{secret: whatever}]"))
        .hasMessageContaining("keys[0]: 'algorithm' is one of HS256, ")
        .hasMessageContaining("EdDSA");
    assertThatThrownBy(() -> trial("keys: [{file: x, algorithm: rs256}]"))
        .hasMessageContaining("keys[0]: 'algorithm' is one of HS256, ");
    String rsa = "keys: [{file: '" + Tokens.file("rsa.pem") + "', algorithm: ES256}]";
    assertThatThrownBy(() -> trial(rsa))
        .hasStackTraceContaining("ES256 does not go with an RSA key");
    assertThatThrownBy(() -> trial("keys: [{file: '" + Tokens.file("weak.pem") + "'}]"))
        .hasStackTraceContaining("an RSA key of 1024 bits is too short");
    Path empty = Files.writeString(folder.resolve("empty"), "");
    assertThatThrownBy(() -> trial("keys: [{file: '" + empty + "'}]"))
        .hasStackTraceContaining("it has 0 keys that can be used");
    Path json = Files.writeString(folder.resolve("json"), "{\"k\": \"secret\"}");
    assertThatThrownBy(() -> trial("keys: [{file: '" + json + "'}]"))
        .hasStackTraceContaining("it is neither a JWK nor a set of JWKs");
    String good = "keys: [{file: '" + Tokens.file("rsa.pem") + "'}]";
    assertThatThrownBy(() -> trial(good + ", claims: {tenant: grpc-status}"))
        .hasMessageContaining("claims.tenant: 'grpc-status' cannot be a key of metadata");
  }
}
