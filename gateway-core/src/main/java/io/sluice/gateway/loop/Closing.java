package io.sluice.gateway.loop;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import java.util.concurrent.TimeUnit;

/** Closes a connection whose last bytes should still arrive. */
public final class Closing {
  /** A peer that does not read is not waited for longer. */
  private static final long PATIENCE_SECONDS = 10;

  private Closing() {}

  /** Closes when all that has been written has left, or after {@value #PATIENCE_SECONDS} s. */
  public static void afterWrites(Channel channel) {
    channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
    if (channel.isOpen()) {
      channel.eventLoop().schedule(() -> channel.close(), PATIENCE_SECONDS, TimeUnit.SECONDS);
    }
  }
}
