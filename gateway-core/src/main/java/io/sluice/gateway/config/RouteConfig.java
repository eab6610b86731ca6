package io.sluice.gateway.config;

import io.sluice.api.Setting;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Which calls go to which cluster, or are shared out among some. Exactly one of {@code cluster} and
 * {@code clusters} is there.
 *
 * @param name unique among routes; given as null it becomes the match's text, or {@code default}
 * @param match null for the default route, which takes what no other does
 * @param cluster the name of a cluster of the same configuration
 * @param clusters weights by the names of clusters of the same configuration, not all 0
 * @param timeout the longest that a call may take; null leaves it to the caller
 * @param stream limits of streams beside that
 * @param filters in the order in which they see a request, after those of the listener
 */
public record RouteConfig(
    @Setting(
            value =
                "Its name in logs and metrics; without one it is made of the match, such as"
                    + " `echo.Echo`, `shop.*` or `default`.",
            pattern = "\\S{1,255}")
        @Nullable String name,
    @Setting("Which calls it takes; without one, those that no other route takes.")
        @Nullable MatchConfig match,
    @Setting("The name of the cluster that the calls go to.") @Nullable String cluster,
    @Setting(
            value = "In place of `cluster`: names of clusters, each with its weight.",
            min = 0,
            max = 1_000_000)
        Map<String, Integer> clusters,
    @Setting(
            value =
                "The longest that a call may take; a caller's earlier deadline stands. Without one"
                    + " there is only the caller's.",
            min = 1,
            max = 3_600_000)
        @Nullable Duration timeout,
    @Setting("What its streams may take: calls by gRPC and ttstream.") StreamConfig stream,
    @Setting(
            value = "What becomes of the transient metadata that a call comes with.",
            fallback = "transparent")
        Transients transients,
    @Setting(
            value = "How callers without metadata are told a business status.",
            fallback = "exception")
        BusinessStatus businessStatus,
    @Setting(
            value =
                "What calls by gRPC are: their wire does not say whether there is one message each"
                    + " way.",
            fallback = "auto")
        Mode mode,
    @Setting("The filters that these calls pass, in this order, after those of the listener.")
        List<FilterUse> filters) {

  /** What becomes of transient metadata. */
  public enum Transients {
    /** It goes on, as if the gateway were not there. */
    TRANSPARENT,
    /** The gateway was the next hop that it was meant for. */
    HOP
  }

  /** What a call by gRPC is. */
  public enum Mode {
    /** Either; so it can go only where that makes no difference. */
    AUTO,
    /** One message each way. */
    UNARY,
    STREAM
  }

  /** How a business status is told where there is no place for one. */
  public enum BusinessStatus {
    /** As an exception of type 6 that names code and message. */
    EXCEPTION,
    /** Not at all: the reply is the empty one that Kitex sends with it. */
    EMPTY
  }

  /**
   * @throws IllegalArgumentException unless exactly one of cluster and clusters is there, and some
   *     weight is more than 0
   */
  public RouteConfig {
    if ((cluster == null) == clusters.isEmpty()) {
      throw new IllegalArgumentException("a route has either 'cluster' or 'clusters'");
    }
    if (cluster == null && clusters.values().stream().allMatch(weight -> weight == 0)) {
      throw new IllegalArgumentException("all weights of 'clusters' are 0: one is more");
    }
    if (name == null) {
      name = match == null ? "default" : match.toString();
    }
    clusters = Collections.unmodifiableMap(new LinkedHashMap<>(clusters));
    filters = List.copyOf(filters);
  }

  /** Its name in logs and metrics; never null. */
  @Override
  public String name() {
    return Objects.requireNonNull(name);
  }

  /** Which calls it takes; without a match all of them. */
  public MatchConfig matchOrAll() {
    return match == null ? MatchConfig.ALL : match;
  }

  /** Weights by the names of clusters, also if there is only one. */
  public Map<String, Integer> weights() {
    return cluster == null ? clusters : Map.of(cluster, 1);
  }
}
