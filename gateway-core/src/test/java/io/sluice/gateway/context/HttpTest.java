package io.sluice.gateway.context;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import io.sluice.api.Status;
import io.sluice.api.Step;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Thrifts;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The HTTP client that a filter is lent. */
class HttpTest {
  private final CountDownLatch asked = new CountDownLatch(1);
  private final CountDownLatch mayAnswer = new CountDownLatch(1);
  private Downstream downstream;
  private HttpServer server;

  @BeforeEach
  void start() throws IOException {
    downstream = Downstream.echoing();
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newCachedThreadPool());
    server.createContext(
        "/name",
        exchange -> {
          byte[] body = "of the server".getBytes(UTF_8);
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.createContext(
        "/slow",
        exchange -> {
          asked.countDown();
          try {
            mayAnswer.await();
          } catch (InterruptedException e) {
            throw new IOException(e);
          }
          exchange.close();
        });
    server.start();
  }

  @AfterEach
  void stop() {
    mayAnswer.countDown();
    server.stop(0);
    downstream.close();
  }

  private Future<HttpClientResponse> get(HttpClient client, String path) {
    return client
        .request(HttpMethod.GET, server.getAddress().getPort(), "127.0.0.1", path)
        .compose(request -> request.send());
  }

  private static long failed(List<Future<Buffer>> all) {
    return all.stream().filter(Future::failed).count();
  }

  private TestGateway run(Borrower filter) {
    return TestGateway.start(
        TestGateway.config("framed", "", downstream.port()) + "filters: [{use: one}]\n",
        1,
        List.of(filter.factory()));
  }

  @Test
  void aCallMayWaitForAnAnswer() {
    Borrower filter = Borrower.of("one");
    filter.onRequest(
        call ->
            Step.await(
                get(filter.context().http(), "/name")
                    .compose(HttpClientResponse::body)
                    .map(body -> Step.reject(Status.forbidden(body.toString())))));
    try (TestGateway gateway = run(filter);
        Peer caller = gateway.connect()) {
      for (int i = 0; i < 3; i++) {
        caller.send(Thrifts.call("echo", i, "hi"));
        assertThat(caller.read().exception().text()).contains("of the server");
      }
    }
  }

  @Test
  void requestsBeyondItsBoundsFailAndTheEndOfTheFilterEndsTheRest() {
    Borrower filter = Borrower.of("one");
    List<Future<Buffer>> all = new ArrayList<>();
    try (TestGateway gateway = run(filter)) {
      for (int i = 0; i < 300; i++) {
        all.add(get(filter.context().http(), "/slow").compose(HttpClientResponse::body));
      }
      await().until(() -> failed(all) >= 300 - 16 - 256);
      // While none is connected yet, all wait.
      assertThat(failed(all)).isLessThanOrEqualTo(300 - 256);
      assertThat(gateway.port()).isPositive();
    }
    await().until(() -> all.stream().allMatch(Future::failed));
  }

  @Test
  void aFilterThatIsStoppedHasNoRequestsAnyMore() throws Exception {
    Borrower filter = Borrower.of("one");
    try (TestGateway gateway = run(filter)) {
      HttpClient kept = filter.context().http();
      Future<HttpClientResponse> underWay = get(kept, "/slow");
      asked.await();
      gateway.reload(TestGateway.config("framed", "", downstream.port()), List.of());
      await().until(underWay::failed);
      assertThatThrownBy(() -> get(kept, "/name"))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("Client is closed");
    }
  }
}
