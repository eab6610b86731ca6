package io.sluice.gateway.client;

import io.sluice.gateway.loop.Timers;
import java.util.concurrent.TimeUnit;

/**
 * Finds out whether a downstream that has said nothing for long is still there, while a connection
 * to it has calls open. Asks seldom, as servers take offence at more.
 */
final class KeepAlive extends Timers.Timer {
  /** How long an answer may take, if silence does not end the sooner. */
  private static final long ANSWER_NANOS = TimeUnit.SECONDS.toNanos(20);

  /** What it needs of its connection. */
  interface Connection {
    /** Whether calls are open on it. */
    boolean isUsed();

    /** Has the downstream say something. */
    void ping();

    /** The downstream is not there any more. */
    void isDead();
  }

  private final Timers timers;
  private final long silenceNanos;
  private final Connection connection;
  private boolean heard;
  private boolean asked;

  /**
   * @param silenceNanos after so much of it the downstream is asked
   */
  KeepAlive(Timers timers, long silenceNanos, Connection connection) {
    this.timers = timers;
    this.silenceNanos = silenceNanos;
    this.connection = connection;
  }

  /** A call is open now. */
  void used() {
    if (!isSet()) {
      heard = true;
      asked = false;
      timers.set(this, silenceNanos);
    }
  }

  /** The downstream has said something. */
  void heard() {
    heard = true;
  }

  void stop() {
    timers.cancel(this);
  }

  @Override
  protected void fire() {
    if (!connection.isUsed()) {
      return;
    }
    if (heard) {
      asked = false;
      heard = false;
      timers.set(this, silenceNanos);
    } else if (asked) {
      connection.isDead();
    } else {
      asked = true;
      connection.ping();
      timers.set(this, Math.min(ANSWER_NANOS, silenceNanos));
    }
  }
}
