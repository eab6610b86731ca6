package io.sluice.gateway.client;

import io.netty.channel.ChannelHandler;

/** A connection that carries many calls at once. */
interface SharedConnection {

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
}
