package io.sluice.interop;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.interop.harness.GatewayProcess;
import io.sluice.interop.harness.Peers;
import io.sluice.interop.harness.Peers.Outcome;
import io.sluice.interop.harness.Peers.Try;
import io.sluice.interop.harness.Places;
import io.sluice.interop.thrift.ApacheCall;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * The plugins that let calls in or not, on every protocol: what exactly the clients of Kitex,
 * grpc-go and Apache Thrift see. Prints what they saw, and writes it to {@code target/plugins.md}.
 */
final class PluginsTest {
  /** Those of Kitex that carry metadata, and grpc-go's by the two codecs. */
  private static final List<String> WITH_METADATA =
      List.of(
          "ttheader",
          "ttheader-framed",
          "ttheader-mux",
          "kitexpb-ttheader-framed",
          "grpc-thrift",
          "grpc-pb",
          "ttstream",
          "google-thrift",
          "google-pb");

  private static final List<String> WITHOUT = List.of("framed", "buffered");

  /** Tokens of PyJWT that are refused, and what their callers are told. */
  private static final Map<String, String> BAD_TOKENS =
      Map.of(
          "none", "the token is malformed",
          "wrong-key", "the token is not trusted",
          "confused", "the token is not trusted",
          "expired", "the token has expired",
          "early", "the token is not valid yet",
          "other-issuer", "the token is of another issuer",
          "other-audience", "the token is for another audience");

  private static final List<String> GOOD_TOKENS = List.of("RS256", "PS256", "ES256", "EdDSA");

  /** The SHA-256 of alpha. */
  private static final String CONFIGURATION =
      """
      listeners:
        admin: {address: "127.0.0.1:0", serves: admin}
        key: {address: "127.0.0.1:0"}
        allow: {address: "127.0.0.1:0"}
        deny: {address: "127.0.0.1:0"}
        rate: {address: "127.0.0.1:0"}
        jwt: {address: "127.0.0.1:0"}
      clusters:
        backend: {endpoints: ["127.0.0.1:%d"], transport: ttheader-framed}
      routes:
        - match: {listener: key}
          cluster: backend
          filters:
            - use: key-auth
              with:
                keys:
                  - sha256: 8ed3f6ad685b959ead7022518e1af76cd816f8e8ec7ccdda1ed4018e8f2223f8
                    identity: alpha
            - {use: acl, with: {rules: [{action: allow, identities: [alpha]}], otherwise: deny}}
        - match: {listener: allow}
          cluster: backend
          filters:
            - {use: acl, with: {rules: [{action: allow, networks: [127.0.0.0/8]}], otherwise: deny}}
        - match: {listener: deny}
          cluster: backend
          filters:
            - {use: acl, with: {rules: [{action: deny, networks: [127.0.0.0/8]}], otherwise: allow}}
        - match: {listener: rate}
          cluster: backend
          filters:
            - {use: rate-limit, with: {rate: 1, per: 24h, burst: %d}}
        - match: {listener: jwt}
          cluster: backend
          filters:
            - use: jwt-auth
              with:
                keys: [{file: "%s"}]
                issuers: [https://id.example]
                audiences: [shop]
            - {use: acl, with: {rules: [{action: allow, identities: [jane]}], otherwise: deny}}
      """;

  private static final Map<String, String> EXPECTED = new LinkedHashMap<>();
  private static final List<Try> TRIES = new ArrayList<>();

  private static Peers.Server server;
  private static GatewayProcess gateway;
  private static Map<String, Outcome> seen;

  /** All calls that are let through the limit, which then refuses the same again. */
  private static int calls() {
    return Stream.concat(WITH_METADATA.stream(), WITHOUT.stream())
        .mapToInt(transport -> kinds(transport).size())
        .sum();
  }

  private static List<String> kinds(String transport) {
    return switch (transport) {
      case "kitexpb-ttheader-framed" -> List.of("Unary");
      case "grpc-thrift", "grpc-pb", "ttstream", "google-thrift", "google-pb" ->
          List.of("Unary", "Chat");
      default -> List.of("Text");
    };
  }

  @BeforeAll
  static void start() throws IOException {
    server = Peers.server();
    int port = server.address().getPort();
    String jwks = Places.pyJwt().resolve("jwks.json").toString();
    gateway = GatewayProcess.with(CONFIGURATION.formatted(port, calls(), jwks)).start();
    plan();
    seen = Peers.tries(TRIES);
    StringBuilder table = new StringBuilder("| call | error |\n|---|---|\n");
    seen.forEach(
        (name, outcome) ->
            table.append("| " + name + " | " + outcome.line().path("error") + " |\n"));
    Files.writeString(Places.target().resolve("plugins.md"), table);
    System.out.println(table);
  }

  @AfterAll
  static void stop() {
    try {
      gateway.close();
    } finally {
      server.close();
    }
  }

  private static void plan() throws IOException {
    Map<String, String> tokens = new LinkedHashMap<>();
    for (String line : Files.readAllLines(Places.pyJwt().resolve("tokens.txt"))) {
      String[] words = line.split(" ");
      tokens.put(words[0], "Bearer " + words[1]);
    }
    for (String transport : WITH_METADATA) {
      plan("key", "no key", transport, "", "", "16 request forbidden: no key");
      plan("key", "wrong key", transport, "x-api-key", "beta", "16 request forbidden: unknown key");
      plan("key", "good key", transport, "x-api-key", "alpha", "");
      plan("jwt", "no token", transport, "", "", "16 request forbidden: no token");
      BAD_TOKENS.forEach(
          (name, text) ->
              plan(
                  "jwt",
                  name,
                  transport,
                  "authorization",
                  tokens.get(name),
                  "16 request forbidden: " + text));
      GOOD_TOKENS.forEach(
          name -> plan("jwt", name, transport, "authorization", tokens.get(name), ""));
    }
    for (String transport : WITHOUT) {
      plan("key", "no key", transport, "", "", "16 request forbidden: no key");
      plan("jwt", "no token", transport, "", "", "16 request forbidden: no token");
    }
    List<String> all = Stream.concat(WITH_METADATA.stream(), WITHOUT.stream()).toList();
    for (String transport : all) {
      plan("allow", "allowed", transport, "", "", "");
      plan("deny", "denied", transport, "", "", "7 request forbidden: not allowed");
      plan("rate", "in time", transport, "", "", "");
    }
    String over = "8 request over limit: more than 1 call in 24h";
    all.forEach(transport -> plan("rate", "too often", transport, "", "", over));
  }

  /**
   * @param key of metadata: metainfo for Kitex's clients, a header for grpc-go's
   * @param end the gRPC status and the text; empty if the call is to pass
   */
  private static void plan(
      String listener, String name, String transport, String key, String value, String end) {
    boolean google = transport.startsWith("google");
    Map<String, String> transients = Map.of();
    Map<String, String> headers = Map.of();
    if (!key.isEmpty() && google) {
      headers = Map.of(key, value);
    } else if (!key.isEmpty()) {
      transients = Map.of(key.toUpperCase(Locale.ROOT).replace('-', '_'), value);
    }
    InetSocketAddress address = new InetSocketAddress("127.0.0.1", gateway.port(listener));
    for (String kind : kinds(transport)) {
      String whole = String.join(" ", listener + ":", name + ",", transport, kind);
      TRIES.add(new Try(whole, address, transport, kind, transients, headers));
      EXPECTED.put(whole, end);
    }
  }

  @TestFactory
  Stream<DynamicTest> clientsSeeWhatTheyAreToSee() {
    return TRIES.stream().map(one -> DynamicTest.dynamicTest(one.name(), () -> assertSeen(one)));
  }

  private static void assertSeen(Try one) {
    Outcome outcome = seen.get(one.name());
    assertThat(outcome).as(one.name()).isNotNull();
    ObjectNode line = outcome.line();
    String expected = EXPECTED.get(one.name());
    if (expected.isEmpty()) {
      assertThat(line.has("error")).as("%s", line).isFalse();
      assertThat(line.path("result").asText()).as("%s", line).isEqualTo("let me in");
      return;
    }
    int space = expected.indexOf(' ');
    int status = Integer.parseInt(expected.substring(0, space));
    String text = expected.substring(space + 1);
    assertThat(Told.of(line)).isEqualTo(Told.expected(one, status, text));
  }

  /**
   * An error as the client has it.
   *
   * @param type of Kitex's ping-pong clients that of the Thrift exception, of ttstream's Kitex's
   *     own code, of gRPC the status
   * @param kind Kitex's class of it, or grpc-go's name of the status
   * @param text what the client's error says of itself
   */
  private record Told(int type, String kind, String text) {
    private static final Map<Integer, String> NAMES =
        Map.of(7, "PermissionDenied", 8, "ResourceExhausted", 16, "Unauthenticated");

    static Told of(ObjectNode line) {
      JsonNode error = line.path("error");
      return new Told(
          error.path("type").asInt(), error.path("class").asText(), error.path("text").asText());
    }

    static Told expected(Try one, int status, String text) {
      boolean stream = one.call().equals("Chat");
      if (one.transport().startsWith("google")) {
        String name = NAMES.get(status);
        return new Told(status, name, "rpc error: code = " + name + " desc = " + text);
      }
      if (one.transport().startsWith("grpc")) {
        String whole = "rpc error: code = " + status + " desc = " + text;
        return stream
            ? new Told(status, "grpc status", whole)
            : new Told(status, "remote or network error", "remote or network error: " + whole);
      }
      if (stream) {
        return new Told(
            12001,
            "ttstream exception",
            "[ttstream error, code=12001] [client-side stream] " + text);
      }
      return new Told(6, "remote or network error", "remote or network error[remote]: " + text);
    }
  }

  @Test
  void apacheThriftSeesTheExceptionToo() {
    for (String layer : WITHOUT) {
      assertThat(apache("key", layer))
          .isEqualTo(new ApacheCall.Seen(6, "request forbidden: no key"));
      assertThat(apache("jwt", layer))
          .isEqualTo(new ApacheCall.Seen(6, "request forbidden: no token"));
      assertThat(apache("deny", layer))
          .isEqualTo(new ApacheCall.Seen(6, "request forbidden: not allowed"));
      assertThat(apache("allow", layer)).isEqualTo(new ApacheCall.Seen(-1, "let me in"));
      assertThat(apache("rate", layer))
          .isEqualTo(new ApacheCall.Seen(6, "request over limit: more than 1 call in 24h"));
    }
  }

  private static ApacheCall.Seen apache(String listener, String layer) {
    return ApacheCall.of(
        new InetSocketAddress("127.0.0.1", gateway.port(listener)), layer, "let me in");
  }
}
