package io.sluice.gateway.config;

import io.sluice.api.Secret;
import io.sluice.api.Setting;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The Redis that filters share.
 *
 * @param endpoints one, or of a cluster some of its nodes
 * @param user null for the one that Redis takes without a name
 * @param password null for none
 */
public record RedisConfig(
    @Setting(
            value = "Where it listens; of a cluster, nodes from which the others are learnt.",
            required = true)
        List<Address> endpoints,
    @Setting(value = "Whether it is a Redis Cluster.", fallback = "false") boolean cluster,
    @Setting(value = "As whom to log in, where Redis has users.", pattern = "\\S{1,255}")
        @Nullable String user,
    @Setting("The password.") @Nullable Secret password,
    @Setting(value = "The number of the database.", fallback = "0", min = 0, max = 1_000_000)
        int database,
    @Setting(value = "How long connecting may take.", fallback = "1s", min = 1, max = 60_000)
        Duration connectTimeout,
    @Setting(
            value = "How long a command may take, with all that it waits for.",
            fallback = "1s",
            min = 1,
            max = 60_000)
        Duration commandTimeout,
    @Setting(value = "The most connections to an endpoint.", fallback = "8", min = 1, max = 1024)
        int maxConnections,
    @Setting(
            value = "The most commands that wait for a connection.",
            fallback = "1024",
            min = 1,
            max = 100_000)
        int maxWaiting) {
  public RedisConfig {
    endpoints = List.copyOf(endpoints);
  }
}
