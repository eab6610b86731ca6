package io.sluice.interop.soak;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sluice.interop.harness.GatewayProcess;
import io.sluice.interop.harness.Peers;
import io.sluice.interop.harness.PluginJar;
import io.sluice.interop.soak.BadJars.Bad;
import io.sluice.interop.soak.BrokenConfigs.Broken;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.SoftAssertions;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Callers of every protocol, with streams that stay open, while a plugin is replaced, removed and
 * added again, jars of every bad kind come, and the configuration changes for better and for worse.
 * No call fails, none sees half a chain, no stream is cut, and what was replaced leaves nothing.
 */
@Timeout(value = 60, unit = TimeUnit.MINUTES)
final class ChangesUnderLoadTest {
  static final String PLUGIN = "stamp";

  /** The file in the jar that says which version it is. */
  static final String VERSION = "version.txt";

  private static final String JAR = "stamp.jar";
  private static final int REPLACEMENTS = Soak.pick(3, 200);
  private static final int REMOVALS = Soak.pick(1, 50);
  private static final int BAD_OF_EACH = Soak.pick(1, 20);

  /** Those of {@link BadJars} that the short form tries; the others are in a test of the core. */
  private static final int BAD_KINDS = Soak.pick(3, 14);

  private static final int CHANGES = Soak.pick(4, 100);
  private static final int LOOKS = Soak.pick(2, 10);

  /** Between two messages of a stream that stays open, so that calls have their share. */
  private static final String PAUSE = "200ms";

  private static final int METASPACE_GROWTH_MIB = 6;
  private static final Duration START = Duration.ofSeconds(30);
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Two filters that say their version to each other, on the way there and back. */
  private static final String SOURCE =
      """
      import io.sluice.api.*;
      import org.pf4j.Extension;

      public final class Stamp {
        static final String VERSION = version();
        static final Call.Key<String> THERE = new Call.Key<>("there");
        static final Call.Key<String> BACK = new Call.Key<>("back");

        static String version() {
          try (java.io.InputStream in = Stamp.class.getResourceAsStream("/version.txt")) {
            return new String(in.readAllBytes());
          } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
          }
        }

        static Step check(Call call, Call.Key<String> key, FilterContext.Counter right) {
          if (VERSION.equals(call.get(key))) {
            right.add(1);
            return Step.NEXT;
          }
          return Step.reject(Status.internal("half a chain: " + VERSION + ", " + call.get(key)));
        }

        public record Settings() {}

        @Extension
        public static final class First implements FilterFactory<Settings> {
          public First() {
            VERSION.length();
          }

          @Override public String name() { return "stamp-first"; }
          @Override public Class<Settings> settings() { return Settings.class; }
          @Override public Filter create(Settings settings) {
            return new Filter() {
              private FilterContext.Counter right;

              @Override public void start(FilterContext context) {
                right = context.counter("stamps_back", "Stamps that were right on the way back.");
              }

              @Override public Step onRequest(Call call) {
                call.put(THERE, VERSION);
                return Step.NEXT;
              }

              @Override public Step onResponse(Call call) { return check(call, BACK, right); }
            };
          }
        }

        @Extension
        public static final class Last implements FilterFactory<Settings> {
          @Override public String name() { return "stamp-last"; }
          @Override public Class<Settings> settings() { return Settings.class; }
          @Override public Filter create(Settings settings) {
            return new Filter() {
              private FilterContext.Counter right;

              @Override public void start(FilterContext context) {
                right = context.counter("stamps_there", "Stamps that were right on the way there.");
              }

              @Override public Step onRequest(Call call) { return check(call, THERE, right); }

              @Override public Step onResponse(Call call) {
                call.put(BACK, VERSION);
                return Step.NEXT;
              }
            };
          }
        }
      }
      """;

  private static final String FILTERS = "filters:\n  - use: stamp-first\n";

  /** Of the route. */
  private static final String LAST = "    filters: [{use: stamp-last}]\n";

  private static final List<LoadKind> KINDS =
      List.of(
          new LoadKind("grpc-thrift", "unary", 1, 2),
          new LoadKind("grpc-thrift", "stream", 1, 2),
          new LoadKind("grpc-pb", "long-stream", 4, Soak.pick(20, 100)),
          new LoadKind("ttstream", "stream", 2, 2),
          new LoadKind("ttstream", "long-stream", 4, Soak.pick(20, 100)),
          new LoadKind("buffered", "unary", 1, 1),
          new LoadKind("framed", "unary", 2, 2),
          new LoadKind("ttheader", "unary", 1, 1),
          new LoadKind("ttheader-framed", "unary", 2, 2),
          new LoadKind("ttheader-mux", "unary", 1, 2),
          new LoadKind("kitexpb-ttheader-framed", "unary", 1, 1));

  @TempDir Path plugins;
  private GatewayProcess gateway;
  private String right;
  private PluginJar good;
  private byte[] runs;
  private int version;
  private int refusedFiles;

  private static String config(Peers.Server server) {
    return """
        listeners:
          rpc: {address: "127.0.0.1:0"}
          admin: {address: "127.0.0.1:0", serves: admin}
        clusters:
          backend:
            endpoints: ["127.0.0.1:%d"]
            transport: ttheader-framed
            idleTimeout: 1s
        routes:
          - cluster: backend
            timeout: 50m
        """
            .formatted(server.address().getPort())
        + LAST
        + FILTERS;
  }

  @Test
  void nobodyNoticesAndNothingIsLeft() throws Exception {
    List<Peers.Load> loads = new ArrayList<>();
    good = PluginJar.of(PLUGIN, "Stamp", SOURCE);
    List<Bad> bad =
        BadJars.of(good.with(VERSION, "9.9.9".getBytes(UTF_8)), JAR, "Stamp", SOURCE)
            .subList(0, BAD_KINDS);
    runs = jar(0);
    Files.write(plugins.resolve(JAR), runs);
    try (Peers.Server server = Peers.server()) {
      right = config(server);
      gateway = GatewayProcess.with(right).arguments("--plugins", plugins.toString()).start();
      Footprint footprint = new Footprint("changes", gateway);
      KINDS.forEach(kind -> loads.add(kind.start(gateway, "30s", PAUSE)));
      loads.forEach(load -> load.awaitRunning(START));
      List<Double> metaspace = new ArrayList<>();
      for (int look = 0; look < LOOKS; look++) {
        round(look, bad);
        footprint.look("round " + look);
        metaspace.add(metaspaceMib());
      }
      assertThat(gateway.metric("sluice_streams_open")).isPositive();
      for (String by : List.of("gateway", "filter", "deadline")) {
        assertThat(gateway.metric("sluice_streams_ended_total", "by=\"" + by + '"'))
            .as("streams that were ended by %s", by)
            .isZero();
      }

      List<JsonNode> reports = new ArrayList<>();
      for (Peers.Load load : loads) {
        reports.add(load.stop(START));
      }
      reports.forEach(report -> Soak.say("while all changes: %s", Soak.figures(report)));
      SoftAssertions all = new SoftAssertions();
      reports.forEach(report -> all.check(() -> Soak.assertFlawless(report)));
      all.assertAll();
      assertCounts();
      footprint.awaitNothingLeft();
      footprint.lookAtRest("at the end");
      footprint.assertFlat();
      assertNothingIsLeft(metaspace);
      gateway.close();
    } finally {
      loads.forEach(Peers.Load::close);
      if (gateway != null && gateway.isAlive()) {
        gateway.kill();
      }
    }
  }

  /** A share of all that is to be done. */
  private void round(int number, List<Bad> bad) throws IOException {
    for (int i = share(REPLACEMENTS, number); i > 0; i--) {
      replacePlugin();
    }
    for (int i = share(REMOVALS, number); i > 0; i--) {
      removeAndAdd();
    }
    for (Bad kind : bad) {
      for (int i = share(BAD_OF_EACH, number); i > 0; i--) {
        refuse(kind);
      }
    }
    for (int i = 0; i < share(CHANGES, number); i++) {
      if (i % 2 == 0) {
        change(number * CHANGES + i);
      } else {
        refuse(BrokenConfigs.ALL.get((number * CHANGES + i) / 2 % BrokenConfigs.ALL.size()));
      }
    }
  }

  /** What of a number falls to a round, so that all rounds together come to it. */
  private static int share(int all, int round) {
    return all * (round + 1) / LOOKS - all * round / LOOKS;
  }

  private byte[] jar(int number) {
    String name = "1.0." + number;
    return good.says("Plugin-Version", name).with(VERSION, name.getBytes(UTF_8)).bytes();
  }

  private void replacePlugin() {
    runs = jar(++version);
    GatewayProcess.replace(plugins.resolve(JAR), runs);
    awaitRunning();
  }

  private void removeAndAdd() throws IOException {
    configure(right.replace(LAST, "").replace(FILTERS, ""));
    Files.delete(plugins.resolve(JAR));
    soon("the plugin is gone", () -> assertThat(states()).doesNotContain("stamp.jar running"));
    runs = jar(++version);
    GatewayProcess.replace(plugins.resolve(JAR), runs);
    awaitRunning();
    configure(right);
  }

  private void refuse(Bad bad) throws IOException {
    Path file = plugins.resolve(bad.jar());
    bad.placing().into(file);
    soon(
        "it is refused: " + bad.words(),
        () ->
            assertThat(plugins())
                .filteredOn(plugin -> plugin.path("state").asText().equals("refused"))
                .singleElement()
                .satisfies(
                    plugin -> assertThat(plugin.path("reason").asText()).contains(bad.words())));
    if (bad.jar().equals(JAR)) {
      GatewayProcess.replace(file, runs);
    } else {
      Files.delete(file);
    }
    soon("nothing is refused", () -> assertThat(states()).noneMatch(s -> s.endsWith("refused")));
    assertRunning();
  }

  private void refuse(Broken broken) {
    String text = broken.text(right);
    String told = broken.told(gateway.config().toString(), text);
    gateway.configure(text);
    soon(
        "the file is refused",
        () -> assertThat(gateway.admin("/readyz?verbose").body()).contains(told));
    refusedFiles++;
    gateway.configure(right);
    soon(
        "the file is no longer refused",
        () -> assertThat(gateway.admin("/readyz?verbose").body()).doesNotContain("config refused"));
  }

  /** Something else of the configuration, and back. */
  private void change(int number) {
    configure(
        switch (number / 2 % 5) {
          case 0 -> right.replace("timeout: 50m", "timeout: 55m");
          case 1 -> right.replace("127.0.0.1:0\"}", "127.0.0.1:0\", limits: {maxStreams: 900}}");
          case 2 ->
              right.replace("listeners:\n", "listeners:\n  more: {address: \"127.0.0.1:0\"}\n");
          case 3 -> right.replace("transport: ttheader-framed", "transport: ttheader");
          default ->
              right
                  .replace(
                      "routes:\n",
                      "  twin: {endpoints: [\""
                          + endpoint()
                          + "\"], transport: ttheader, idleTimeout: 1s}\nroutes:\n")
                  .replace("cluster: backend", "clusters: {backend: 3, twin: 1}");
        });
    configure(right);
  }

  private String endpoint() {
    int from = right.indexOf("endpoints: [\"") + "endpoints: [\"".length();
    return right.substring(from, right.indexOf('"', from));
  }

  /** Has a text come into force that does. */
  private void configure(String text) {
    double before = gateway.metric("sluice_config_changes_total", "taken");
    gateway.configure(text);
    soon(
        "the change is taken",
        () ->
            assertThat(gateway.metric("sluice_config_changes_total", "taken"))
                .isGreaterThan(before));
  }

  private void awaitRunning() {
    soon("the next version runs", this::assertRunning);
  }

  private void assertRunning() {
    assertThat(plugins())
        .anySatisfy(
            plugin -> {
              assertThat(plugin.path("state").asText()).isEqualTo("running");
              assertThat(plugin.path("version").asText()).isEqualTo("1.0." + version);
            });
  }

  private List<JsonNode> plugins() {
    try {
      List<JsonNode> all = new ArrayList<>();
      JSON.readTree(gateway.admin("/plugins").body()).path("plugins").forEach(all::add);
      return all;
    } catch (JsonProcessingException e) {
      throw new AssertionError(e);
    }
  }

  private List<String> states() {
    return plugins().stream()
        .map(plugin -> plugin.path("jar").asText() + ' ' + plugin.path("state").asText())
        .toList();
  }

  private static void soon(String what, ThrowingRunnable holds) {
    await(what).atMost(SOON).pollInterval(Duration.ofMillis(100)).untilAsserted(holds);
  }

  private void assertCounts() {
    assertThat(gateway.metric("sluice_stamps_there_total")).isPositive();
    assertThat(gateway.metric("sluice_stamps_back_total")).isPositive();
    assertThat(gateway.metric("sluice_config_changes_total", "refused")).isEqualTo(refusedFiles);
  }

  private void assertNothingIsLeft(List<Double> metaspace) {
    await("the code of all but one version is collected")
        .atMost(Duration.ofMinutes(2))
        .untilAsserted(
            () -> {
              gateway.collectGarbage();
              double unloaded = gateway.metric("sluice_plugin_code_total", "unloaded");
              assertThat(unloaded).isGreaterThanOrEqualTo(REPLACEMENTS + REMOVALS);
              assertThat(gateway.metric("sluice_plugin_code_total", "\"collected\""))
                  .isEqualTo(unloaded);
            });
    assertThat(gateway.metric("sluice_plugins", "uncollected")).isZero();
    assertThat(states()).containsExactly("stamp.jar running");
    Soak.say(
        "%.0f versions of a plugin unloaded and collected; metaspace in MiB %s, then %.1f",
        gateway.metric("sluice_plugin_code_total", "unloaded"), metaspace, metaspaceMib());
    assertThat(metaspaceMib())
        .as("metaspace in MiB, after the rounds %s", metaspace)
        .isLessThanOrEqualTo(metaspace.get(0) + METASPACE_GROWTH_MIB);
  }

  private double metaspaceMib() {
    return gateway.metric("jvm_memory_used_bytes", "id=\"Metaspace\"") / (1 << 20);
  }
}
