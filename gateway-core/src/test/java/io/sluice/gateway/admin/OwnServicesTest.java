package io.sluice.gateway.admin;

import static io.sluice.gateway.admin.HealthCaller.PROTOBUF;
import static io.sluice.gateway.admin.HealthCaller.ports;
import static io.sluice.gateway.admin.HealthCaller.question;
import static io.vertx.grpc.health.v1.HealthCheckResponse.ServingStatus.SERVING;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.api.Status;
import io.sluice.api.Step;
import io.sluice.gateway.testkit.Journal;
import io.sluice.gateway.testkit.Probe;
import io.sluice.gateway.testkit.RawGrpc;
import io.sluice.gateway.testkit.TestGateway;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How calls get to the gateway's own services, or do not, and what those refuse. */
class OwnServicesTest {
  private static final String CHECK = "/grpc.health.v1.Health/Check";
  private static final String REFLECTION =
      "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
  private static final int UNIMPLEMENTED = 12;

  private final HealthCaller callers = new HealthCaller();
  private final RawGrpc peers = callers.peers();

  @AfterEach
  void stop() {
    callers.close();
  }

  private static TestGateway gateway(String rest, Probe... probes) {
    return TestGateway.start(
        """
        listeners:
          rpc: {address: '127.0.0.1:0'}
          admin: {address: '127.0.0.1:0', serves: admin}
        """
            + rest,
        1,
        probes);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "match: {service: grpc.health.v1.Health}",
        "match: {service: Health}",
        "match: {prefix: grpc.}",
        "name: all"
      })
  void aRouteTakesCallsToTheDownstreamsOwnHealth(String match) {
    int downstream =
        peers.serve(got -> got.answer(Map.of("grpc-status", "0"), got.messages().get(0)));
    try (TestGateway gateway =
        gateway(
            """
            clusters: {c: {endpoints: ['127.0.0.1:%d'], transport: {streaming: grpc}}}
            routes: [{%s, cluster: c}]
            """
                .formatted(downstream, match))) {
      RawGrpc.Answer answer = callers.call(gateway.port(), "Check", question("mirror"));
      assertThat(answer.texts().get(0)).contains("mirror");
      // There it is the gateway's, whatever the routes.
      assertThat(callers.check(gateway.gateway().port("admin"), "")).isEqualTo(SERVING);
    }
  }

  @Test
  void withoutAnAdminListenerThereAreNone() {
    try (TestGateway gateway =
        TestGateway.start("listeners: {rpc: {address: '127.0.0.1:0'}}", 1, List.of())) {
      for (String path : List.of(CHECK, REFLECTION)) {
        RawGrpc.Answer answer = peers.call(gateway.port(), path, PROTOBUF);
        assertThat(answer.status()).isEqualTo(UNIMPLEMENTED);
        assertThat(answer.end("grpc-message")).startsWith("unknown service grpc.");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"0.0.0.0", "[::]", "localhost", "[::1]"})
  void theAdminListenerIsReachedWhereverItListens(String host) {
    String text =
        """
        listeners:
          first: {address: '127.0.0.1:0'}
          rpc: {address: '127.0.0.1:0'}
          admin: {address: '%s:0', serves: admin, exposed: true}
        """
            .formatted(host);
    try (TestGateway gateway = TestGateway.start(text, 2, List.of())) {
      assertThat(callers.check(gateway.port(), "")).isEqualTo(SERVING);
      assertThat(callers.check(gateway.gateway().port("first"), "")).isEqualTo(SERVING);
    }
  }

  @Test
  void aCallByAListenerForCallsIsLikeAnyOther() {
    Journal journal = new Journal();
    Probe probe =
        Probe.of("probe", journal)
            .on(
                Probe.Hook.REQUEST,
                (call, none) ->
                    call.metadata().get("secret") == null
                        ? Step.reject(Status.unauthenticated("who are you?"))
                        : Step.NEXT);
    try (TestGateway gateway = gateway("", probe)) {
      assertThat(callers.call(gateway.port(), "Check", question("")).status()).isEqualTo(16);
      Map<String, String> headers = new HashMap<>(PROTOBUF);
      headers.put("secret", "1");
      assertThat(peers.call(gateway.port(), CHECK, headers, question("").toByteArray()).status())
          .isZero();
      journal.assertCompletedOnce("probe", "probe");
      await()
          .atMost(Duration.ofSeconds(20))
          .untilAsserted(
              () ->
                  assertThat(gateway.registry().scrape())
                      .contains(
                          "sluice_calls_total{cluster=\"sluice:admin\",protocol=\"grpc\","
                              + "route=\"sluice:health\",status=\"ok\"} 1.0"));
      // At the admin listener there are no filters.
      assertThat(callers.check(gateway.gateway().port("admin"), "")).isEqualTo(SERVING);
    }
  }

  @Test
  void callsForAnythingElseAreNotTaken() {
    try (TestGateway gateway = gateway("")) {
      for (String path :
          List.of(
              "/grpc.health.v2.Health/Check",
              "/Health/Check",
              "/grpc.reflection.v2.ServerReflection/ServerReflectionInfo",
              "/shop.Cart/get")) {
        RawGrpc.Answer answer = peers.call(gateway.port(), path, PROTOBUF);
        assertThat(answer.status()).as(path).isEqualTo(UNIMPLEMENTED);
        assertThat(answer.end("grpc-message")).startsWith("unknown service ");
      }
      for (int port : ports(gateway)) {
        for (String path :
            List.of(CHECK + "s", "/grpc.health.v1.Health/%00%ff%20", REFLECTION + 2)) {
          RawGrpc.Answer answer = peers.call(port, path, PROTOBUF);
          assertThat(answer.status()).as(path).isEqualTo(UNIMPLEMENTED);
        }
      }
    }
  }

  @Test
  void whatIsNoMessageOfAServiceIsRefused() throws IOException {
    byte[] asked = question("").toByteArray();
    byte[] named = question("route:none").toByteArray();
    try (TestGateway gateway = gateway("")) {
      for (int port : ports(gateway)) {
        assertThat(peers.call(port, CHECK, PROTOBUF, new byte[4097]).status()).isEqualTo(8);
        assertThat(peers.call(port, CHECK, PROTOBUF, new byte[4097], new byte[5000]).status())
            .isEqualTo(8);
        // The first message counts.
        assertThat(peers.call(port, CHECK, PROTOBUF, asked, named).status()).isZero();
        assertThat(peers.call(port, CHECK, PROTOBUF, named, asked).status()).isEqualTo(5);
        for (Buffer broken :
            List.of(
                RawGrpc.framed(new byte[] {-1, -1, -1}),
                // Said to be compressed, by nobody knows what.
                RawGrpc.framed(1, named))) {
          Future<RawGrpc.Answer> answer = send(port, PROTOBUF, broken);
          await().atMost(Duration.ofSeconds(20)).until(answer::isComplete);
          assertThat(answer.failed() || answer.result().status() != 0).isTrue();
        }
        assertThat(
                TestGateway.get(send(port, encoded("snappy"), RawGrpc.framed(1, named))).status())
            .isEqualTo(UNIMPLEMENTED);
        assertThat(
                TestGateway.get(send(port, encoded("gzip"), RawGrpc.framed(1, gzip(named))))
                    .status())
            .isEqualTo(5);
        assertThat(callers.check(port, "")).isEqualTo(SERVING);
      }
    }
  }

  private Future<RawGrpc.Answer> send(int port, Map<String, String> headers, Buffer body) {
    var request = peers.open(port, CHECK, headers);
    Future<RawGrpc.Answer> answer = RawGrpc.listen(request, message -> {});
    request.end(body);
    return answer;
  }

  private static Map<String, String> encoded(String encoding) {
    Map<String, String> headers = new HashMap<>(PROTOBUF);
    headers.put("grpc-encoding", encoding);
    return headers;
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(bytes);
    }
    return out.toByteArray();
  }

  @Test
  void atTheAdminListenerCallsNeedHttp2AndProtobuf() throws IOException, InterruptedException {
    try (TestGateway gateway = gateway("")) {
      int admin = gateway.gateway().port("admin");
      HttpRequest request =
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + admin + CHECK))
              .version(HttpClient.Version.HTTP_1_1)
              .header("content-type", "application/grpc")
              .POST(BodyPublishers.ofByteArray(new byte[5]))
              .build();
      assertThat(HttpClient.newHttpClient().send(request, BodyHandlers.ofString()).statusCode())
          .isEqualTo(415);
      for (String type : List.of("application/grpc+json", "application/grpc-web")) {
        var call = peers.open(admin, CHECK, Map.of("content-type", type));
        var response = call.response();
        call.end(RawGrpc.framed(new byte[0]));
        assertThat(TestGateway.get(response).statusCode()).as(type).isEqualTo(415);
      }
      RawGrpc.Answer answer =
          peers.call(admin, CHECK, Map.of("content-type", "application/grpc+proto"), new byte[0]);
      assertThat(answer.status()).isZero();
    }
  }
}
