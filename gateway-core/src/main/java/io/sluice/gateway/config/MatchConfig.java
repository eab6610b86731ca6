package io.sluice.gateway.config;

import io.sluice.api.Setting;
import org.jspecify.annotations.Nullable;

/**
 * Which calls a route takes. Exactly one of the two is there.
 *
 * @param service the whole name of a service
 * @param prefix what the names of services begin with
 */
public record MatchConfig(
    @Setting(value = "Calls of the service with this name.", pattern = "\\S{1,255}")
        @Nullable String service,
    @Setting(value = "Calls of every service whose name begins so.", pattern = "\\S{1,255}")
        @Nullable String prefix) {

  /**
   * @throws IllegalArgumentException unless exactly one is there
   */
  public MatchConfig {
    if ((service == null) == (prefix == null)) {
      throw new IllegalArgumentException(
          "a match has either 'service' or 'prefix'; a route for everything else has no match");
    }
  }

  /** The written form that names a route: {@code echo.Echo} or {@code echo.*}. */
  @Override
  public String toString() {
    return service != null ? service : prefix + "*";
  }
}
