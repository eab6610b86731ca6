package io.sluice.gateway.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.Journal;
import io.sluice.gateway.testkit.Message;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.Probe;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Thrifts;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** What the pages for operators say. */
class AdminTest {
  private final HttpClient http = HttpClient.newHttpClient();

  private static TestGateway gateway(int loops, int... ports) {
    String text =
        TestGateway.config("framed", "timeout: 20s", ports)
            .replace(
                "'127.0.0.1:0'}}",
                "'127.0.0.1:0'}, admin: {address: '127.0.0.1:0', serves: admin}}");
    return TestGateway.start(text, loops, Probe.of("probe", new Journal()));
  }

  private HttpResponse<String> get(TestGateway gateway, String path) {
    URI uri = URI.create("http://127.0.0.1:" + gateway.gateway().port("admin") + path);
    try {
      return http.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void thePagesThatAreThere() {
    try (TestGateway gateway = gateway(1, 1)) {
      assertThat(get(gateway, "/livez").body()).isEqualTo("alive\n");
      assertThat(get(gateway, "/readyz").body()).isEqualTo("ready\n");
      assertThat(get(gateway, "/metrics").statusCode()).isEqualTo(200);
      assertThat(get(gateway, "/plugins").body()).contains("\"plugins\" : [ ]");
      assertThat(get(gateway, "/other").statusCode()).isEqualTo(404);
    }
  }

  @Test
  void factsAreOneALine() {
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway = gateway(2, downstream.port());
        Peer caller = gateway.connect()) {
      String endpoint = "cluster backend, endpoint 127.0.0.1:" + downstream.port() + ": ";
      assertThat(get(gateway, "/readyz?verbose").body().lines())
          .startsWith("ready")
          .anyMatch(line -> line.matches("config test.yaml, generation 1, since 2\\S+Z"))
          .contains(
              "listener rpc: port " + gateway.port() + ", connections 1",
              "listener admin: port " + gateway.gateway().port("admin"),
              "routes: 1",
              "clusters: 1",
              "filters: 1 [probe]",
              endpoint + "not used yet")
          .anyMatch(line -> line.matches("memory: \\d+ of \\d+ bytes held"))
          .filteredOn(line -> line.matches("loop .*: at most \\d+\\.\\d ms late"))
          .hasSize(2);
      caller.call("echo", 1, Thrifts.args("hi"));
      assertThat(get(gateway, "/readyz?verbose").body().lines())
          .contains(endpoint + "calls 0, waiting 0, connections 1, idle 1, connecting 0");
    }
  }

  @Test
  void poolsAreShownAsTheyAre() throws InterruptedException {
    CountDownLatch answer = new CountDownLatch(1);
    Downstream.Service slow =
        (peer, n) -> {
          Message m = peer.read();
          answer.await();
          peer.send(Thrifts.reply(m, "hi"));
          peer.read();
        };
    try (Downstream downstream = Downstream.serving(slow);
        TestGateway gateway = gateway(2, downstream.port(), Downstream.refusingPort());
        Peer one = gateway.connect();
        Peer two = gateway.connect()) {
      one.send(Thrifts.call("echo", 1, "hi"));
      two.send(Thrifts.call("echo", 1, "hi"));
      String of = "{cluster=\"backend\",endpoint=\"127.0.0.1:" + downstream.port() + "\"";
      await()
          .untilAsserted(
              () ->
                  assertThat(get(gateway, "/metrics").body())
                      .contains("sluice_pool_connections" + of + ",state=\"open\"} 2.0")
                      .contains("sluice_pool_connections" + of + ",state=\"idle\"} 0.0")
                      .contains("sluice_pool_calls" + of + "} 2.0")
                      .contains("sluice_pool_waiting" + of + "} 0.0"));
      answer.countDown();
      one.read();
      two.read();
      await()
          .untilAsserted(
              () ->
                  assertThat(get(gateway, "/metrics").body())
                      .contains("sluice_pool_connections" + of + ",state=\"idle\"} 2.0")
                      .contains("sluice_pool_calls" + of + "} 0.0"));
    }
  }

  @Test
  void anEndpointThatRefusesIsSaidToBeLeftAlone() {
    int refusing = Downstream.refusingPort();
    try (TestGateway gateway = gateway(1, refusing);
        Peer caller = gateway.connect()) {
      await()
          .until(
              () -> {
                caller.call("echo", 1, Thrifts.args("hi"));
                return get(gateway, "/readyz?verbose")
                    .body()
                    .contains(
                        "127.0.0.1:"
                            + refusing
                            + ": calls 0, waiting 0, connections 0, idle 0,"
                            + " connecting 0, marked unhealthy by 1 loops: it could not be connected");
              });
      assertThat(get(gateway, "/metrics").body())
          .containsPattern("sluice_pool_unhealthy\\{.*} [01]\\.0");
    }
  }
}
