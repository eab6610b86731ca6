package io.sluice.gateway.server;

import io.netty.channel.Channel;
import io.sluice.gateway.loop.Budget;
import io.sluice.gateway.loop.Closing;
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
  private int lastFrames;

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
   * Tells whether half a frame is there, whose rest the caller owes.
   *
   * @param now not while it is the gateway that does not read on
   * @param frames how many frames have begun so far: each has its own time
   */
  void midFrame(boolean now, int frames) {
    if (now && (!midFrame || frames != lastFrames)) {
      set(listener.limits().frameTimeout());
    }
    midFrame = now;
    lastFrames = frames;
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
    // Answers that are ready leave, so far as the caller takes them.
    channel.flush();
    channel.close();
  }

  /** Closes, when what has been written has left. */
  void close() {
    Closing.afterWrites(channel);
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
