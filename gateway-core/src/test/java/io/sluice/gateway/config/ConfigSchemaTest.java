package io.sluice.gateway.config;

import static io.sluice.gateway.config.Configs.MINIMAL;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.api.ByteSize;
import io.sluice.api.Factory;
import io.sluice.api.Secret;
import io.sluice.api.Setting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The schema for editors. That it takes whatever the gateway takes, {@link Configs#load} looks at,
 * with every right configuration of all tests here.
 */
class ConfigSchemaTest {
  private record Point(
      @Setting(value = "How far.", required = true, min = 1, max = 3) int x,
      @Setting("How secret.") @Nullable Secret token,
      @Setting(value = "How long.", fallback = "1s", min = 1, max = 2000) Duration time,
      @Setting("How large.") @Nullable ByteSize size,
      @Setting("More.") Map<String, List<Point>> more) {}

  private record None() {}

  private static final List<Factory<?, ?>> FACTORIES =
      List.of(
          Configs.REWRITE,
          Configs.remembering("point", Point.class),
          Configs.remembering("none", None.class));

  private final SchemaCheck check = SchemaCheck.of(FACTORIES);

  @Test
  void theConfigurationToStartFromFits() throws IOException {
    assertThat(check.faults(Files.readString(Path.of("../conf/gateway.yaml")))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "clusters: 5",
        "clutsers: {}",
        "clusters: {c: {transport: framed}}",
        "clusters: {c: {endpoints: [], transport: framed}}",
        "clusters: {c: {endpoints: [a], transport: framed}}",
        "clusters: {c: {endpoints: ['a:1'], transport: fram}}",
        "clusters: {c: {endpoints: ['a:1'], transport: framed, balance: random}}",
        "clusters: {c: {endpoints: ['a:1'], transport: framed, idleTimeout: 5}}",
        "clusters: {c: {endpoints: ['a:1'], transport: framed, maxCalls: 0}}",
        "clusters: {c: {endpoints: {use: x}, transport: framed}}",
        "filters: [{with: {}}]",
        "filters: [{use: rewrite}]",
        "filters: [{use: header-rewrite, with: {requests: {}}}]",
        "filters: [{use: header-rewrite, with: {request: {set: [a]}}}]",
        "filters: [{use: point}]",
        "filters: [{use: point, with: {}}]",
        "filters: [{use: point, with: {x: 4}}]",
        "filters: [{use: point, with: {x: 1, token: {env: A, file: b}}}]",
        "filters: [{use: point, with: {x: 1, token: [a]}}]",
        "filters: [{use: point, with: {x: 1, more: {a: [{x: 0}]}}}]",
        "filters: [{use: none, with: {x: 1}}]",
        "redis: {endpoints: ['a:1'], pasword: x}",
      })
  void whatItRefusesTheGatewayRefusesToo(String wrong) {
    String text = MINIMAL + wrong + "\n";
    assertThat(check.faults(text)).as(wrong).isNotEmpty();
    assertThat(Configs.isRight(text, FACTORIES)).as(wrong).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "clusters:",
        "clusters: {c: {endpoints: ['a:1', {address: 'b:2', weight: '3'}], transport: framed}}",
        "filters: [{use: header-rewrite}, {use: header-rewrite, with: }]",
        "filters: [{use: header-rewrite, with: {request: {set: {a: 5, b: true, c: 1.5}}}}]",
        "filters: [{use: point, with: {x: '2', token: x, time: 2s, size: 5, more: {}}}]",
        "filters: [{use: point, with: {x: 2, token: 5, size: 64KiB, more: {a: [{x: 1}], b: []}}}]",
        "filters: [{use: none}, {use: none, with: {}}]",
      })
  void whatTheGatewayTakesItTakes(String right) {
    String text = MINIMAL + right + "\n";
    assertThat(Configs.isRight(text, FACTORIES)).as(right).isTrue();
    assertThat(check.faults(text)).as(right).isEmpty();
  }

  @Test
  void itTellsWhatSettingsMean() {
    var cluster = ConfigSchema.of(FACTORIES).getJsonObject("$defs").getJsonObject("ClusterConfig");
    var timeout = cluster.getJsonObject("properties").getJsonObject("connectTimeout");
    assertThat(timeout.getString("description"))
        .isEqualTo("How long connecting may take. 1ms to 5m.");
    assertThat(timeout.getString("default")).isEqualTo("1s");
  }
}
