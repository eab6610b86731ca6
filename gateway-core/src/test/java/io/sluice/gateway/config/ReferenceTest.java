package io.sluice.gateway.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.gateway.filter.NamedFilter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What users read says what the code does. */
class ReferenceTest {
  private static final Path PAGE = Path.of("../docs/configuration.md");
  private static final Path DEFAULT = Path.of("../conf/gateway.yaml");

  @ParameterizedTest
  @ValueSource(
      classes = {
        GatewayConfig.class,
        ListenerConfig.class,
        LimitsConfig.class,
        ClusterConfig.class,
        EndpointConfig.class,
        TemplateConfig.class,
        TransportConfig.class,
        RouteConfig.class,
        StreamConfig.class,
        RateConfig.class,
        MatchConfig.class,
        FilterUse.class,
        PluginsConfig.class,
        RedisConfig.class
      })
  void thePageHasEveryKeyWithItsDefault(Class<?> type) throws IOException {
    assertThat(Files.readString(PAGE)).contains(SettingsTable.of(type));
  }

  @Test
  void theExamplesOfThePageAreRight() throws IOException {
    List<String> examples =
        Pattern.compile("```yaml\n(.*?)```", Pattern.DOTALL)
            .matcher(Files.readString(PAGE))
            .results()
            .map(MatchResult::group)
            .map(example -> example.replace("```yaml\n", "").replace("```", ""))
            .toList();
    assertThat(examples).hasSize(6);
    String shop =
        """
          shop: {endpoints: [a:1], transport: framed}
          shop-canary: {endpoints: [a:1], transport: framed}
          legacy: {endpoints: [a:1], transport: framed}
        """;
    assertThat(
            Configs.load(
                    examples.get(0) + examples.get(1) + shop + examples.get(2) + examples.get(4),
                    Configs.REWRITE)
                .routes())
        .hasSize(5);
    assertThat(Configs.load(examples.get(0) + examples.get(1) + examples.get(3)).routes())
        .hasSize(2);
    String redis = examples.get(5).replace("{file: redis.password}", "hunter2");
    assertThat(Configs.load(examples.get(0) + redis).model().redis()).isNotNull();
  }

  @Test
  void theConfigurationToStartFromLoads() throws IOException {
    LoadedConfig loaded =
        ConfigLoader.load(DEFAULT.toString(), Files.readString(DEFAULT), List.of(Configs.REWRITE));
    assertThat(loaded.model().listeners()).containsOnlyKeys("rpc", "admin");
    assertThat(loaded.filters()).extracting(NamedFilter::name).containsExactly("header-rewrite");
  }

  @Test
  void theConfigurationToStartFromIsShort() throws IOException {
    assertThat(Files.readAllLines(DEFAULT)).hasSizeLessThanOrEqualTo(30);
  }
}
