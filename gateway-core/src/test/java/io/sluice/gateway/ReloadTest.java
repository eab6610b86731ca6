package io.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.sluice.api.Call;
import io.sluice.api.Filter;
import io.sluice.api.FilterContext;
import io.sluice.api.FilterFactory;
import io.sluice.api.Outcome;
import io.sluice.api.Setting;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.Message;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Thrifts;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** Another configuration comes into force while calls are open. */
class ReloadTest {
  private final List<String> events = new CopyOnWriteArrayList<>();

  record Settings(@Setting(value = "What it is called.", required = true) String name) {}

  /** Notes its life, and each call's end. */
  private final class Noted implements Filter {
    private final String name;

    Noted(String name) {
      this.name = name;
    }

    @Override
    public void start(FilterContext context) {
      if (name.equals("broken")) {
        throw new IllegalStateException("cannot");
      }
      events.add(name + ".start");
    }

    @Override
    public void stop() {
      events.add(name + ".stop");
    }

    @Override
    public void onComplete(Call call, Outcome outcome) {
      events.add(name + "." + call.method() + "." + call.cluster());
    }
  }

  private final FilterFactory<Settings> factory =
      new FilterFactory<>() {
        @Override
        public String name() {
          return "noted";
        }

        @Override
        public Class<Settings> settings() {
          return Settings.class;
        }

        @Override
        public Filter create(Settings settings) {
          return new Noted(settings.name());
        }
      };

  private static String config(String cluster, int port, String filter) {
    return """
    listeners: {rpc: {address: '127.0.0.1:0'}}
    clusters:
      %s: {endpoints: ['127.0.0.1:%d'], transport: framed}
    routes:
      - {cluster: %s}
    filters:
      - {use: noted, with: {name: %s}}
    """
        .formatted(cluster, port, cluster, filter);
  }

  @Test
  void aCallEndsAsItBeganAndTheNextGoesTheNewWay() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch mayAnswer = new CountDownLatch(1);
    Downstream.Service slow =
        (peer, n) -> {
          for (Message m = peer.read(); m != null; m = peer.read()) {
            asked.countDown();
            mayAnswer.await();
            peer.send(Thrifts.reply(m, "old"));
          }
        };
    try (Downstream old = Downstream.serving(slow);
        Downstream next = Downstream.echoing();
        TestGateway gateway =
            TestGateway.start(config("old", old.port(), "first"), 2, List.of(factory));
        Peer waiting = gateway.connect();
        Peer later = gateway.connect()) {
      waiting.send(Thrifts.call("slow", 1, "hi"));
      asked.await();

      gateway.reload(config("new", next.port(), "second"), List.of(factory));
      later.call("quick", 1, Thrifts.args("hi"));
      await().until(() -> events.contains("second.quick.new"));
      assertThat(events).containsExactly("first.start", "second.start", "second.quick.new");
      assertThat(old.open()).isEqualTo(1);

      mayAnswer.countDown();
      assertThat(waiting.read()).isNotNull();
      await().until(() -> events.contains("first.stop"));
      assertThat(events)
          .containsExactly(
              "first.start", "second.start", "second.quick.new", "first.slow.old", "first.stop");
      await().until(() -> old.open() == 0);
    }
    assertThat(events).endsWith("second.stop").hasSize(6);
  }

  @Test
  void whatHasNotChangedKeepsItsConnectionsAndItsFilters() {
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway =
            TestGateway.start(config("same", downstream.port(), "only"), 1, List.of(factory));
        Peer caller = gateway.connect()) {
      for (int i = 0; i < 20; i++) {
        caller.call("echo", i, Thrifts.args("hi"));
        String route = "routes:\n  - {timeout: " + (i + 1) + "s, cluster";
        gateway.reload(
            config("same", downstream.port(), "only").replace("routes:\n  - {cluster", route),
            List.of(factory));
      }
      caller.call("echo", 21, Thrifts.args("hi"));
      assertThat(downstream.accepted()).isEqualTo(1);
    }
    assertThat(events).startsWith("only.start").endsWith("only.stop").hasSize(23);
  }

  @Test
  void oneWhoseFilterCannotStartChangesNothing() {
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway =
            TestGateway.start(config("c", downstream.port(), "first"), 1, List.of(factory));
        Peer caller = gateway.connect()) {
      assertThatThrownBy(
              () -> gateway.reload(config("c", downstream.port(), "broken"), List.of(factory)))
          .hasStackTraceContaining("filter 'noted' cannot start: cannot");
      caller.call("echo", 1, Thrifts.args("hi"));
      await().until(() -> events.contains("first.echo.c"));
    }
    assertThat(events).containsExactly("first.start", "first.echo.c", "first.stop");
  }

  @Test
  void listenersComeAndGoAndChange() {
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway =
            TestGateway.start(config("c", downstream.port(), "only"), 2, List.of(factory));
        Peer first = gateway.connect()) {
      first.call("echo", 1, Thrifts.args("hi"));
      String two =
          config("c", downstream.port(), "only")
              .replace(
                  "{rpc: {address: '127.0.0.1:0'}}",
                  "{rpc: {address: '127.0.0.1:0', limits: {maxConnections: 1}},"
                      + " more: {address: '127.0.0.1:0'}}");
      gateway.reload(two, List.of(factory));
      int port = gateway.gateway().port("more");
      try (Peer second = Peer.connect(port);
          Peer refused = gateway.connect()) {
        second.call("echo", 1, Thrifts.args("hi"));
        assertThat(refused.read()).as("the first is there already").isNull();
        first.call("echo", 2, Thrifts.args("hi"));
        gateway.reload(config("c", downstream.port(), "only"), List.of(factory));
        assertThat(second.read()).as("an answer, or the end").isNull();
      }
      assertThat(gateway.gateway().ports()).containsOnlyKeys("rpc");
      await()
          .untilAsserted(
              () ->
                  assertThat(gateway.registry().scrape())
                      .contains("sluice_connections{listener=\"rpc\"}")
                      .doesNotContain("listener=\"more\""));
      await()
          .untilAsserted(
              () ->
                  assertThatThrownBy(() -> Peer.connect(port).close())
                      .hasStackTraceContaining("refused"));
      first.call("echo", 3, Thrifts.args("hi"));
    }
  }

  @Test
  void callsOfAListenerThatGoesHaveTheGraceOfTheEndToo() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    Downstream.Service silent =
        (peer, n) -> {
          while (peer.read() != null) {
            asked.countDown();
          }
        };
    Downstream downstream = Downstream.serving(silent);
    String one = config("c", downstream.port(), "only");
    String two =
        one.replace(
            "{rpc: {address: '127.0.0.1:0'}}",
            "{rpc: {address: '127.0.0.1:0'}, more: {address: '127.0.0.1:0'}}");
    TestGateway gateway = TestGateway.start(two, 2, List.of(factory));
    try (downstream;
        Peer caller = Peer.connect(gateway.gateway().port("more"))) {
      caller.send(Thrifts.call("slow", 1, "hi"));
      asked.await();
      gateway.reload(one, List.of(factory));

      assertThat(TestGateway.get(gateway.gateway().shutdown(Duration.ofMillis(500))))
          .as("calls that were cut off")
          .isEqualTo(1);
    }
    assertThat(events).containsExactly("only.start", "only.slow.c", "only.stop");
  }

  @Test
  void oneThatCannotListenChangesNothing() {
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway =
            TestGateway.start(config("c", downstream.port(), "first"), 1, List.of(factory));
        Peer caller = gateway.connect()) {
      String taken =
          config("c", downstream.port(), "second")
              .replace(
                  "{rpc: {address: '127.0.0.1:0'}}",
                  "{rpc: {address: '127.0.0.1:0'}, more: {address: '127.0.0.1:0'},"
                      + " taken: {address: '127.0.0.1:"
                      + downstream.port()
                      + "'}}");
      assertThatThrownBy(() -> gateway.reload(taken, List.of(factory)))
          .hasStackTraceContaining("listener 'taken' cannot listen on");
      caller.call("echo", 1, Thrifts.args("hi"));
      await().until(() -> events.contains("first.echo.c"));
      assertThat(gateway.gateway().ports()).containsOnlyKeys("rpc");
    }
    assertThat(events)
        .containsExactly(
            "first.start", "second.start", "second.stop", "first.echo.c", "first.stop");
  }

  @Test
  void callsOfTheOldestEndWhenThereAreTooManyConfigurations() {
    int bound = 128;
    Downstream.Service silent =
        (peer, n) -> {
          for (boolean open = true; open; ) {
            try {
              open = peer.read() != null;
            } catch (AssertionError e) {
              // nothing came for a while, nor will anything for as long as this takes
            }
          }
        };
    List<Peer> callers = new ArrayList<>();
    try (Downstream downstream = Downstream.serving(silent);
        TestGateway gateway = TestGateway.start(slow(downstream.port(), 0), 1, List.of(factory))) {
      for (int i = 1; i <= bound + 2; i++) {
        Peer caller = gateway.connect();
        callers.add(caller);
        caller.send(Thrifts.call("slow", 1, "hi"));
        int open = i;
        await()
            .pollDelay(Duration.ZERO)
            .pollInterval(Duration.ofMillis(2))
            .until(() -> downstream.open() >= Math.min(open, bound));
        gateway.reload(slow(downstream.port(), i), List.of(factory));
      }
      for (Peer oldest : callers.subList(0, 2)) {
        assertThat(new String(oldest.read().body(), StandardCharsets.UTF_8))
            .contains("the gateway has been configured anew too often since the call began");
      }
      await().until(() -> downstream.open() == bound);
    } finally {
      callers.forEach(Peer::close);
    }
  }

  private static String slow(int port, int number) {
    return config("c", port, "only")
        .replace("{cluster: c}", "{cluster: c, timeout: " + (300 + number) + "s}");
  }
}
