package io.sluice.gateway.config;

import io.sluice.api.Setting;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Which calls go to which cluster.
 *
 * @param name unique among routes; given as null it becomes the match's text, or {@code default}
 * @param match null for the default route, which takes what no other does
 * @param cluster the name of a cluster of the same configuration
 * @param timeout the longest that a call may take; null leaves it to the caller
 * @param filters in the order in which they see a request, after the global ones
 */
public record RouteConfig(
    @Setting(
            value =
                "Its name in logs and metrics; without one, the service, the prefix and '*', or"
                    + " 'default'.",
            pattern = "\\S{1,255}")
        @Nullable String name,
    @Setting("Which calls it takes; without one, those that no other route takes.")
        @Nullable MatchConfig match,
    @Setting(value = "The name of the cluster that the calls go to.", required = true)
        String cluster,
    @Setting(
            value =
                "The longest that a call may take; a caller's earlier deadline stands. Without one"
                    + " there is only the caller's.",
            min = 1,
            max = 3_600_000)
        @Nullable Duration timeout,
    @Setting("The filters that these calls pass, in this order, after the global ones.")
        List<FilterUse> filters) {
  public RouteConfig {
    if (name == null) {
      name = match == null ? "default" : match.toString();
    }
    filters = List.copyOf(filters);
  }

  /** Its name in logs and metrics; never null. */
  @Override
  public String name() {
    return Objects.requireNonNull(name);
  }
}
