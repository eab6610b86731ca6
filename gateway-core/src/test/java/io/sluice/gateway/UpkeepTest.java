package io.sluice.gateway;

import static io.sluice.gateway.testkit.FollowingGateway.config;
import static io.sluice.gateway.testkit.FollowingGateway.soon;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.FollowingGateway;
import io.sluice.gateway.testkit.Message;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.PluginJar;
import io.sluice.gateway.testkit.Thrifts;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What operators see of a gateway that follows its file and its plugins folder. */
class UpkeepTest {
  private static final String STRICT =
      PluginJar.MADE.replace(
          "record Settings()",
          "record Settings(@Setting(value = \"What.\", required = true) String what)");
  private static final String USE = "{use: made}";

  private static final PluginJar MAKER = PluginJar.of("maker", "1.0.0").with(PluginJar.MADE);

  private static byte[] jar(String version, String source) {
    return PluginJar.of("maker", version).with(source).bytes();
  }

  private static byte[] jar(String version) {
    return MAKER.copy().says("Plugin-Version", version).bytes();
  }

  @TempDir private Path folder;

  private static List<String> states(FollowingGateway gateway) {
    return gateway.plugins().stream()
        .map(p -> p.getString("jar") + ' ' + p.getString("state") + ' ' + p.getString("version"))
        .toList();
  }

  @Test
  void aRefusedFileIsToldWithItsPlaceAsLongAsItIsThere() {
    try (Downstream downstream = Downstream.echoing();
        FollowingGateway gateway = FollowingGateway.start(folder, config(downstream.port()));
        Peer caller = gateway.connect()) {
      String right = config(downstream.port());
      gateway.configure(right.replace("{cluster: backend}", "{cluster: bakend}"));

      String fault =
          gateway.file() + ":5:15: cluster 'bakend' is not defined: did you mean 'backend'?";
      soon(
          () ->
              assertThat(gateway.page("/readyz?verbose"))
                  .startsWith("ready\nconfig " + gateway.file() + ", generation 1, since ")
                  .containsPattern("\nconfig refused, since \\S+Z: ")
                  .contains(fault));
      assertThat(gateway.page("/metrics"))
          .contains("sluice_config_changes_total{result=\"refused\"} 1.0")
          .contains("sluice_config_refused 1.0")
          .contains("sluice_config_number 1.0")
          .contains("sluice_config_generations 1.0");
      caller.call("echo", 1, Thrifts.args("hi"));

      gateway.configure(right.replace("{cluster: backend}", "{cluster: backend, timeout: 1s}"));
      soon(
          () ->
              assertThat(gateway.page("/readyz?verbose"))
                  .contains(", generation 2, since ")
                  .doesNotContain("refused"));
      assertThat(gateway.page("/metrics"))
          .contains("sluice_config_changes_total{result=\"taken\"} 1.0")
          .contains("sluice_config_refused 0.0")
          .contains("sluice_config_number 2.0");
      caller.call("echo", 2, Thrifts.args("hi"));
    }
  }

  @Test
  void aFileThatIsPutBackAsItWasIsNoChange() {
    try (FollowingGateway gateway = FollowingGateway.start(folder, config(1))) {
      gateway.configure("listeners: [");
      soon(() -> assertThat(gateway.page("/readyz?verbose")).contains("config refused"));
      gateway.configure(config(1));
      soon(() -> assertThat(gateway.page("/readyz?verbose")).doesNotContain("config refused"));
      assertThat(gateway.page("/metrics")).contains("sluice_config_number 1.0");
    }
  }

  @Test
  void thePageTellsWhatRunsWhatIsRefusedAndWhatIsStillCalled() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch mayAnswer = new CountDownLatch(1);
    Downstream.Service slow =
        (peer, n) -> {
          for (Message m = peer.read(); m != null; m = peer.read()) {
            asked.countDown();
            mayAnswer.await();
            peer.send(Thrifts.echo(m));
          }
        };
    byte[] first = jar("1.0.0");
    try (Downstream downstream = Downstream.serving(slow);
        FollowingGateway gateway = FollowingGateway.start(folder, config(downstream.port()));
        Peer caller = gateway.connect()) {
      gateway.put("maker.jar", first);
      soon(() -> assertThat(states(gateway)).containsExactly("maker.jar running 1.0.0"));
      gateway.configure(config(downstream.port(), USE));
      soon(() -> assertThat(gateway.page("/readyz?verbose")).contains("filters: 1 [made]"));
      caller.send(Thrifts.call("slow", 1, "hi"));
      asked.await();

      JsonObject running = gateway.plugins().get(0);
      assertThat(running.getString("id")).isEqualTo("maker");
      assertThat(running.getInteger("generation")).isEqualTo(1);
      assertThat(running.getString("sha256")).matches("[0-9a-f]{64}");
      assertThat(running.getJsonArray("filters")).isEqualTo(new JsonArray().add("made"));
      assertThat(running.getInteger("calls")).isEqualTo(1);
      assertThat(running.getString("reason")).isEmpty();

      gateway.put("maker.jar", new byte[] {1, 2, 3});
      soon(
          () ->
              assertThat(states(gateway))
                  .containsExactly("maker.jar running 1.0.0", "maker.jar refused "));
      assertThat(gateway.plugins().get(1).getString("reason")).startsWith("it is no whole jar");
      assertThat(gateway.page("/readyz?verbose"))
          .containsPattern("\nplugin maker.jar refused, since \\S+Z: it is no whole jar");

      gateway.put("maker.jar", jar("2.0.0"));
      soon(
          () ->
              assertThat(states(gateway))
                  .containsExactly("maker.jar running 2.0.0", "maker.jar replaced 1.0.0"));
      assertThat(gateway.plugins()).extracting(p -> p.getInteger("calls")).containsExactly(0, 1);
      assertThat(gateway.page("/metrics"))
          .contains("sluice_plugins{state=\"running\"} 1.0")
          .contains("sluice_plugins{state=\"replaced\"} 1.0")
          .contains("sluice_plugins{state=\"refused\"} 0.0")
          .contains("sluice_plugin_loads_total{result=\"taken\"} 2.0")
          .contains("sluice_plugin_loads_total{result=\"refused\"} 1.0")
          .contains("sluice_config_generations 2.0");

      mayAnswer.countDown();
      assertThat(caller.read()).isNotNull();
      soon(() -> assertThat(states(gateway)).containsExactly("maker.jar running 2.0.0"));
    }
  }

  @Test
  void aFileThatNeedsAPluginIsTakenWhenThatComes() {
    try (FollowingGateway gateway = FollowingGateway.start(folder, config(1))) {
      gateway.configure(config(1, USE));
      soon(
          () ->
              assertThat(gateway.page("/readyz?verbose"))
                  .contains("config refused")
                  .contains("unknown filter 'made'"));
      gateway.put("maker.jar", jar("1.0.0"));
      soon(
          () ->
              assertThat(gateway.page("/readyz?verbose"))
                  .contains("filters: 1 [made]")
                  .doesNotContain("refused"));
    }
  }

  @Test
  void codeThatFailsWhereNobodyExpectsItIsToldAndNothingElseSuffers() {
    String moody =
        PluginJar.MADE.replace(
            "return \"made\";",
            "if (asked++ > 0) throw new IllegalStateException(\"once is enough\"); return"
                + " \"made\"; } private int asked; {");
    try (FollowingGateway gateway = FollowingGateway.start(folder, config(1))) {
      gateway.put("moody.jar", jar("1.0.0", moody));
      soon(
          () ->
              assertThat(gateway.page("/readyz?verbose"))
                  .contains("it cannot be put in use: " + gateway.file() + ": once is enough"));
      gateway.remove("moody.jar");
      gateway.put("maker.jar", jar("2.0.0"));
      soon(() -> assertThat(states(gateway)).containsExactly("maker.jar running 2.0.0"));
    }
  }

  @Test
  void aPluginAndTheFileForItMayChangeInEitherOrder() {
    try (FollowingGateway gateway = FollowingGateway.start(folder, config(1))) {
      gateway.put("maker.jar", jar("1.0.0"));
      gateway.configure(config(1, USE));
      soon(() -> assertThat(gateway.page("/readyz?verbose")).contains("filters: 1 [made]"));

      gateway.put("maker.jar", jar("2.0.0", STRICT));
      soon(
          () ->
              assertThat(gateway.page("/readyz?verbose"))
                  .contains("the configuration does not fit it")
                  .contains("missing key 'what'"));
      gateway.configure(config(1, "{use: made, with: {what: one}}"));
      soon(() -> assertThat(states(gateway)).containsExactly("maker.jar running 2.0.0"));
      soon(() -> assertThat(gateway.page("/readyz?verbose")).doesNotContain("refused"));

      gateway.configure(config(1, USE));
      soon(() -> assertThat(gateway.page("/readyz?verbose")).contains("config refused"));
      gateway.put("maker.jar", jar("3.0.0"));
      soon(() -> assertThat(states(gateway)).containsExactly("maker.jar running 3.0.0"));
      soon(() -> assertThat(gateway.page("/readyz?verbose")).doesNotContain("refused"));
    }
  }

  @Test
  void whatFailsInUseOnlyIsToldWithItsPlaceToo() {
    String failing =
        PluginJar.MADE.replace(
            "@Override public Step onRequest",
            "@Override public void start(FilterContext context) {"
                + " throw new IllegalStateException(\"no luck\"); }"
                + " @Override public Step onRequest");
    try (Downstream taken = Downstream.echoing();
        FollowingGateway gateway = FollowingGateway.start(folder, config(1))) {
      gateway.configure(
          config(1)
              .replace(
                  "listeners: {",
                  "listeners: {more: {address: '127.0.0.1:" + taken.port() + "'}, "));
      soon(
          () ->
              assertThat(gateway.page("/readyz?verbose"))
                  .contains(gateway.file() + ":1:29: listener 'more' cannot listen on 127.0.0.1:"));

      gateway.put("maker.jar", jar("1.0.0", failing));
      gateway.configure(config(1, USE));
      soon(
          () ->
              assertThat(gateway.page("/readyz?verbose"))
                  .contains(gateway.file() + ":6:17: filter 'made' cannot start: no luck")
                  .doesNotContain("listen on"));
      assertThat(gateway.page("/metrics")).contains("sluice_config_number 2.0");
    }
  }

  private static void assertTold(Peer caller, String secret) {
    byte[] exception = caller.call("any", 1, Thrifts.args("hi")).body();
    assertThat(new String(exception, StandardCharsets.UTF_8)).contains("the secret is " + secret);
  }

  @Test
  void aSecretFileIsFollowedAsTheConfigurationIs() throws IOException {
    String teller =
        PluginJar.MADE
            .replace(
                "record Settings()",
                "record Settings(@Setting(value = \"Told.\", required = true) Secret secret)")
            .replace(
                "return Step.NEXT",
                "return Step.reject(Status.forbidden(\"the secret is \" + settings.secret().value()))");
    try (FollowingGateway gateway = FollowingGateway.start(folder, config(1));
        Peer caller = gateway.connect()) {
      Path secret = Path.of(gateway.file()).resolveSibling("secret");
      gateway.put("maker.jar", jar("1.0.0", teller));
      gateway.configure(config(1, "{use: made, with: {secret: {file: secret}}}"));
      soon(() -> assertThat(gateway.page("/readyz?verbose")).contains("there is no file 'secret'"));

      Files.writeString(secret, "one");
      soon(() -> assertThat(gateway.page("/readyz?verbose")).contains("filters: 1 [made]"));
      assertTold(caller, "one");

      Files.writeString(secret, "two");
      soon(() -> assertTold(caller, "two"));

      Files.delete(secret);
      soon(
          () ->
              assertThat(gateway.page("/readyz?verbose"))
                  .contains("filters: 1 [made]")
                  .contains("there is no file 'secret'"));
      assertTold(caller, "two");

      Files.writeString(secret, "three");
      soon(() -> assertTold(caller, "three"));
      soon(() -> assertThat(gateway.page("/readyz?verbose")).doesNotContain("refused"));
    }
  }
}
