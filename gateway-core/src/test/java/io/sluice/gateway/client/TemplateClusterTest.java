package io.sluice.gateway.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.api.Protocol;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.GrpcPeers;
import io.sluice.gateway.testkit.Journal;
import io.sluice.gateway.testkit.Message;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.Probe;
import io.sluice.gateway.testkit.Splits;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Thrifts;
import java.io.File;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import javax.management.ObjectName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Clusters whose addresses come of what calls say. */
class TemplateClusterTest {
  private final List<String> endpoints = new CopyOnWriteArrayList<>();
  private final Probe probe =
      Probe.of("probe", new Journal()).onEndDo((call, outcome) -> endpoints.add(call.endpoint()));

  private TestGateway start(String host, int port, String template) {
    return start(host, port, "ttheader", template);
  }

  private TestGateway start(String host, int port, String transport, String template) {
    return TestGateway.start(
        """
        listeners: {rpc: {address: '127.0.0.1:0'}}
        clusters:
          dynamic: {endpoints: ['%s:%d'], transport: %s, template: {%s}}
        routes:
          - cluster: dynamic
        """
            .formatted(host, port, transport, template),
        1,
        probe);
  }

  private static byte[] call(String method, String service, String destination, String x) {
    return Thrifts.ttheader(
        Protocol.TTHEADER,
        Map.of(6, destination),
        Map.of("isn", service, "x", x),
        1,
        method,
        1,
        Thrifts.args("hi"));
  }

  private static Message ask(Peer caller, String x) {
    return caller.send(call("echo", "S", "", x)).read();
  }

  private static void assertEchoes(Peer caller, String x) {
    Message reply = ask(caller, x);
    assertThat(reply.type()).isEqualTo(2);
    assertThat(Thrifts.text(reply.body())).isEqualTo("hi");
  }

  @ParameterizedTest
  @CsvSource({
    "{service}, LocalHost, -, -, localhost",
    "{name}, Orders, -, -, 127.0.0.2",
    "{name}, localhost, -, -, localhost",
    "{destination}, S, 127.0.0.3, -, 127.0.0.3",
    "127.{metadata:x}.4, S, -, 0.0, 127.0.0.4",
    "127.0.{metadata:x}.{service}, 6, -, 5, 127.0.5.6",
  })
  void theHostComesOfTheCall(String host, String service, String destination, String x, String to) {
    try (Downstream downstream = Downstream.everywhere(Downstream::echo);
        TestGateway gateway = start(host, downstream.port(), "names: {Orders: 127.0.0.2}");
        Peer caller = gateway.connect()) {
      for (int i = 0; i < 3; i++) {
        caller.send(call("echo", service, destination, x));
        assertThat(Thrifts.text(caller.read().body())).isEqualTo("hi");
      }
      assertThat(endpoints).hasSize(3).containsOnly(to + ":" + downstream.port());
      assertThat(downstream.accepted()).isEqualTo(1);
    }
  }

  @Test
  void thePackageOfAGrpcCall() throws Exception {
    try (GrpcPeers peers = new GrpcPeers()) {
      int port = peers.serveEcho();
      try (TestGateway gateway = start("{package}", port, "")) {
        peers.post(gateway.port(), "/localhost.Shop/Echo", GrpcPeers.framed("hi"));
        await().until(() -> endpoints.contains("localhost:" + port));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ".",
        "..",
        ".a",
        "a.",
        "a..b",
        "a b",
        "a/b",
        "a:1",
        "a,b",
        "a@b",
        "{service}",
        "[::1]",
        "a\u0000",
        "a\nb",
        "\u00e9",
        "%41",
        "*",
        "-a",
        "256.1",
      })
  void whatIsNoPartOfAHostNameIsRefused(String x) {
    try (Downstream downstream = Downstream.everywhere(Downstream::echo);
        TestGateway gateway =
            start(
                x.equals("256.1") ? "127.0.{metadata:x}" : "{metadata:x}", downstream.port(), "");
        Peer caller = gateway.connect()) {
      Message told = ask(caller, x);
      assertThat(told.exception().number()).isEqualTo(20);
      assertThat(told.exception().text())
          .startsWith("unknown service S, method echo, cluster dynamic: ");
      assertThat(ask(caller, "x".repeat(300)).exception().number()).isEqualTo(20);
      caller.send(Thrifts.framed(1, "echo", 1, Thrifts.args("hi")));
      assertThat(caller.read().exception().text())
          .isEqualTo(
              "unknown service , method echo, cluster dynamic: the call has nothing for"
                  + " {metadata:x}");
      assertThat(downstream.accepted()).isZero();
    }
  }

  @Test
  void onlyHostsThatAreAllowed() {
    try (Downstream downstream = Downstream.everywhere(Downstream::echo);
        TestGateway gateway =
            start("{metadata:x}", downstream.port(), "allow: ['127.0.*.1', localhost]");
        Peer caller = gateway.connect()) {
      assertEchoes(caller, "127.0.7.1");
      assertEchoes(caller, "LOCALHOST");
      assertThat(ask(caller, "127.0.7.2").exception().text())
          .endsWith(": the host 127.0.7.2 is not among those allowed");
      assertThat(ask(caller, "127x0.7.1").exception().number()).isEqualTo(20);
      assertThat(ask(caller, "localhost.evil").exception().number()).isEqualTo(20);
      assertThat(downstream.accepted()).isEqualTo(2);
    }
  }

  @Test
  void anInstanceWithoutCallsIsLetGo() {
    try (Downstream downstream = Downstream.everywhere(Downstream::echo);
        TestGateway gateway = start("127.{metadata:x}", downstream.port(), "keepFor: 300ms");
        Peer caller = gateway.connect()) {
      assertEchoes(caller, "0.0.1");
      assertEchoes(caller, "0.0.2");
      await()
          .atMost(Duration.ofSeconds(20))
          .until(
              () -> {
                assertEchoes(caller, "0.0.2");
                return downstream.open() == 1;
              });
      assertThat(downstream.accepted()).isEqualTo(2);
      await().atMost(Duration.ofSeconds(20)).until(() -> downstream.open() == 0);
      assertEchoes(caller, "0.0.1");
      assertThat(downstream.accepted()).isEqualTo(3);
    }
  }

  @Test
  void theOneWithoutCallsForLongestMakesRoom() {
    CountDownLatch release = new CountDownLatch(1);
    AtomicInteger held = new AtomicInteger();
    try (Downstream downstream =
            Downstream.everywhere(
                (peer, n) -> {
                  for (Message m = peer.read(); m != null; m = peer.read()) {
                    if (m.method().equals("hold")) {
                      held.incrementAndGet();
                      release.await();
                    }
                    peer.send(Thrifts.reply(m, "hi"));
                  }
                });
        TestGateway gateway = start("127.0.0.{metadata:x}", downstream.port(), "maxInstances: 2");
        Peer one = gateway.connect();
        Peer two = gateway.connect();
        Peer caller = gateway.connect()) {
      assertEchoes(caller, "1");
      assertEchoes(caller, "2");
      assertEchoes(caller, "1");
      assertEchoes(caller, "3"); // in place of 2
      assertThat(downstream.accepted()).isEqualTo(3);
      assertEchoes(caller, "1");
      assertThat(downstream.accepted()).isEqualTo(3);
      one.send(call("hold", "S", "", "1"));
      two.send(call("hold", "S", "", "3"));
      await().until(() -> held.get() == 2);
      assertThat(ask(caller, "4").exception().text())
          .isEqualTo(
              "request over limit: cluster dynamic has all of its 2 instances in use"
                  + " (maxInstances)");
      assertEchoes(caller, "3");
      release.countDown();
      one.read();
      two.read();
      assertEchoes(caller, "4");
    }
  }

  /** What was written last is still to leave when the place is given to another. */
  @Test
  void aOnewayCallSurvivesItsInstance() {
    List<String> told = new CopyOnWriteArrayList<>();
    try (Downstream downstream =
            Downstream.everywhere(
                (peer, n) -> {
                  for (Message m = peer.read(); m != null; m = peer.read()) {
                    if (m.type() == 4) {
                      told.add(m.method());
                    } else {
                      byte[] result = Thrifts.result("hi");
                      peer.send(
                          Thrifts.ttheader(
                              Protocol.TTHEADER, Map.of(), Map.of(), 2, "echo", m.seqId(), result));
                    }
                  }
                });
        TestGateway gateway =
            start(
                "127.0.0.{metadata:x}",
                downstream.port(),
                "{unary: ttheader, multiplex: true}",
                "maxInstances: 1");
        Peer caller = gateway.connect()) {
      assertEchoes(caller, "1");
      byte[] oneway =
          Thrifts.ttheader(
              Protocol.TTHEADER, Map.of(), Map.of("x", "1"), 4, "tell", 1, Thrifts.args("hi"));
      caller.send(Splits.glued(oneway, call("echo", "S", "", "2")));
      assertThat(Thrifts.text(caller.read().body())).isEqualTo("hi");
      await().atMost(Duration.ofSeconds(10)).until(() -> told.equals(List.of("tell")));
    }
  }

  /** All instances come and go over the same few hundred handles, and nothing of them stays. */
  @Test
  void tenThousandComeAndGo() throws Exception {
    AtomicInteger most = new AtomicInteger();
    try (Downstream downstream = Downstream.everywhere(Downstream::echo);
        TestGateway gateway =
            start("127.{metadata:x}", downstream.port(), "maxInstances: 100, keepFor: 1s");
        Peer caller = gateway.connect()) {
      assertEchoes(caller, "0.0.1");
      int handles = handles();
      for (int batch = 0; batch < 200; batch++) {
        for (int i = 0; i < 50; i++) {
          int n = batch * 50 + i;
          caller.send(call("echo", "S", "", n / 250 % 250 + "." + n % 250 + ".2"));
        }
        for (int i = 0; i < 50; i++) {
          assertThat(Thrifts.text(caller.read().body())).isEqualTo("hi");
        }
        most.accumulateAndGet(downstream.open(), Math::max);
      }
      assertThat(downstream.accepted()).isEqualTo(10_001);
      // Closes are seen a little later on the other side.
      assertThat(most.get()).isBetween(50, 300);
      await().atMost(Duration.ofSeconds(30)).until(() -> downstream.open() == 0);
      await().atMost(Duration.ofSeconds(30)).until(() -> handles() <= handles);
      await()
          .atMost(Duration.ofSeconds(30))
          .pollInterval(Duration.ofSeconds(1))
          .untilAsserted(
              () ->
                  assertThat(alive())
                      .as("what there is of instances")
                      .contains("client.TemplateClient")
                      .doesNotContain("client.Endpoint", "client.PingPong", "client.SharedPool"));
    }
  }

  private static int handles() {
    return new File("/proc/self/fd").list().length;
  }

  /** The classes of the client that have instances which cannot be collected. */
  private static List<String> alive() throws Exception {
    String histogram =
        (String)
            ManagementFactory.getPlatformMBeanServer()
                .invoke(
                    new ObjectName("com.sun.management:type=DiagnosticCommand"),
                    "gcClassHistogram",
                    new Object[] {new String[0]},
                    new String[] {String[].class.getName()});
    List<String> names = new ArrayList<>();
    for (String line : histogram.split("\n")) {
      String[] columns = line.trim().split("\\s+");
      if (columns.length > 3 && columns[3].startsWith("io.sluice.gateway.client.")) {
        names.add(columns[3].substring("io.sluice.gateway.".length()));
      }
    }
    return names;
  }
}
