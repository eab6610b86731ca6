package io.sluice.gateway.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.api.Protocol;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.GrpcPeers;
import io.sluice.gateway.testkit.Message;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.RawGrpc;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Thrifts;
import io.sluice.gateway.wire.thrift.ThriftHead;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.net.HostAndPort;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Calls over sockets go where the routes say, and as these say. */
class RoutingTest {
  private static final int FROM_SERVICE = 3;
  private static final int TO_SERVICE = 6;

  private static Downstream a;
  private static Downstream b;

  /** Tells its name. */
  private static Downstream named(String name) {
    return Downstream.serving(
        (peer, connection) -> {
          for (Message m = peer.read(); m != null; m = peer.read()) {
            peer.send(Thrifts.reply(m, name));
          }
        });
  }

  @BeforeAll
  static void start() {
    a = named("a");
    b = named("b");
  }

  @AfterAll
  static void stop() {
    a.close();
    b.close();
  }

  private static TestGateway gateway(String routes) {
    return TestGateway.start(
        """
        listeners:
          rpc: {address: '127.0.0.1:0'}
          edge: {address: '127.0.0.1:0'}
        clusters:
          a: {endpoints: ['127.0.0.1:%d'], transport: framed}
          b: {endpoints: ['127.0.0.1:%d'], transport: framed}
        routes:
        """
                .formatted(a.port(), b.port())
            + routes,
        1);
  }

  private static String answer(Peer peer, byte[] call) {
    Message reply = peer.send(call).read();
    assertThat(reply).isNotNull();
    return reply.type() == ThriftHead.REPLY
        ? Thrifts.text(reply.body())
        : reply.exception().number() + " " + reply.exception().text();
  }

  private static byte[] ttheader(
      Protocol framing, Map<Integer, String> integers, Map<String, String> strings, String method) {
    return Thrifts.ttheader(
        framing, integers, strings, ThriftHead.CALL, method, 1, Thrifts.args("x"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "listener: edge",
        "method: special",
        "method: spec*",
        "caller: web",
        "destination: shop",
        "protocol: ttheader",
        "metadata: {env: canary}",
        "service: Cart",
        "glob: C?r*",
        "prefix: Ca",
        "service: Cart, method: special, caller: web, codec: thrift, metadata: {ENV: canary}",
      })
  void aConditionPartsCalls(String match) {
    String routes =
        """
          - {match: {%s}, cluster: a}
          - {cluster: b}
        """
            .formatted(match);
    try (TestGateway gateway = gateway(routes);
        Peer fits = Peer.connect(gateway.gateway().port("edge"));
        Peer other = gateway.connect()) {
      byte[] special =
          ttheader(
              Protocol.TTHEADER,
              Map.of(FROM_SERVICE, "web", TO_SERVICE, "shop"),
              Map.of("isn", "Cart", "env", "canary"),
              "special");
      byte[] plain = ttheader(Protocol.TTHEADER_FRAMED, Map.of(), Map.of("isn", "Other"), "plain");
      assertThat(answer(fits, special)).isEqualTo("a");
      assertThat(answer(other, plain)).isEqualTo("b");
    }
  }

  /** Of gRPC the destination is the authority, which HTTP proxies route by. */
  @Test
  void theAuthorityPartsCallsOfGrpc() {
    try (GrpcPeers peers = new GrpcPeers();
        RawGrpc callers = new RawGrpc();
        TestGateway gateway =
            TestGateway.start(
                """
                listeners: {rpc: {address: '127.0.0.1:0'}}
                clusters:
                  a: {endpoints: ['127.0.0.1:%d'], transport: framed}
                  b: {endpoints: ['127.0.0.1:%d'], transport: framed}
                routes:
                  - {match: {destination: 'shop.example:81'}, cluster: a}
                  - {cluster: b}
                """
                    .formatted(saying(peers, "a"), saying(peers, "b")),
                1)) {
      assertThat(ofAuthority(callers, gateway, "shop.example", 81)).isEqualTo("a");
      assertThat(ofAuthority(callers, gateway, "shop.example", 82)).isEqualTo("b");
    }
  }

  private static int saying(GrpcPeers peers, String name) {
    return peers.serve(call -> call.endHandler(end -> call.response().end(Buffer.buffer(name))));
  }

  private static String ofAuthority(RawGrpc callers, TestGateway gateway, String host, int port) {
    HttpClientRequest request =
        callers.open(gateway.port(), "/Svc/Ask", Map.of("content-type", "application/grpc"));
    request.authority(HostAndPort.authority(host, port));
    Future<RawGrpc.Answer> answer = RawGrpc.listen(request, m -> {});
    request.end(RawGrpc.framed(new byte[1]));
    return TestGateway.get(answer).texts().get(0);
  }

  @Test
  void callsWithoutAServiceAreRoutedByMethodOrByARouteThatNamesIt() {
    String routes =
        """
          - {match: {service: ""}, cluster: a}
          - {match: {service: "", method: tell}, cluster: b}
        """;
    try (TestGateway gateway = gateway(routes);
        Peer peer = gateway.connect()) {
      assertThat(answer(peer, Thrifts.call("ask", 1, "x"))).isEqualTo("a");
      assertThat(answer(peer, Thrifts.call("tell", 1, "x"))).isEqualTo("b");
      assertThat(answer(peer, ttheader(Protocol.TTHEADER, Map.of(), Map.of("isn", "S"), "tell")))
          .isEqualTo("20 unknown service S, method tell");
    }
  }

  @Test
  void clustersGetTheirShares() {
    String routes =
        """
          - {match: {method: some}, clusters: {a: 80, b: 20}}
          - {match: {method: none}, clusters: {a: 0, b: 1}}
        """;
    try (TestGateway gateway = gateway(routes);
        Peer peer = gateway.connect()) {
      AtomicInteger toA = new AtomicInteger();
      for (int i = 0; i < 1000; i++) {
        if (answer(peer, Thrifts.call("some", i, "x")).equals("a")) {
          toA.incrementAndGet();
        }
        assertThat(answer(peer, Thrifts.call("none", i, "x"))).isEqualTo("b");
      }
      // Seven times the standard deviation of 13 either way.
      assertThat(toA.get()).isBetween(710, 890);
    }
  }

  /** So many of the greatest weights that their sum is no int. */
  @Test
  void thousandsOfClustersGetTheirShares() {
    StringBuilder clusters = new StringBuilder();
    StringBuilder shares = new StringBuilder();
    for (int i = 0; i < 2200; i++) {
      clusters
          .append("  c%d: {endpoints: ['127.0.0.1:%d'], transport: framed}".formatted(i, a.port()))
          .append(System.lineSeparator());
      shares.append(i == 0 ? "" : ", ").append('c').append(i).append(": 1000000");
    }
    String config =
        "listeners: {rpc: {address: '127.0.0.1:0'}}\nclusters:\n%sroutes: [{clusters: {%s}}]\n"
            .formatted(clusters, shares);
    try (TestGateway gateway = TestGateway.start(config, 1);
        Peer peer = gateway.connect()) {
      for (int i = 0; i < 10; i++) {
        assertThat(answer(peer, Thrifts.call("some", i, "x"))).isEqualTo("a");
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"transparent, true", "hop, false"})
  void transientMetadataGoesOnUnlessThisWasItsHop(String transients, boolean passed) {
    AtomicInteger seen = new AtomicInteger(-1);
    try (Downstream downstream =
            Downstream.serving(
                (peer, connection) -> {
                  Message m = peer.read();
                  seen.set(m.strings().containsKey("RPC_TRANSIT_t") ? 1 : 0);
                  assertThat(m.strings()).containsEntry("RPC_PERSIST_p", "1");
                  peer.send(Thrifts.reply(m, "x"));
                });
        TestGateway gateway =
            TestGateway.start(
                TestGateway.config("ttheader", "transients: " + transients, downstream.port()), 1);
        Peer peer = gateway.connect()) {
      Map<String, String> strings = Map.of("RPC_TRANSIT_t", "1", "RPC_PERSIST_p", "1");
      assertThat(answer(peer, ttheader(Protocol.TTHEADER, Map.of(), strings, "m"))).isEqualTo("x");
      assertThat(seen.get()).isEqualTo(passed ? 1 : 0);
    }
  }

  @ParameterizedTest
  @CsvSource({"exception, '6 biz error: code=7, msg=no'", "empty, ''"})
  void aBusinessStatusIsToldAsTheRouteSays(String how, String answer) {
    try (Downstream downstream =
            Downstream.serving(
                (peer, connection) -> {
                  Message m = peer.read();
                  peer.send(
                      Thrifts.ttheader(
                          Protocol.TTHEADER,
                          Map.of(),
                          Map.of("biz-status", "7", "biz-message", "no"),
                          ThriftHead.REPLY,
                          m.method(),
                          m.seqId(),
                          Thrifts.result("")));
                });
        TestGateway gateway =
            TestGateway.start(
                TestGateway.config("ttheader", "businessStatus: " + how, downstream.port()), 1);
        Peer peer = gateway.connect()) {
      assertThat(answer(peer, Thrifts.call("m", 1, "x"))).isEqualTo(answer);
    }
  }
}
