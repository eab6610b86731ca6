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
      listeners: {rpc: {address: '127.0.0.1:0', filters: [{use: limit, with: {rate: 1}}]}}
      clusters:
        c:
          {endpoints: ['127.0.0.1:1'], transport: framed, filters: [{use: limit, with: {rate: 1}}]}
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

    List<Filter> then = filters(before);
    assertThat(filters(after).get(0)).isSameAs(then.get(0));
    assertThat(filters(after).get(1)).isNotIn(then);
    assertThat(filters(after).subList(2, then.size()))
        .containsExactlyElementsOf(then.subList(2, then.size()));
  }

  @Test
  void thoseOfARouteWhereverItStands() {
    String swapped =
        CONFIG.replace("name: a", "name: x").replace("service: A", "service: X")
            + "  - {name: a, match: {service: A}, cluster: c, filters: [{use: limit, with: {rate: 1}}]}\n";
    LoadedConfig after = after(swapped, factory);

    assertThat(filters(after.routes().get(2).filters()))
        .containsExactlyElementsOf(filters(before.routes().get(0).filters()));
    assertThat(filters(before))
        .doesNotContainAnyElementsOf(filters(after.routes().get(0).filters()));
  }

  @Test
  void noneInAnotherPlace() {
    LoadedConfig after = after(CONFIG.replace("rpc:", "other:"), factory);

    assertThat(filters(before))
        .doesNotContainAnyElementsOf(filters(after.listenerFilters().get("other")))
        .containsAll(filters(after.clusterFilters().get("c")));
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
    return filters(config.allFilters());
  }

  private static List<Filter> filters(List<NamedFilter> named) {
    return named.stream().map(NamedFilter::filter).toList();
  }
}
