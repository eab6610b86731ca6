package io.sluice.gateway.server;

import io.sluice.gateway.config.ListenerConfig;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** What all loops' parts of one listener have in common. Safe for all threads. */
public final class ListenerShared {
  private final String name;
  private final ListenerConfig config;
  private final int number;
  private final AtomicInteger connections = new AtomicInteger();
  private final @Nullable PeerRates rates;

  /**
   * @param number of the listener among all, from 1
   */
  public ListenerShared(String name, ListenerConfig config, int number) {
    this.name = name;
    this.config = config;
    this.number = number;
    int rate = config.limits().connectionRate();
    this.rates = rate == 0 ? null : new PeerRates(rate);
  }

  public String name() {
    return name;
  }

  ListenerConfig config() {
    return config;
  }

  int number() {
    return number;
  }

  /** Connections that are open now. */
  public int open() {
    return connections.get();
  }

  AtomicInteger connections() {
    return connections;
  }

  /** Null if any rate will do. */
  @Nullable PeerRates rates() {
    return rates;
  }
}
