package io.sluice.gateway.loop;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/** Closes a connection, with or without waiting for what has been written to leave. */
public final class Closing {
  /** A peer that does not read is not waited for longer. */
  private static final long PATIENCE_SECONDS = 10;

  private Closing() {}

  /** Closes when all that has been written has left, or after {@value #PATIENCE_SECONDS} s. */
  public static void afterWrites(Channel channel) {
    channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
    if (channel.isOpen()) {
      ScheduledFuture<?> cut =
          channel.eventLoop().schedule(() -> now(channel), PATIENCE_SECONDS, TimeUnit.SECONDS);
      // Else each of many short connections would be kept for as long.
      channel.closeFuture().addListener(closed -> cut.cancel(false));
    }
  }

  /**
   * Closes at once, whatever still waits to be written. {@link Channel#close} would ask Vert.x's
   * handler, which waits for a peer that does not read.
   */
  public static void now(Channel channel) {
    ChannelHandlerContext nearestToSocket = channel.pipeline().firstContext();
    if (nearestToSocket != null) {
      nearestToSocket.close();
    } else {
      channel.close();
    }
  }
}
