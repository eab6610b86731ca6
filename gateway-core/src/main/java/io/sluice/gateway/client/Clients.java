package io.sluice.gateway.client;

import io.netty.channel.EventLoop;
import io.sluice.gateway.route.Cluster;
import io.sluice.gateway.route.EndpointList;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;

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

  /**
   * What the endpoints that were used have now, of all loops together, in the order of their names.
   * Each loop is asked in its turn; calls pay nothing for it.
   *
   * @return without the loops that have ended; fails if one of the others cannot tell
   */
  public Future<List<EndpointStats>> stats() {
    List<Future<Collection<EndpointStats>>> asked = new ArrayList<>();
    byLoop.forEach((eventLoop, client) -> asked.add(ask(eventLoop, client)));
    return Future.join(asked)
        .map(
            all -> {
              Map<String, EndpointStats> byName = new TreeMap<>();
              for (Future<Collection<EndpointStats>> loop : asked) {
                for (EndpointStats stats : loop.result()) {
                  byName.merge(
                      stats.cluster() + ' ' + stats.endpoint(), stats, EndpointStats::plus);
                }
              }
              return List.copyOf(byName.values());
            });
  }

  /** Has every loop go over to the endpoints that are in this list now. On any thread. */
  public void follow(EndpointList endpoints) {
    each(client -> client.follow(endpoints));
  }

  /** Closes every loop's connections to a cluster that no call goes to any more. */
  public void letGo(Cluster cluster) {
    each(client -> client.letGo(cluster));
  }

  private void each(Consumer<GenericClient> what) {
    byLoop.forEach(
        (eventLoop, client) -> {
          if (!eventLoop.isShuttingDown()) {
            eventLoop.execute(() -> what.accept(client));
          }
        });
  }

  private static Future<Collection<EndpointStats>> ask(EventLoop eventLoop, GenericClient client) {
    Promise<Collection<EndpointStats>> answer = Promise.promise();
    try {
      eventLoop.execute(
          () ->
              Future.<Collection<EndpointStats>>future(told -> told.complete(client.stats()))
                  .onComplete(answer));
    } catch (RejectedExecutionException e) {
      answer.complete(List.of());
    }
    return answer.future();
  }
}
