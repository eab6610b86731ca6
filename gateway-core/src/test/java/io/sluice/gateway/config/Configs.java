package io.sluice.gateway.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.sluice.api.Factory;
import io.sluice.api.Filter;
import io.sluice.api.FilterFactory;
import io.sluice.api.Setting;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/** Loads configurations for tests. */
final class Configs {
  /** The smallest that is right, to which a test adds what it is about. */
  static final String MINIMAL = "listeners: {rpc: {address: '127.0.0.1:0'}}\n";

  private static final Map<List<FilterFactory<?>>, SchemaCheck> SCHEMAS = new ConcurrentHashMap<>();

  private Configs() {}

  /** One that is right, and that its schema takes too. */
  static LoadedConfig load(String text, FilterFactory<?>... factories) {
    LoadedConfig loaded = ConfigLoader.load("g.yaml", text, Arrays.asList(factories));
    SchemaCheck check = SCHEMAS.computeIfAbsent(Arrays.asList(factories), SchemaCheck::of);
    assertThat(check.faults(text)).as(text).isEmpty();
    return loaded;
  }

  static boolean isRight(String text, List<? extends Factory<?, ?>> factories) {
    try {
      ConfigLoader.load("g.yaml", text, factories);
      return true;
    } catch (ConfigException e) {
      return false;
    }
  }

  /** Checks that a text is refused with exactly these faults, and the message with them. */
  static void assertFaults(String text, String... faults) {
    assertFaults(text, List.of(), faults);
  }

  static void assertFaults(String text, List<FilterFactory<?>> factories, String... faults) {
    ConfigException e =
        catchThrowableOfType(
            ConfigException.class, () -> ConfigLoader.load("g.yaml", text, factories));
    assertThat(e).as("the refusal").isNotNull();
    assertThat(e.getMessage().lines())
        .containsExactly(Arrays.stream(faults).map("g.yaml:"::concat).toArray(String[]::new));
    assertThat(e.faults()).hasSize(faults.length);
    assertThat(e.getStackTrace()).isEmpty();
  }

  /** A factory from its parts. */
  static <S extends Record> FilterFactory<S> factory(
      String name, Class<S> settings, Function<S, Filter> create) {
    return new FilterFactory<>() {
      @Override
      public String name() {
        return name;
      }

      @Override
      public Class<S> settings() {
        return settings;
      }

      @Override
      public Filter create(S settings) {
        return create.apply(settings);
      }
    };
  }

  /** A filter that does nothing and remembers its settings. */
  record Remembering(Record settings) implements Filter {}

  /** A factory of {@link Remembering} filters. */
  static <S extends Record> FilterFactory<S> remembering(String name, Class<S> settings) {
    return factory(name, settings, Remembering::new);
  }

  /** Settings as the bundled plugin header-rewrite has them, which this module does not know. */
  record RewriteSettings(
      @Setting("") Rewrite request,
      @Setting("") Rewrite persistent,
      @Setting("") Rewrite transients,
      @Setting("") Rewrite response,
      @Setting("") Rewrite trailers) {}

  record Rewrite(
      @Setting("") Map<String, String> set,
      @Setting("") Map<String, String> add,
      @Setting("") List<String> remove,
      @Setting("") Map<String, String> rename) {}

  static final FilterFactory<RewriteSettings> REWRITE =
      remembering("header-rewrite", RewriteSettings.class);
}
