package io.sluice.gateway.client;

import io.netty.channel.EventLoop;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The generic client of each loop. Filled at start; a connection looks its own up once. */
public final class Clients {
  private final Map<EventLoop, GenericClient> byLoop = new ConcurrentHashMap<>();

  /**
   * Notes a loop's client.
   *
   * @throws IllegalStateException if the loop has one already
   */
  void add(EventLoop eventLoop, GenericClient client) {
    if (byLoop.putIfAbsent(eventLoop, client) != null) {
      throw new IllegalStateException("two clients on one event loop");
    }
  }

  void remove(EventLoop eventLoop) {
    byLoop.remove(eventLoop);
  }

  /**
   * The client of this loop.
   *
   * @throws IllegalStateException if the loop has none
   */
  public GenericClient of(EventLoop eventLoop) {
    GenericClient client = byLoop.get(eventLoop);
    if (client == null) {
      throw new IllegalStateException("no client on this event loop");
    }
    return client;
  }
}
