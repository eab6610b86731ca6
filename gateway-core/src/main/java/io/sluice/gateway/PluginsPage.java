package io.sluice.gateway;

import io.sluice.gateway.filter.FilterChain;
import io.sluice.gateway.plugin.LoadedPlugin;
import io.sluice.gateway.plugin.PluginStatus;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The page that tells operators of the plugins: what its entries say is in docs/metrics.md. */
final class PluginsPage {

  /** Which code is meant: there is one of this version. */
  private record Code(String id, int generation) {}

  private final Map<Code, Integer> calls = new HashMap<>();

  private PluginsPage() {}

  /**
   * Writes it.
   *
   * @param api the version of the API that the gateway has
   * @param loaded those whose code is there
   * @param open the open calls by their chains
   */
  static JsonObject of(
      String api,
      List<PluginStatus> plugins,
      List<LoadedPlugin> loaded,
      Map<FilterChain, Integer> open) {
    PluginsPage page = new PluginsPage();
    loaded.forEach(plugin -> page.count(plugin, open));
    JsonArray all = new JsonArray();
    plugins.forEach(plugin -> all.add(page.entry(plugin)));
    return new JsonObject().put("api", api).put("plugins", all);
  }

  private void count(LoadedPlugin plugin, Map<FilterChain, Integer> open) {
    int sum = 0;
    for (Map.Entry<FilterChain, Integer> chain : open.entrySet()) {
      if (EarlierGeneration.uses(chain.getKey(), plugin)) {
        sum += chain.getValue();
      }
    }
    calls.put(new Code(plugin.manifest().id(), plugin.generation()), sum);
  }

  private JsonObject entry(PluginStatus plugin) {
    return new JsonObject()
        .put("jar", plugin.jar())
        .put("state", plugin.state().label())
        .put("id", plugin.id())
        .put("version", plugin.version())
        .put("generation", plugin.generation())
        .put("sha256", plugin.sha256())
        .put("filters", new JsonArray(plugin.filters()))
        .put("calls", calls.getOrDefault(new Code(plugin.id(), plugin.generation()), 0))
        .put("since", plugin.since().toString())
        .put("reason", plugin.reason());
  }
}
