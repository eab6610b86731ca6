package io.sluice.plugins.keyauth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.sluice.api.Status;
import io.sluice.gateway.testkit.Trial;
import io.sluice.gateway.testkit.Trial.Came;
import io.sluice.gateway.testkit.Warnings;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which calls pass, what becomes of their keys, and what happens to a file that changes. */
class KeyAuthTest {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final Status NO_KEY = Status.exception(6, "request forbidden: no key");
  private static final Status UNKNOWN = Status.exception(6, "request forbidden: unknown key");

  @TempDir Path folder;

  private static String sha256(String key) throws Exception {
    byte[] bytes = key.getBytes(StandardCharsets.UTF_8);
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
  }

  private static Trial trial(String settings) throws Exception {
    return new Trial(
        "  - {use: key-auth, with: {keys: [{sha256: %s, identity: web}]%s}}"
            .formatted(sha256("alpha"), settings),
        new KeyAuthFactory());
  }

  private static Came ttheader(Trial trial, String... pairs) {
    Map<String, String> strings =
        pairs.length == 0
            ? Map.of()
            : pairs.length == 2
                ? Map.of(pairs[0], pairs[1])
                : Map.of(pairs[0], pairs[1], pairs[2], pairs[3]);
    return trial.ttheader("me", "Cart", "Add", strings);
  }

  @Test
  void aKnownKeySaysWhoTheCallerIsAndGoesNoFurther() throws Exception {
    try (Trial trial = trial("")) {
      for (String key : new String[] {"x-api-key", "X-Api-Key"}) {
        Came came = ttheader(trial, key, "alpha", "other", "stays");
        assertThat(came.status()).isEqualTo(Status.OK);
        assertThat(came.identity()).isEqualTo("web");
        assertThat(came.passed()).containsEntry("other", "stays").doesNotContainKey(key);
      }
      // As Kitex's metainfo sends it.
      for (String prefix : new String[] {"RPC_TRANSIT_", "RPC_PERSIST_"}) {
        Came came = ttheader(trial, prefix + "X_API_KEY", "alpha");
        assertThat(came.status()).isEqualTo(Status.OK);
        assertThat(came.identity()).isEqualTo("web");
        assertThat(came.passed()).doesNotContainKey(prefix + "X_API_KEY");
      }
      Came grpc = trial.grpc("/shop.Cart/Add", Map.of("x-api-key", "alpha", "other", "stays"));
      assertThat(grpc.status()).isEqualTo(Status.OK);
      assertThat(grpc.identity()).isEqualTo("web");
      assertThat(grpc.passed()).containsEntry("other", "stays").doesNotContainKey("x-api-key");
      Came stream = trial.ttstream("x-api-key", "alpha", "other", "stays");
      assertThat(stream.status()).isEqualTo(Status.OK);
      assertThat(stream.identity()).isEqualTo("web");
      assertThat(stream.passed()).containsEntry("other", "stays").doesNotContainKey("x-api-key");
    }
  }

  @Test
  void othersAreRefused() throws Exception {
    try (Trial trial = trial("")) {
      assertThat(trial.framed("Add").status()).isEqualTo(NO_KEY);
      assertThat(ttheader(trial).status()).isEqualTo(NO_KEY);
      assertThat(ttheader(trial, "x-api-key", "").status()).isEqualTo(NO_KEY);
      assertThat(ttheader(trial, "x-api-key", "beta").status()).isEqualTo(UNKNOWN);
      assertThat(ttheader(trial, "x-api-key", sha256("alpha")).status()).isEqualTo(UNKNOWN);
      assertThat(ttheader(trial, "x-api-key", "a".repeat(5000)).status()).isEqualTo(UNKNOWN);
      assertThat(trial.grpc("/shop.Cart/Add", Map.of()).status())
          .isEqualTo(Status.grpc(16, "request forbidden: no key"));
      assertThat(trial.grpc("/shop.Cart/Add", Map.of("x-api-key", "beta")).status())
          .isEqualTo(Status.grpc(16, "request forbidden: unknown key"));
      assertThat(trial.ttstream().status()).isEqualTo(NO_KEY);
      assertThat(trial.ttstream("x-api-key", "beta").status()).isEqualTo(UNKNOWN);
      assertThat(trial.gateway().registry().get("sluice.key.auth.refused").counter().count())
          .isEqualTo(10);
    }
  }

  @Test
  void aKeyMayGoByAnotherNameAndGoOn() throws Exception {
    try (Trial trial = trial(", metadata: token, keep: true")) {
      assertThat(ttheader(trial, "x-api-key", "alpha").status()).isEqualTo(NO_KEY);
      Came came = ttheader(trial, "token", "alpha");
      assertThat(came.status()).isEqualTo(Status.OK);
      assertThat(came.passed()).containsEntry("token", "alpha");
    }
  }

  private static void replace(Path file, String text) throws IOException {
    Path beside = file.resolveSibling("beside");
    Files.writeString(beside, text);
    Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE);
  }

  private static void awaitIdentity(Trial trial, String key, String identity) {
    await()
        .atMost(PATIENCE)
        .until(() -> ttheader(trial, "x-api-key", key).identity().equals(identity));
  }

  @Test
  void aFileCountsAsItIsNow() throws Exception {
    Path file = Files.writeString(folder.resolve("keys.txt"), sha256("beta") + " app\n");
    try (Warnings warnings = new Warnings("io.sluice.plugins.keyauth");
        Trial trial = trial(", refresh: 100ms, file: '" + file + "'")) {
      assertThat(ttheader(trial, "x-api-key", "alpha").identity()).isEqualTo("web");
      assertThat(ttheader(trial, "x-api-key", "beta").identity()).isEqualTo("app");
      assertThat(trial.gateway().registry().get("sluice.key.auth.keys").gauge().value())
          .isEqualTo(2);

      replace(file, sha256("gamma") + " job\n");
      awaitIdentity(trial, "gamma", "job");
      assertThat(ttheader(trial, "x-api-key", "beta").status()).isEqualTo(UNKNOWN);
      assertThat(ttheader(trial, "x-api-key", "alpha").identity()).isEqualTo("web");

      replace(file, "gamma job\n");
      assertThat(warnings.only())
          .startsWith("key-auth: " + file + " has changed and cannot be used, what it was before")
          .contains("line 1: write the SHA-256")
          .doesNotContain("gamma");
      Files.delete(file);
      await().atMost(PATIENCE).until(() -> warnings.lines().size() == 2);
      assertThat(warnings.lines().get(1)).startsWith("key-auth: cannot read " + file);
      assertThat(ttheader(trial, "x-api-key", "gamma").identity()).isEqualTo("job");

      replace(file, sha256("delta") + " new\n");
      awaitIdentity(trial, "delta", "new");
      assertThat(warnings.lines()).hasSize(2);
    }
  }

  @Test
  void aFileThatCannotBeUsedRefusesTheConfiguration() throws Exception {
    assertThatThrownBy(() -> trial(", file: '" + folder.resolve("absent") + "'"))
        .hasStackTraceContaining("absent: there is no such file");
    Path file = Files.writeString(folder.resolve("keys.txt"), "plain web\n");
    assertThatThrownBy(() -> trial(", file: '" + file + "'"))
        .hasStackTraceContaining("line 1: write the SHA-256")
        .satisfies(e -> assertThat(e.toString()).doesNotContain("plain"));
  }

  @Test
  void aFileIsLookedForWhereTheConfigurationIs() throws Exception {
    Files.createDirectory(folder.resolve("keys"));
    Files.writeString(folder.resolve("keys/beta.txt"), sha256("beta") + " app\n");
    try (Trial trial =
        new Trial(
            folder.resolve("gateway.yaml"),
            "  - {use: key-auth, with: {file: keys/beta.txt}}",
            new KeyAuthFactory())) {
      assertThat(ttheader(trial, "x-api-key", "beta").identity()).isEqualTo("app");
    }
  }

  @Test
  void noFaultShowsAKeyThatStandsInThePlaceOfItsDigest() {
    assertThatThrownBy(
            () ->
                new Trial(
                    "  - {use: key-auth, with: {keys: [{sha256: hunter2, identity: web}]}}",
                    new KeyAuthFactory()))
        .hasMessageContaining("it must match [0-9a-fA-F]{64}")
        .hasMessageNotContaining("hunter2");
  }

  @Test
  void somebodyMustBeAbleToPass() {
    assertThatThrownBy(() -> new Trial("  - {use: key-auth}", new KeyAuthFactory()))
        .hasMessageContaining("nobody could pass: give keys or file");
  }
}
