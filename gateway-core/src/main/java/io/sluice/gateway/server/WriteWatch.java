package io.sluice.gateway.server;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundBuffer;
import io.sluice.gateway.loop.Closing;
import io.sluice.gateway.loop.Limit;
import io.sluice.gateway.loop.Timers;
import org.jspecify.annotations.Nullable;

/**
 * Closes a connection whose caller takes nothing of the answers that wait for it. Looks only while
 * so much waits that the channel is not writable; a caller that takes a little now and then is
 * slow, and stays.
 */
final class WriteWatch extends ChannelInboundHandlerAdapter {
  /** How often it looks within the timeout. */
  private static final int LOOKS = 4;

  private final ListenerContext listener;
  private final Channel channel;
  private final long timeoutNanos;
  private @Nullable Look look;

  WriteWatch(ListenerContext listener, Channel channel) {
    this.listener = listener;
    this.channel = channel;
    this.timeoutNanos = listener.limits().writeTimeout().toNanos();
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    if (!channel.isWritable()) {
      if (look == null) {
        look = new Look();
      }
      if (!look.isSet()) {
        look.begin();
      }
    }
    ctx.fireChannelWritabilityChanged();
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) {
    if (look != null) {
      listener.loop().timers().cancel(look);
    }
  }

  private final class Look extends Timers.Timer {
    private long since;

    /** The message that is next to leave, by its identity, and how much of it has left. */
    private int message;

    private long progress;

    void begin() {
      // What is next may well be in a buffer that was used before.
      since = System.nanoTime();
      note();
      again();
    }

    private void again() {
      listener.loop().timers().set(this, timeoutNanos / LOOKS);
    }

    /** Whether something has left since the last time. */
    private boolean note() {
      ChannelOutboundBuffer out = channel.unsafe().outboundBuffer();
      int first = out == null ? 0 : System.identityHashCode(out.current());
      long left = out == null ? 0 : out.currentProgress();
      boolean moved = first != message || left != progress;
      message = first;
      progress = left;
      if (moved) {
        since = System.nanoTime();
      }
      return moved;
    }

    @Override
    protected void fire() {
      if (channel.isWritable() || !channel.isOpen()) {
        return;
      }
      if (!note() && System.nanoTime() - since >= timeoutNanos) {
        PeerLog.refused(
            listener,
            channel,
            Limit.WRITE_TIMEOUT,
            "it took nothing of its answers for "
                + listener.limits().writeTimeout().toMillis()
                + " ms");
        Closing.now(channel);
      } else {
        again();
      }
    }
  }
}
