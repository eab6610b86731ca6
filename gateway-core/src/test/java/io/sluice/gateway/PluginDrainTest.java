package io.sluice.gateway;

import static io.sluice.gateway.testkit.FollowingGateway.soon;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.api.Protocol;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.FollowingGateway;
import io.sluice.gateway.testkit.Message;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.PluginJar;
import io.sluice.gateway.testkit.StreamCaller;
import io.sluice.gateway.testkit.StreamServer;
import io.sluice.gateway.testkit.Thrifts;
import java.lang.ref.WeakReference;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Calls are open, some of them by a plugin's code, when that is replaced or removed. */
class PluginDrainTest {
  private static final PluginJar MAKER = PluginJar.of("maker", "1.0.0").with(PluginJar.MADE);

  @TempDir private Path folder;
  private final CountDownLatch mayAnswer = new CountDownLatch(1);
  private final CountDownLatch asked = new CountDownLatch(2);

  private final Downstream downstream =
      Downstream.serving(
          (peer, n) -> {
            for (Message m = peer.read(); m != null; m = peer.read()) {
              asked.countDown();
              mayAnswer.await();
              peer.send(Thrifts.echo(m));
            }
          });

  @AfterEach
  void close() {
    mayAnswer.countDown();
    downstream.close();
  }

  private FollowingGateway start(String drain, String uses) {
    return FollowingGateway.start(folder, config(drain, uses));
  }

  /** Calls of {@code used} pass the filters, others none. */
  private String config(String drain, String filters) {
    return """
    listeners: {rpc: {address: '127.0.0.1:0'}, admin: {address: '127.0.0.1:0', serves: admin}}
    clusters:
      backend: {endpoints: ['127.0.0.1:%d'], transport: framed}
    routes:
      - {cluster: backend, timeout: 5m}
      - {match: {method: used}, cluster: backend, timeout: 5m, filters: [%s]}
    plugins: {drain: %s}
    """
        .formatted(downstream.port(), filters, drain);
  }

  private static byte[] jar(String version) {
    return MAKER.copy().says("Plugin-Version", version).bytes();
  }

  private void open(Peer used, Peer free) throws InterruptedException {
    used.send(Thrifts.call("used", 1, "hi"));
    free.send(Thrifts.call("free", 1, "hi"));
    asked.await();
  }

  private static void awaitOnly(FollowingGateway gateway, String state, String version) {
    soon(
        () ->
            assertThat(gateway.plugins())
                .extracting(p -> p.getString("state") + ' ' + p.getString("version"))
                .containsExactly(state + ' ' + version));
  }

  private static void assertEnded(Message told, String why) {
    assertThat(new String(told.body(), StandardCharsets.UTF_8))
        .contains("plugin 'maker' 1.0.0, by which the call went, " + why);
  }

  private void assertAnswered(Peer free) {
    mayAnswer.countDown();
    assertThat(Thrifts.text(free.read().body())).isEqualTo("hi");
  }

  @Test
  void callsByReplacedCodeEndWhenItsTimeIsOverAndNoOthers() throws Exception {
    try (FollowingGateway gateway = start("100ms", "");
        Peer used = gateway.connect();
        Peer free = gateway.connect()) {
      gateway.put("maker.jar", jar("1.0.0"));
      gateway.configure(config("100ms", "{use: made}"));
      soon(() -> assertThat(gateway.page("/readyz?verbose")).contains("filters: 1 [made]"));
      open(used, free);
      WeakReference<ClassLoader> code = gateway.code();

      gateway.put("maker.jar", jar("2.0.0"));
      assertEnded(used.read(), "was replaced by 2.0.0");
      awaitOnly(gateway, "running", "2.0.0");
      assertThat(gateway.page("/metrics")).contains("sluice_config_generations 2.0");
      soon(
          () -> {
            System.gc();
            assertThat(code.get())
                .as("the code, while a call that does not use it is open")
                .isNull();
          });
      assertAnswered(free);
    }
  }

  @Test
  void codeThatNoCallUsesGoesAtOnce() throws Exception {
    try (FollowingGateway gateway = start("24h", "");
        Peer first = gateway.connect();
        Peer second = gateway.connect()) {
      gateway.put("maker.jar", jar("1.0.0"));
      awaitOnly(gateway, "running", "1.0.0");
      gateway.configure(config("24h", "{use: made}"));
      soon(() -> assertThat(gateway.page("/readyz?verbose")).contains("filters: 1 [made]"));
      first.send(Thrifts.call("free", 1, "hi"));
      second.send(Thrifts.call("free", 1, "hi"));
      asked.await();

      gateway.put("maker.jar", jar("2.0.0"));
      awaitOnly(gateway, "running", "2.0.0");
      assertAnswered(first);
      assertAnswered(second);
    }
  }

  @Test
  void callsByRemovedCodeGoOnUntilTheEndOfTheirTime() throws Exception {
    try (FollowingGateway gateway = start("24h", "");
        Peer used = gateway.connect();
        Peer free = gateway.connect()) {
      gateway.put("maker.jar", jar("1.0.0"));
      gateway.configure(config("24h", "{use: made}"));
      soon(() -> assertThat(gateway.page("/readyz?verbose")).contains("filters: 1 [made]"));
      open(used, free);

      gateway.configure(config("24h", ""));
      soon(() -> assertThat(gateway.page("/readyz?verbose")).contains("filters: 0"));
      gateway.remove("maker.jar");
      awaitOnly(gateway, "removed", "1.0.0");
      assertThat(gateway.plugins().get(0).getInteger("calls")).isEqualTo(1);

      gateway.configure(config("0s", ""));
      assertEnded(used.read(), "was removed");
      soon(() -> assertThat(gateway.plugins()).isEmpty());
      assertAnswered(free);
    }
  }

  @Test
  void codeOfAnotherClusterOfTheRouteGoesToo() throws Exception {
    String one =
        config("24h", "")
            .replace(
                "  backend:",
                "  other: {endpoints: ['127.0.0.1:1'], transport: framed, filters: [{use: made}]}\n"
                    + "  backend:")
            .replace("- {cluster: backend", "- {clusters: {backend: 1, other: 0}");
    try (FollowingGateway gateway = start("24h", "");
        Peer first = gateway.connect();
        Peer second = gateway.connect()) {
      gateway.put("maker.jar", jar("1.0.0"));
      gateway.configure(one);
      soon(() -> assertThat(gateway.page("/readyz?verbose")).contains("filters: 1 [made]"));
      first.send(Thrifts.call("free", 1, "hi"));
      second.send(Thrifts.call("free", 1, "hi"));
      asked.await();
      WeakReference<ClassLoader> code = gateway.code();

      gateway.put("maker.jar", jar("2.0.0"));
      awaitOnly(gateway, "running", "2.0.0");
      soon(
          () -> {
            System.gc();
            assertThat(code.get()).isNull();
          });
      assertAnswered(first);
      assertAnswered(second);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Protocol.class,
      names = {"GRPC", "TTSTREAM"})
  void streamsByReplacedCodeEndWithThatReason(Protocol protocol) throws Exception {
    try (StreamServer server = StreamServer.of(protocol);
        FollowingGateway gateway = start("100ms", "")) {
      gateway.put("maker.jar", jar("1.0.0"));
      String used =
          config("100ms", "{use: made}")
              .replace(Integer.toString(downstream.port()), Integer.toString(server.port()))
              .replace("{match: {method: used}", "{match: {service: Svc}");
      gateway.configure(used);
      soon(() -> assertThat(gateway.page("/readyz?verbose")).contains("filters: 1 [made]"));
      try (StreamCaller caller = StreamCaller.open(protocol, gateway.gateway().port("rpc"))) {
        caller.say("one");
        assertThat(until("<", caller)).isEqualTo("<one>");

        gateway.put("maker.jar", jar("2.0.0"));
        assertThat(until("end:", caller))
            .contains("plugin 'maker' 1.0.0, by which the call went, was replaced by 2.0.0");
        awaitOnly(gateway, "running", "2.0.0");
      }
    }
  }

  private static String until(String begin, StreamCaller caller) throws InterruptedException {
    String next = caller.next();
    while (!next.startsWith(begin)) {
      next = caller.next();
    }
    return next;
  }
}
