package io.sluice.gateway.server;

import io.sluice.gateway.call.CallHandler;
import io.sluice.gateway.config.LimitsConfig;
import io.sluice.gateway.loop.Loop;
import io.sluice.gateway.wire.WireLimits;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Set;

/** What all connections of one listener on one loop share. Used on that loop only. */
final class ListenerContext {
  private final String name;
  private final Loop loop;
  private final LimitsConfig limits;
  private final WireLimits wireLimits;
  private final CallHandler calls;
  private final Set<Connection> connections = new HashSet<>();
  private boolean draining;
  private int lostCalls;

  /**
   * @param calls takes the calls
   */
  ListenerContext(String name, Loop loop, LimitsConfig limits, CallHandler calls) {
    this.name = name;
    this.loop = loop;
    this.limits = limits;
    this.wireLimits =
        new WireLimits(
            (int) limits.maxFrame().bytes(), (int) limits.maxHeader().bytes(), limits.maxKeys());
    this.calls = calls;
  }

  String name() {
    return name;
  }

  Loop loop() {
    return loop;
  }

  LimitsConfig limits() {
    return limits;
  }

  WireLimits wireLimits() {
    return wireLimits;
  }

  CallHandler calls() {
    return calls;
  }

  /** Notes a connection that speaks a protocol now. */
  void opened(Connection connection) {
    connections.add(connection);
    if (draining) {
      connection.drain();
    }
  }

  void closed(Connection connection) {
    connections.remove(connection);
  }

  /** Lets every connection end. */
  void drain() {
    draining = true;
    new ArrayList<>(connections).forEach(Connection::drain);
  }

  /** Closes every connection that is left, and notes the calls that are lost thereby. */
  void cutOff() {
    for (Connection connection : new ArrayList<>(connections)) {
      lostCalls += connection.openCalls();
      connection.abort();
    }
  }

  /** Calls that were open when {@link #cutOff} came. */
  int lostCalls() {
    return lostCalls;
  }
}
