package io.sluice.gateway.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.api.Filter;
import io.sluice.api.FilterFactory;
import io.sluice.api.Setting;
import io.sluice.gateway.filter.NamedFilter;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which filters go on from one configuration to the next. */
class KeptFiltersTest {
  private static final String CONFIG =
      """
      listeners: {rpc: {address: '127.0.0.1:0'}}
      clusters: {c: {endpoints: ['127.0.0.1:1'], transport: framed}}
      filters:
        - {use: limit, with: {rate: 1}}
        - {use: limit, with: {rate: 2}}
        - {use: limit, with: {rate: 1}}
      routes:
        - {name: a, match: {service: A}, cluster: c, filters: [{use: limit, with: {rate: 1}}]}
        - {name: b, match: {service: B}, cluster: c, filters: [{use: limit, with: {rate: 1}}]}
      """;

  record Settings(@Setting(value = "Calls a second.", fallback = "1") int rate) {}

  private final FilterFactory<Settings> factory =
      Configs.factory("limit", Settings.class, settings -> new Filter() {});
  private final LoadedConfig before = Configs.load(CONFIG, factory);

  @Test
  void allIfNothingOfThemHasChanged() {
    LoadedConfig after = after(CONFIG.replace("framed", "buffered"), factory);

    assertThat(filters(after)).containsExactlyElementsOf(filters(before)).doesNotHaveDuplicates();
  }

  @Test
  void thoseThatTheChangeLeavesAlone() {
    LoadedConfig after = after(CONFIG.replace("rate: 2", "rate: 3"), factory);

    assertThat(after.filters().get(0)).isSameAs(before.filters().get(0));
    assertThat(after.filters().get(1)).isNotSameAs(before.filters().get(1));
    assertThat(after.filters().get(2)).isSameAs(before.filters().get(2));
    assertThat(after.routes().get(0).filters()).isEqualTo(before.routes().get(0).filters());
  }

  @Test
  void thoseOfARouteWhereverItStands() {
    String swapped =
        CONFIG.replace("name: a", "name: x").replace("service: A", "service: X")
            + "  - {name: a, match: {service: A}, cluster: c, filters: [{use: limit, with: {rate: 1}}]}\n";
    LoadedConfig after = after(swapped, factory);

    assertThat(after.routes().get(2).filters()).isEqualTo(before.routes().get(0).filters());
    assertThat(before.allFilters()).doesNotContainAnyElementsOf(after.routes().get(0).filters());
  }

  @Test
  void noneThatAnotherFactoryMakes() {
    LoadedConfig after =
        after(CONFIG, Configs.factory("limit", Settings.class, settings -> new Filter() {}));

    assertThat(filters(after)).doesNotContainAnyElementsOf(filters(before));
  }

  @Test
  void theSameAfterALoadThatWasNotUsed() {
    after(CONFIG, factory);

    assertThat(filters(after(CONFIG, factory))).containsExactlyElementsOf(filters(before));
  }

  private LoadedConfig after(String text, FilterFactory<?> factory) {
    return ConfigLoader.load("g.yaml", text, List.of(factory), before);
  }

  private static List<Filter> filters(LoadedConfig config) {
    return config.allFilters().stream().map(NamedFilter::filter).toList();
  }
}
