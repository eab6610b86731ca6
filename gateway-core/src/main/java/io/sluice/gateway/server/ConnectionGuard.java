package io.sluice.gateway.server;

import io.netty.channel.Channel;
import io.sluice.gateway.loop.Budget;
import io.sluice.gateway.loop.Closing;
import io.sluice.gateway.loop.Limit;
import io.sluice.gateway.loop.Timers;
import java.time.Duration;

/**
 * Keeps one caller's connection within its bounds: closes it when a frame takes too long, when
 * nothing happens any more, when it holds more memory than it may or than there is, when its
 * answers are not taken, and when the caller breaks the rules; the latter ones with a line in the
 * log. The timer is for whichever of the first two is due.
 */
final class ConnectionGuard extends Timers.Timer implements Budget.Holder {
  private final ListenerContext listener;
  private final Channel channel;
  private final Connection connection;
  private final Budget.Share share;

  /** Something was read since the timer last looked. */
  private boolean active;

  private boolean midFrame;
  private long held;
  private int lastFrames;

  ConnectionGuard(ListenerContext listener, Channel channel, Connection connection) {
    this.listener = listener;
    this.channel = channel;
    this.connection = connection;
    this.share = Budget.ofProcess().share(channel.eventLoop(), this);
  }

  /** The connection speaks its protocol from now on. */
  void start() {
    set(listener.limits().idleTimeout());
    channel.pipeline().addFirst(new WriteWatch(listener, channel));
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
    held = bytes;
    if (bytes > listener.maxBuffered()) {
      refuse(
          Limit.MAX_BUFFERED,
          "it holds " + bytes + " bytes, the limit is " + listener.maxBuffered());
    } else if (!share.holds(bytes)) {
      cut();
    }
  }

  @Override
  public void cut() {
    refuse(Limit.MEMORY, "memory is short, and it holds " + held + " bytes");
  }

  /** The caller did what it may not do. */
  void refuse(String why) {
    refuse(Limit.PROTOCOL, why);
  }

  /** The caller has met a limit. */
  void refuse(Limit limit, String why) {
    if (!channel.isOpen()) {
      return;
    }
    PeerLog.refused(listener, channel, limit, why);
    // Answers that are ready leave, so far as the caller takes them.
    channel.flush();
    Closing.now(channel);
  }

  /** Closes, when what has been written has left. */
  void close() {
    Closing.afterWrites(channel);
  }

  @Override
  protected void fire() {
    if (midFrame) {
      refuse(
          Limit.FRAME_TIMEOUT,
          "a frame was not complete within " + listener.limits().frameTimeout().toMillis() + " ms");
    } else if (active || connection.isBusy()) {
      active = false;
      set(listener.limits().idleTimeout());
    } else {
      listener.loop().limits().met(Limit.IDLE_TIMEOUT);
      PeerLog.gone(listener, channel, "idle");
      Closing.now(channel);
    }
  }

  private void set(Duration delay) {
    listener.loop().timers().set(this, delay.toNanos());
  }
}
