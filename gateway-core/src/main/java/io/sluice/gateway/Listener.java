package io.sluice.gateway;

import io.sluice.gateway.config.ListenerConfig;
import io.vertx.core.Future;
import java.time.Duration;

/** A listener that runs. Safe for all threads. */
interface Listener {
  String name();

  /** By which it runs now. */
  ListenerConfig config();

  /** The port that is listened on. */
  int port();

  /** Connections that are open; -1 if they are not counted. */
  int connections();

  /** Takes callers. Those that have connected already have waited for it. */
  Future<Void> open();

  /** Goes by another configuration, of the same address and for the same callers. */
  Future<Void> change(ListenerConfig config);

  /** Accepts no more; what is open goes on. */
  Future<Void> stopAccepting(Duration grace);

  /**
   * After {@link #stopAccepting}: ends when all calls have ended, or at the end of the grace.
   *
   * @return how many calls were cut off
   */
  Future<Integer> drain();

  /** While it drains: what is left is cut off after this time, if that comes sooner. */
  void cutOffAfter(Duration grace);

  /** Takes away what is left of it, after {@link #drain} or if it was never used. */
  Future<Void> remove();
}
