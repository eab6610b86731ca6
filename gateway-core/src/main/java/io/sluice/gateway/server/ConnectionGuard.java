package io.sluice.gateway.server;

import io.netty.channel.Channel;
import io.sluice.gateway.loop.Budget;
import io.sluice.gateway.loop.Timers;
import java.time.Duration;

/**
 * Keeps one caller's connection within its bounds: closes it when a frame takes too long, when
 * nothing happens any more, when it holds more memory than there is, and when the caller breaks the
 * rules; the latter with one line in the log. The timer is for whichever of the first two is due.
 */
final class ConnectionGuard extends Timers.Timer {
  private final ListenerContext listener;
  private final Channel channel;
  private final Connection connection;
  private final Budget.Share share = Budget.ofProcess().share();

  /** Something was read since the timer last looked. */
  private boolean active;

  private boolean midFrame;

  ConnectionGuard(ListenerContext listener, Channel channel, Connection connection) {
    this.listener = listener;
    this.channel = channel;
    this.connection = connection;
  }

  /** The connection speaks its protocol from now on. */
  void start() {
    set(listener.limits().idleTimeout());
    listener.opened(connection);
  }

  /** The connection is over. */
  void stop() {
    listener.loop().timers().cancel(this);
    share.release();
    listener.closed(connection);
  }

  /** The caller has sent something. */
  void read() {
    active = true;
  }

  /**
   * Tells after each read whether half a frame is there, whose rest the caller owes.
   *
   * @param now not while it is the gateway that does not read on
   */
  void midFrame(boolean now) {
    if (now && !midFrame) {
      set(listener.limits().frameTimeout());
    }
    midFrame = now;
  }

  /** Tells how many bytes the connection occupies now. */
  void holds(long bytes) {
    if (!share.holds(bytes)) {
      refuse("memory is short, and it holds " + bytes + " bytes");
    }
  }

  /** The caller did what it may not do. */
  void refuse(String why) {
    PeerLog.refused(listener, channel, why);
    close();
  }

  /** Closes, after what has been written. */
  void close() {
    channel.flush();
    channel.close();
  }

  @Override
  protected void fire() {
    if (midFrame) {
      refuse(
          "a frame was not complete within " + listener.limits().frameTimeout().toMillis() + " ms");
    } else if (active || connection.isBusy()) {
      active = false;
      set(listener.limits().idleTimeout());
    } else {
      PeerLog.gone(listener, channel, "idle");
      channel.close();
    }
  }

  private void set(Duration delay) {
    listener.loop().timers().set(this, delay.toNanos());
  }
}
