package io.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.sluice.api.EndpointSource;
import io.sluice.api.EndpointSource.Endpoint;
import io.sluice.api.EndpointSourceFactory;
import io.sluice.api.FilterContext;
import io.sluice.api.Setting;
import io.sluice.gateway.cli.Plugins;
import io.sluice.gateway.client.Clients;
import io.sluice.gateway.config.ClusterConfig;
import io.sluice.gateway.config.ConfigLoader;
import io.sluice.gateway.context.Contexts;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.Message;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.PluginJar;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Thrifts;
import io.sluice.gateway.testkit.Warnings;
import io.vertx.core.Vertx;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Extensions find the endpoints of clusters. */
class SourcesTest {
  private final List<String> events = new CopyOnWriteArrayList<>();

  /** Of the source that was started last. */
  private volatile EndpointSource.Found found;

  record Settings(
      @Setting("Ports.") List<Integer> ports,
      @Setting(value = "Any.", required = true) String any) {}

  private final EndpointSourceFactory<Settings> factory =
      new EndpointSourceFactory<>() {
        @Override
        public String name() {
          return "told";
        }

        @Override
        public Class<Settings> settings() {
          return Settings.class;
        }

        @Override
        public EndpointSource create(Settings settings) {
          return new Told(settings.ports());
        }
      };

  private final class Told implements EndpointSource {
    private final List<Integer> ports;

    Told(List<Integer> ports) {
      this.ports = ports;
    }

    @Override
    public void start(FilterContext context, Found lent) {
      events.add("start " + ports);
      if (ports.contains(13)) {
        throw new IllegalStateException("no luck");
      }
      found = lent;
      lent.endpoints(endpoints(ports.stream().mapToInt(port -> port).toArray()));
    }

    @Override
    public void stop() {
      events.add("stop " + ports);
    }
  }

  private static List<Endpoint> endpoints(int... ports) {
    return Arrays.stream(ports).mapToObj(port -> new Endpoint("127.0.0.1", port, 1)).toList();
  }

  private static String config(String endpoints) {
    return """
    listeners: {rpc: {address: '127.0.0.1:0'}}
    clusters:
      found: {endpoints: %s, transport: framed}
    routes: [{cluster: found}]
    """
        .formatted(endpoints);
  }

  private static String told(int... ports) {
    return config(
        "{use: told, with: {any: x, ports: "
            + Arrays.stream(ports).boxed().map(String::valueOf).collect(Collectors.toList())
            + "}}");
  }

  private TestGateway run(String config) {
    return TestGateway.start(config, 1, List.of(factory));
  }

  private static Downstream named(String name) {
    return Downstream.serving(
        (peer, n) -> {
          for (Message m = peer.read(); m != null; m = peer.read()) {
            peer.send(Thrifts.reply(m, name));
          }
        });
  }

  private static String ask(Peer caller) {
    return Thrifts.text(caller.call("who", 1, Thrifts.args("?")).body());
  }

  private static Set<String> askOften(Peer caller) {
    Set<String> names = new HashSet<>();
    for (int i = 0; i < 20; i++) {
      names.add(ask(caller));
    }
    return names;
  }

  @Test
  void endpointsComeAndGoAndThoseThatStayKeepTheirConnections() {
    try (Downstream a = named("a");
        Downstream b = named("b");
        TestGateway gateway = run(told(a.port()));
        Peer caller = gateway.connect()) {
      assertThat(askOften(caller)).containsExactly("a");

      found.endpoints(endpoints(b.port(), a.port()));
      await().until(() -> askOften(caller).equals(Set.of("a", "b")));
      assertThat(a.accepted()).isEqualTo(1);

      found.endpoints(endpoints(b.port()));
      await().until(() -> a.open() == 0);
      assertThat(askOften(caller)).containsExactly("b");
      assertThat(b.accepted()).isEqualTo(1);
    }
  }

  @Test
  void oneThatGoesEndsTheCallsThatItHas() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch mayAnswer = new CountDownLatch(1);
    Downstream.Service slow =
        (peer, n) -> {
          for (Message m = peer.read(); m != null; m = peer.read()) {
            asked.countDown();
            mayAnswer.await();
            peer.send(Thrifts.reply(m, "a"));
          }
        };
    try (Downstream a = Downstream.serving(slow);
        Downstream b = named("b");
        TestGateway gateway = run(told(a.port()));
        Peer waiting = gateway.connect();
        Peer later = gateway.connect()) {
      waiting.send(Thrifts.call("who", 1, "?"));
      asked.await();
      found.endpoints(endpoints(b.port()));
      await().until(() -> askOften(later).equals(Set.of("b")));
      assertThat(a.open()).isEqualTo(1);
      mayAnswer.countDown();
      assertThat(Thrifts.text(waiting.read().body())).isEqualTo("a");
      await().until(() -> a.open() == 0);
    }
  }

  @Test
  void withoutEndpointsCallsAreRefusedUntilThereAreSome() {
    try (Downstream a = named("a");
        TestGateway gateway = run(told());
        Peer caller = gateway.connect()) {
      caller.send(Thrifts.call("who", 1, "?"));
      assertThat(caller.read().exception().text()).contains("cluster found has no endpoint for it");
      found.endpoints(endpoints(a.port()));
      await()
          .until(
              () -> {
                caller.send(Thrifts.call("who", 1, "?"));
                return Thrifts.text(caller.read().body()).equals("a");
              });
    }
  }

  @Test
  void aListThatIsNoneIsRefusedAndTheLastOneKept() {
    try (Warnings log = new Warnings();
        Downstream a = named("a");
        TestGateway gateway = run(told(a.port()));
        Peer caller = gateway.connect()) {
      assertThatThrownBy(() -> found.endpoints(endpoints(7, 7)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("endpoint 127.0.0.1:7 is there twice");
      assertThatThrownBy(() -> found.endpoints(endpoints(IntStream.rangeClosed(1, 1001).toArray())))
          .hasMessage("at most 1000 endpoints, not 1001");
      assertThatThrownBy(() -> found.endpoints(List.of(new Endpoint("{service}", 1, 1))))
          .hasMessageStartingWith("not a host name or IP address");
      assertThatThrownBy(() -> new Endpoint("a", 0, 1)).hasMessage("a port is 1 to 65535, not 0");

      found.failed("the registry is away");
      found.failed("the registry is away");
      assertThat(askOften(caller)).containsExactly("a");
      assertThat(log.only())
          .startsWith(
              "endpoints of cluster 'found' are not known, the last stay: the registry is away");
    }
  }

  @Test
  void aSourceGoesOnAsLongAsItsUseIsTheSame() {
    try (Downstream a = named("a");
        TestGateway gateway = run(told(a.port()));
        Peer caller = gateway.connect()) {
      String other = told(a.port()).replace("framed}", "framed, maxCalls: 7}");
      gateway.reload(other, List.of(factory));
      assertThat(askOften(caller)).containsExactly("a");
      assertThat(events).containsExactly("start [" + a.port() + "]");

      gateway.reload(told(1), List.of(factory));
      await().until(() -> events.contains("stop [" + a.port() + "]"));
      gateway.reload(config("['127.0.0.1:" + a.port() + "']"), List.of(factory));
      await().until(() -> events.contains("stop [1]"));
      assertThat(events)
          .containsExactly(
              "start [" + a.port() + "]", "start [1]", "stop [" + a.port() + "]", "stop [1]");
      assertThat(askOften(caller)).containsExactly("a");
    }
  }

  @Test
  void oneThatCannotStartRefusesTheConfiguration() {
    try (Downstream a = named("a");
        TestGateway gateway = run(told(a.port()));
        Peer caller = gateway.connect()) {
      assertThatThrownBy(() -> gateway.reload(told(13), List.of(factory)))
          .hasStackTraceContaining(
              "endpoint source 'told' of cluster 'found' cannot start: no luck");
      assertThat(askOften(caller)).containsExactly("a");
    }
  }

  /** One that comes back when it is interrupted only, from its start or from its stop. */
  private static final class Endless implements EndpointSource {
    private final boolean starts;

    Endless(boolean starts) {
      this.starts = starts;
    }

    @Override
    public void start(FilterContext context, Found lent) {
      if (!starts) {
        stop();
      }
    }

    @Override
    public void stop() {
      while (!Thread.interrupted()) {
        LockSupport.park();
      }
    }
  }

  private static Map<String, ClusterConfig> endless(boolean starts) {
    EndpointSourceFactory<Settings> endless =
        new EndpointSourceFactory<>() {
          @Override
          public String name() {
            return "endless";
          }

          @Override
          public Class<Settings> settings() {
            return Settings.class;
          }

          @Override
          public EndpointSource create(Settings settings) {
            return new Endless(starts);
          }
        };
    String text = config("{use: endless, with: {any: x}}");
    return ConfigLoader.load("test.yaml", text, List.of(endless)).model().clusters();
  }

  @Test
  void oneThatDoesNotComeBackIsNotWaitedForForEver() throws Exception {
    Vertx vertx = Vertx.vertx();
    Contexts contexts = new Contexts(vertx, new SimpleMeterRegistry());
    Sources sources = new Sources(contexts, new Clients(), 1, 1);
    assertThatThrownBy(() -> sources.use(endless(false)))
        .hasMessage(
            "endpoint source 'endless' of cluster 'found' cannot start: has not come back in 1 s,"
                + " it is in "
                + Endless.class.getName()
                + ".stop");

    Map<String, ClusterConfig> clusters = endless(true);
    sources.use(clusters);
    try (Warnings log = new Warnings()) {
      sources.release(clusters);
      assertThat(log.only()).startsWith("endpoint source 'endless' did not stop as it should");
    }
    contexts.close();
    vertx.close().await();
  }

  @Test
  void faultsAreInTheirPlaces() {
    assertThatThrownBy(() -> run(config("{use: tald, with: {ports: [1]}}")))
        .hasMessage(
            "test.yaml:3:28: unknown endpoint source 'tald': did you mean 'told'? known are told");
    assertThatThrownBy(() -> run(config("{use: told}")))
        .hasMessage("test.yaml:3:22: missing key 'any': it is required");
    assertThatThrownBy(() -> run(config("{with: {ports: [1]}}")))
        .hasMessage("test.yaml:3:22: missing key 'use': it is required");
    assertThatThrownBy(() -> run(config(""))).hasMessageContaining("key 'endpoints' has no value");
  }

  /** One out of a jar, which looks into a file. */
  private static final String FROM_FILE =
      """
      import io.sluice.api.*;
      import java.nio.file.*;
      import java.time.Duration;
      import java.util.List;
      import org.pf4j.Extension;

      @Extension
      public class FromFile implements EndpointSourceFactory<FromFile.Settings> {
        public record Settings(@Setting(value = "Ports, one a line.", required = true) String file) {}
        @Override public String name() { return "file"; }
        @Override public Class<Settings> settings() { return Settings.class; }
        @Override public EndpointSource create(Settings settings) {
          return new EndpointSource() {
            @Override public void start(FilterContext context, Found found) {
              look(found);
              context.every(Duration.ofMillis(20), () -> look(found));
            }
            void look(Found found) {
              try {
                found.endpoints(Files.readAllLines(Path.of(settings.file())).stream()
                    .map(line -> new Endpoint("127.0.0.1", Integer.parseInt(line), 1)).toList());
              } catch (java.io.IOException e) {
                found.failed(e.toString());
              }
            }
          };
        }
      }
      """;

  @Test
  void oneComesOutOfAJar(@TempDir Path jars, @TempDir Path folder) throws Exception {
    PluginJar.of("from-file", "1.0.0").with(FROM_FILE).writeTo(jars.resolve("from-file.jar"));
    Path file = folder.resolve("ports");
    try (Plugins plugins = Plugins.of(jars, Set.of());
        Downstream a = named("a");
        Downstream b = named("b")) {
      Files.writeString(file, a.port() + "\n");
      String text = config("{use: file, with: {file: '" + file + "'}}");
      try (TestGateway gateway = TestGateway.start(text, 2, new ArrayList<>(plugins.factories()));
          Peer caller = gateway.connect()) {
        assertThat(ask(caller)).isEqualTo("a");
        Files.writeString(file, b.port() + "\n");
        await().until(() -> ask(caller).equals("b"));
        Files.delete(file);
        assertThat(askOften(caller)).containsExactly("b");
      }
    }
  }
}
