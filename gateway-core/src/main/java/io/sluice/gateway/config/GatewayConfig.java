package io.sluice.gateway.config;

import io.sluice.api.Setting;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The whole configuration, as it is written in the file. Immutable.
 *
 * @param listeners in the order of the file, by name; not empty
 * @param clusters in the order of the file, by name
 * @param routes in the order of the file
 * @param filters in the order in which they see a request
 * @param redis null for none
 */
public record GatewayConfig(
    @Setting(value = "Where the gateway listens, by name.", required = true)
        Map<String, ListenerConfig> listeners,
    @Setting("The services that calls go to, by name.") Map<String, ClusterConfig> clusters,
    @Setting("Which calls go to which cluster.") List<RouteConfig> routes,
    @Setting("The filters that every call passes, in this order, before all others.")
        List<FilterUse> filters,
    @Setting("How plugins come and go.") PluginsConfig plugins,
    @Setting("The Redis that filters share.") @Nullable RedisConfig redis) {
  public GatewayConfig {
    listeners = Collections.unmodifiableMap(new LinkedHashMap<>(listeners));
    clusters = Collections.unmodifiableMap(new LinkedHashMap<>(clusters));
    routes = List.copyOf(routes);
    filters = List.copyOf(filters);
  }
}
