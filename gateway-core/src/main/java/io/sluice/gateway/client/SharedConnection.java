package io.sluice.gateway.client;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;

/** A connection that carries many calls at once. */
interface SharedConnection {
  /** Bytes that wait for a downstream to read them, beyond which it is sent no further calls. */
  int MOST_UNSENT = 1 << 20;

  /** What goes into its pipeline, in order. */
  ChannelHandler[] handlers();

  /**
   * Whether it can take calls as soon as it is connected; if not, it tells its pool when it can.
   */
  boolean isReady();

  /** So many bytes of responses are under way no more. */
  void taken(int bytes);

  /** How many calls are open on it. */
  int calls();

  /** Whether another call can begin on it. */
  boolean hasRoom();

  void close();

  /**
   * Whether so much waits to be sent that no call may be added: whoever opens streams and gives
   * them up would add to it without end, as no open call is left to wait.
   */
  static boolean isCongested(Channel channel) {
    return channel.bytesBeforeWritable() > MOST_UNSENT;
  }
}
