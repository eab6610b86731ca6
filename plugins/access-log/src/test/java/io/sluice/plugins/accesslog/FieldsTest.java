package io.sluice.plugins.accesslog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.api.Protocol;
import io.sluice.api.Status;
import io.sluice.api.Step;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.Frames;
import io.sluice.gateway.testkit.Journal;
import io.sluice.gateway.testkit.Message;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.Probe;
import io.sluice.gateway.testkit.RawGrpc;
import io.sluice.gateway.testkit.Splits;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Thrifts;
import io.sluice.gateway.wire.thrift.ThriftHead;
import io.sluice.gateway.wire.ttheader.TTHeaderKeys;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a line says of a call, and who ended it. */
class FieldsTest {
  @TempDir Path folder;

  private Lines logged(String config, Probe... behind) {
    return new Lines(config, folder.resolve("access.log"), "", behind);
  }

  private static byte[] call(Map<Integer, String> integers, Map<String, String> strings) {
    return Thrifts.ttheader(
        Protocol.TTHEADER_FRAMED,
        integers,
        strings,
        ThriftHead.CALL,
        "Add",
        7,
        Thrifts.args("hello"));
  }

  private static Map<Integer, String> calling(String service) {
    return Map.of(
        TTHeaderKeys.TO_SERVICE, service,
        TTHeaderKeys.FROM_SERVICE, "web",
        TTHeaderKeys.FROM_METHOD, "Checkout");
  }

  @Test
  void aCallThatEndedWellHasEveryField() throws IOException {
    Instant before = Instant.now();
    try (Downstream downstream = Downstream.echoing();
        Lines log = logged(TestGateway.config("framed", "name: all", downstream.port()));
        Peer caller = log.gateway.connect()) {
      caller.send(call(calling("shop.Cart"), Map.of("isn", "Cart", "secret", "token-123")));
      assertThat(Thrifts.text(caller.read().body())).isEqualTo("hello");
      JsonObject line = log.awaitOne();

      assertThat(line.getString("protocol")).isEqualTo("ttheader-framed");
      assertThat(line.getString("codec")).isEqualTo("thrift");
      assertThat(line.getString("listener")).isEqualTo("rpc");
      assertThat(line.getString("peer")).matches("127\\.0\\.0\\.1:\\d+");
      assertThat(line.getString("caller")).isEqualTo("web");
      assertThat(line.getString("callerMethod")).isEqualTo("Checkout");
      assertThat(line.getString("service")).isEqualTo("Cart");
      assertThat(line.getString("method")).isEqualTo("Add");
      assertThat(line.getString("route")).isEqualTo("all");
      assertThat(line.getString("cluster")).isEqualTo("backend");
      assertThat(line.getString("outbound")).isEqualTo("framed");
      assertThat(line.getString("endpoint")).isEqualTo("127.0.0.1:" + downstream.port());
      assertThat(line.getInteger("attempts")).isEqualTo(1);
      assertThat(line.getInteger("requestBytes")).isEqualTo(Thrifts.args("hello").length);
      assertThat(line.getInteger("responseBytes")).isEqualTo(Thrifts.result("hello").length);
      assertThat(line.getLong("routedMicros")).isBetween(0L, line.getLong("connectedMicros"));
      assertThat(line.getLong("connectedMicros")).isLessThanOrEqualTo(line.getLong("sentMicros"));
      assertThat(line.getLong("sentMicros")).isLessThanOrEqualTo(line.getLong("answeredMicros"));
      assertThat(line.getLong("answeredMicros")).isLessThanOrEqualTo(line.getLong("totalMicros"));
      assertThat(line.getString("status")).isEqualTo("ok");
      assertThat(line.getString("endedBy")).isEqualTo("downstream");
      assertThat(Instant.parse(line.getString("time")))
          .isBetween(before.minusMillis(2), Instant.now());
      assertThat(line.fieldNames())
          .doesNotContain("statusNumber", "statusText", "businessCode", "filter")
          .doesNotContain("requestMessages", "responseMessages", "firstMessageMicros");
      assertThat(line.encode()).doesNotContain("token-123").doesNotContain("secret");
      for (String field : line.fieldNames()) {
        assertThat(Files.readString(ReferenceTest.PAGE)).contains("`" + field + "`");
      }
    }
  }

  @Test
  void aStreamHasItsMessages() throws IOException {
    try (Downstream downstream = Frames.echoing();
        Lines log = logged(TestGateway.config("framed", "", downstream.port()));
        Peer caller = log.gateway.connect()) {
      caller.send(
          Splits.glued(
              Frames.open(1), Frames.data(1, "a"), Frames.data(1, "b"), Frames.halfClose(1)));
      JsonObject line = log.awaitOne();
      assertThat(line.getString("protocol")).isEqualTo("ttstream");
      assertThat(line.getInteger("requestMessages")).isEqualTo(2);
      assertThat(line.getInteger("responseMessages")).isEqualTo(2);
      assertThat(line.getLong("firstMessageMicros"))
          .isBetween(line.getLong("answeredMicros"), line.getLong("totalMicros"));
      for (String field : line.fieldNames()) {
        assertThat(Files.readString(ReferenceTest.PAGE)).contains("`" + field + "`");
      }
    }
  }

  @Test
  void aTranslatedCallHasTheProtocolItWentOutBy() throws IOException {
    try (Downstream downstream = Downstream.echoing();
        RawGrpc grpc = new RawGrpc();
        Lines log = logged(TestGateway.config("framed", "mode: unary", downstream.port()))) {
      byte[] args = Thrifts.args("hello");
      assertThat(grpc.call(log.gateway.port(), "/shop.Cart/Add", Map.of(), args).status()).isZero();
      JsonObject line = log.awaitOne();
      assertThat(line.getString("protocol")).isEqualTo("grpc");
      assertThat(line.getString("outbound")).isEqualTo("framed");
      assertThat(line.getString("service")).isEqualTo("shop.Cart");
      assertThat(line.getInteger("requestMessages")).isEqualTo(1);
      assertThat(line.getInteger("responseMessages")).isEqualTo(1);
      assertThat(line.getInteger("requestBytes")).isEqualTo(5 + args.length);
      assertThat(line.getInteger("responseBytes")).isEqualTo(5 + Thrifts.result("hello").length);
      assertThat(line.getString("endedBy")).isEqualTo("downstream");
    }
  }

  @Test
  void aCallThatCannotBeTranslatedGoesNowhere() {
    try (Downstream downstream = Downstream.echoing();
        RawGrpc grpc = new RawGrpc();
        Lines log =
            logged(
                TestGateway.config(
                    "{unary: framed, streaming: ttstream}", "", downstream.port()))) {
      byte[] args = Thrifts.args("hello");
      assertThat(grpc.call(log.gateway.port(), "/Cart/Add", Map.of(), args).status()).isEqualTo(12);
      JsonObject line = log.awaitOne();
      assertThat(line.getString("status")).isEqualTo("untranslatable");
      assertThat(line.getString("endedBy")).isEqualTo("gateway");
      assertThat(line.getString("cluster")).isEqualTo("backend");
      assertThat(line.fieldNames()).doesNotContain("outbound", "endpoint", "firstMessageMicros");
    }
  }

  @Test
  void aStreamThatItsCallerEndsHasWhatPassedUntilThen() {
    CountDownLatch got = new CountDownLatch(1);
    Downstream.Service silence =
        (peer, n) -> {
          peer.readFrame(); // the HEADER
          peer.readFrame();
          got.countDown();
          while (peer.readFrame() != null) {}
        };
    try (Downstream silent = Downstream.serving(silence);
        Lines log = logged(TestGateway.config("framed", "", silent.port()))) {
      try (Peer caller = log.gateway.connect()) {
        caller.send(Splits.glued(Frames.open(1), Frames.data(1, "a")));
        await().until(() -> got.getCount() == 0);
      }
      JsonObject line = log.awaitOne();
      assertThat(line.getString("outbound")).isEqualTo("ttstream");
      assertThat(line.getString("endedBy")).isEqualTo("caller");
      assertThat(line.getInteger("requestMessages")).isEqualTo(1);
      assertThat(line.getInteger("responseMessages")).isZero();
      assertThat(line.getInteger("responseBytes")).isZero();
      assertThat(line.fieldNames()).doesNotContain("firstMessageMicros");
    }
  }

  @Test
  void theServicesOwnVerdictIsThere() {
    Downstream.Service verdict =
        (peer, n) -> {
          Message m = peer.read();
          peer.send(
              Thrifts.ttheader(
                  Protocol.TTHEADER_FRAMED,
                  Map.of(),
                  Map.of(TTHeaderKeys.BIZ_STATUS, "1042", TTHeaderKeys.BIZ_MESSAGE, "sold out"),
                  ThriftHead.REPLY,
                  m.method(),
                  m.seqId(),
                  Thrifts.result("")));
          peer.read();
        };
    try (Downstream downstream = Downstream.serving(verdict);
        Lines log = logged(TestGateway.config("ttheader-framed", "", downstream.port()));
        Peer caller = log.gateway.connect()) {
      caller.send(call(Map.of(), Map.of()));
      caller.read();
      JsonObject line = log.awaitOne();
      assertThat(line.getInteger("businessCode")).isEqualTo(1042);
      assertThat(line.getString("status")).isEqualTo("ok");
      assertThat(line.getString("endedBy")).isEqualTo("downstream");
    }
  }

  @Test
  void anExceptionOfTheDownstreamIsItsOwn() {
    Downstream.Service failing =
        (peer, n) -> {
          peer.send(Thrifts.exception(peer.read(), 42, "out \"of\"\nluck\u0000 \ud83d\ude00"));
          peer.read();
        };
    try (Downstream downstream = Downstream.serving(failing);
        Lines log = logged(TestGateway.config("framed", "", downstream.port()));
        Peer caller = log.gateway.connect()) {
      caller.call("echo", 1, Thrifts.args("hi"));
      JsonObject line = log.awaitOne();
      assertThat(line.getString("status")).isEqualTo("exception");
      assertThat(line.getInteger("statusNumber")).isEqualTo(42);
      assertThat(line.getString("statusText")).isEqualTo("out \"of\"\nluck\u0000 \ud83d\ude00");
      assertThat(line.getString("endedBy")).isEqualTo("downstream");
    }
  }

  @Test
  void aDownstreamThatCannotBeReachedEndsTheCall() {
    try (Lines log =
            logged(
                TestGateway.config(
                    "framed", "", Downstream.refusingPort(), Downstream.refusingPort()));
        Peer caller = log.gateway.connect()) {
      caller.call("echo", 1, Thrifts.args("hi"));
      JsonObject line = log.awaitOne();
      assertThat(line.getString("status")).isEqualTo("unavailable");
      assertThat(line.getString("statusText")).startsWith("remote or network error: ");
      assertThat(line.getInteger("attempts")).isEqualTo(2);
      assertThat(line.getString("endedBy")).isEqualTo("downstream");
      assertThat(line.fieldNames()).doesNotContain("endpoint", "sentMicros", "answeredMicros");
    }
  }

  @Test
  void theDeadlineEndsTheCall() {
    try (Downstream silent = Downstream.serving((peer, n) -> new CountDownLatch(1).await());
        Lines log = logged(TestGateway.config("framed", "timeout: 50ms", silent.port()));
        Peer caller = log.gateway.connect()) {
      caller.call("echo", 1, Thrifts.args("hi"));
      JsonObject line = log.awaitOne();
      assertThat(line.getString("status")).isEqualTo("deadline_exceeded");
      assertThat(line.getString("endedBy")).isEqualTo("deadline");
      assertThat(line.getString("endpoint")).isEqualTo("127.0.0.1:" + silent.port());
      assertThat(line.getLong("totalMicros")).isGreaterThanOrEqualTo(50_000);
      assertThat(line.fieldNames()).contains("sentMicros").doesNotContain("answeredMicros");
    }
  }

  @Test
  void aCallerThatGoesEndsTheCall() {
    CountDownLatch got = new CountDownLatch(1);
    Downstream.Service silence =
        (peer, n) -> {
          peer.read();
          got.countDown();
          peer.read();
        };
    try (Downstream silent = Downstream.serving(silence);
        Lines log = logged(TestGateway.config("framed", "", silent.port()))) {
      try (Peer caller = log.gateway.connect()) {
        caller.send(Thrifts.call("echo", 1, "hi"));
        await().until(() -> got.getCount() == 0);
      }
      JsonObject line = log.awaitOne();
      assertThat(line.getString("status")).isEqualTo("cancelled");
      assertThat(line.getString("endedBy")).isEqualTo("caller");
    }
  }

  @Test
  void aFilterThatEndsTheCallIsNamed() {
    Probe bouncer =
        Probe.of("bouncer", new Journal())
            .on(Probe.Hook.REQUEST, (call, none) -> Step.reject(Status.forbidden("not you")));
    try (Downstream downstream = Downstream.echoing();
        Lines log = logged(TestGateway.config("framed", "", downstream.port()), bouncer);
        Peer caller = log.gateway.connect()) {
      caller.call("echo", 1, Thrifts.args("hi"));
      JsonObject line = log.awaitOne();
      assertThat(line.getString("status")).isEqualTo("forbidden");
      assertThat(line.getString("endedBy")).isEqualTo("filter");
      assertThat(line.getString("filter")).isEqualTo("bouncer");
      assertThat(line.fieldNames()).doesNotContain("route", "cluster", "routedMicros");
    }
  }

  @Test
  void theGatewayEndsACallWithoutARoute() {
    try (Downstream downstream = Downstream.echoing();
        Lines log =
            logged(TestGateway.config("framed", "match: {service: Cart}", downstream.port()));
        Peer caller = log.gateway.connect()) {
      caller.send(call(calling("shop"), Map.of("isn", "Orders")));
      assertThat(caller.read().type()).isEqualTo(ThriftHead.EXCEPTION);
      JsonObject line = log.awaitOne();
      assertThat(line.getString("status")).isEqualTo("unknown_service");
      assertThat(line.getString("service")).isEqualTo("Orders");
      assertThat(line.getString("endedBy")).isEqualTo("gateway");
    }
  }

  @Test
  void whoTheCallerHasProvedToBeIsThere() {
    Probe who =
        Probe.of("who", new Journal())
            .on(
                Probe.Hook.REQUEST,
                (call, none) -> {
                  call.identity("jane@ops");
                  return Step.NEXT;
                });
    try (Downstream downstream = Downstream.echoing();
        Lines log = logged(TestGateway.config("framed", "", downstream.port()), who);
        Peer caller = log.gateway.connect()) {
      caller.call("echo", 1, Thrifts.args("hi"));
      assertThat(log.awaitOne().getString("identity")).isEqualTo("jane@ops");
      assertThat(ReferenceTest.PAGE).content().contains("| `identity` |");
    }
  }

  /** What is kept of a name is kept of that name only, whatever their hashes. */
  @Test
  void eachLineHasTheNamesOfItsOwnCall() {
    assertThat("Aa".hashCode()).isEqualTo("BB".hashCode());
    try (Downstream downstream = Downstream.echoing();
        Lines log =
            logged(
                """
                listeners: {rpc: {address: '127.0.0.1:0'}}
                clusters:
                  AaBB: {endpoints: ['127.0.0.1:%1$d'], transport: framed}
                  BBAa: {endpoints: ['127.0.0.1:%1$d'], transport: framed}
                routes:
                  - {name: Aa, match: {service: One}, cluster: AaBB}
                  - {name: BB, match: {service: Two}, cluster: BBAa}
                """
                    .formatted(downstream.port()));
        Peer caller = log.gateway.connect()) {
      for (int i = 0; i < 20; i++) {
        caller.send(call(calling("shop"), Map.of("isn", i % 2 == 0 ? "One" : "Two")));
        caller.read();
      }
      assertThat(log.awaitLines(20))
          .extracting(line -> line.getString("service"))
          .startsWith("One", "Two", "One", "Two");
      assertThat(log.read())
          .allSatisfy(
              line -> {
                boolean one = line.getString("service").equals("One");
                assertThat(line.getString("route")).isEqualTo(one ? "Aa" : "BB");
                assertThat(line.getString("cluster")).isEqualTo(one ? "AaBB" : "BBAa");
              });
    }
  }

  /** Nor is a caller or a connection taken for another that came before. */
  @Test
  void eachLineHasItsOwnCaller() {
    List<String> names = List.of("Aa", "BB", "caf\u00e9", "caf\u00c3\u00a9", "x".repeat(65), "");
    try (Downstream downstream = Downstream.echoing();
        Lines log = logged(TestGateway.config("framed", "", downstream.port()));
        Peer first = log.gateway.connect();
        Peer second = log.gateway.connect()) {
      for (int i = 0; i < 4 * names.size(); i++) {
        boolean one = i % 2 == 0;
        Peer caller = one ? first : second;
        String name = names.get(i / 2 % names.size());
        caller.send(
            call(Map.of(TTHeaderKeys.FROM_SERVICE, name), Map.of("isn", one ? "First" : "Second")));
        caller.read();
      }
      List<JsonObject> lines = log.awaitLines(4 * names.size());
      Set<String> peers = new HashSet<>();
      for (String service : List.of("First", "Second")) {
        List<JsonObject> ofOne =
            lines.stream().filter(line -> line.getString("service").equals(service)).toList();
        assertThat(ofOne)
            .extracting(line -> line.getString("caller", ""))
            .containsExactlyInAnyOrderElementsOf(
                Stream.of(names, names).flatMap(List::stream).toList());
        assertThat(ofOne)
            .extracting(line -> line.getString("peer"))
            .containsOnly(ofOne.get(0).getString("peer"));
        peers.add(ofOne.get(0).getString("peer"));
      }
      assertThat(peers).hasSize(2);
    }
  }

  /** What ends a line, or commands the terminal of whoever reads, does neither. */
  @Test
  void whatCallersSayIsCutAndEscaped() throws IOException {
    String odd =
        "x\"\\\r\n\t\u0001\u001b[2J\u007f\u009b\u0085\u2028\u2029 é€\ud83d\ude00"
            + "y".repeat(2000);
    try (Downstream downstream = Downstream.echoing();
        Lines log = logged(TestGateway.config("framed", "", downstream.port()));
        Peer caller = log.gateway.connect()) {
      caller.send(call(Map.of(TTHeaderKeys.FROM_SERVICE, odd), Map.of("isn", odd)));
      caller.read();
      JsonObject line = log.awaitOne();
      assertThat(line.getString("caller")).isEqualTo(odd.substring(0, KnownFields.MAX_NAME));
      assertThat(line.getString("service")).isEqualTo(odd.substring(0, KnownFields.MAX_NAME));
      assertThat(log.read()).hasSize(1);
      assertThat(Files.readString(folder.resolve("access.log")).strip())
          .doesNotContainPattern("[\\p{Cntrl}\\x7f-\\x9f\\u2028\\u2029]");
    }
  }
}
