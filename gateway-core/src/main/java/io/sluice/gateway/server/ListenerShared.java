package io.sluice.gateway.server;

import io.sluice.gateway.config.ListenerConfig;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** What all loops' parts of one listener have in common. Safe for all threads. */
public final class ListenerShared {
  private final String name;
  private final int number;
  private final AtomicInteger connections = new AtomicInteger();
  private volatile ListenerConfig config;
  private volatile @Nullable PeerRates rates;

  /**
   * @param number of the listener among all, from 1
   */
  public ListenerShared(String name, ListenerConfig config, int number) {
    this.name = name;
    this.number = number;
    this.config = config;
    this.rates = rates(config);
  }

  private static @Nullable PeerRates rates(ListenerConfig config) {
    int rate = config.limits().connectionRate();
    return rate == 0 ? null : new PeerRates(rate);
  }

  /**
   * Changes what connections go by from now on.
   *
   * @param changed with the same address
   */
  public void config(ListenerConfig changed) {
    if (changed.limits().connectionRate() != config.limits().connectionRate()) {
      rates = rates(changed);
    }
    config = changed;
  }

  public String name() {
    return name;
  }

  public ListenerConfig config() {
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
