package io.sluice.gateway.route;

import io.sluice.gateway.config.EndpointConfig;
import java.util.List;

/** The endpoints of a cluster, as they are now. Safe for all threads. */
public final class EndpointList {
  private volatile List<EndpointConfig> now;

  /**
   * @param now those that there are to begin with
   */
  public EndpointList(List<EndpointConfig> now) {
    this.now = List.copyOf(now);
  }

  public List<EndpointConfig> now() {
    return now;
  }

  /** Puts others in their place. Clients have to be told. */
  public void put(List<EndpointConfig> others) {
    now = List.copyOf(others);
  }
}
