package io.sluice.gateway;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.sluice.gateway.config.Address;
import io.sluice.gateway.config.ListenerConfig;
import io.sluice.gateway.config.ListenerConfig.Serves;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The listeners, as they come, change and go with the configuration. Safe for all threads, but one
 * change is made after another.
 */
final class Listeners {
  private static final Logger LOG = LoggerFactory.getLogger(Listeners.class);

  /** In so much time the listening sockets are closed, once no loop wants more. */
  private static final long SOCKET_MILLIS = 100;

  /** Makes a listener. */
  interface Maker {
    /**
     * @param number of the listener among all that there ever were, from 1
     */
    Future<Listener> start(String name, ListenerConfig config, int number);
  }

  private final Vertx vertx;
  private final MeterRegistry registry;
  private final Maker maker;

  /** In the order of the configuration. */
  private volatile Map<String, Listener> running = Map.of();

  /** Those that accept no more, and are not empty yet. */
  private final Set<Leaving> leaving = ConcurrentHashMap.newKeySet();

  /**
   * Listeners that went at the same time.
   *
   * @param lost how many of their calls were cut off, when they are empty
   */
  private record Leaving(List<Listener> listeners, Future<Integer> lost) {}

  /** By the names of listeners. */
  private final Map<String, Gauge> measured = new HashMap<>();

  private int made;

  Listeners(Vertx vertx, MeterRegistry registry, Maker maker) {
    this.vertx = vertx;
    this.registry = registry;
    this.maker = maker;
  }

  /** Those that accept, by their names, in the order of the configuration. */
  Map<String, Listener> running() {
    return running;
  }

  /** Where the gateway's own services are, null if nowhere. */
  static @Nullable Address admin(Map<String, Listener> among) {
    for (Listener listener : among.values()) {
      if (listener.config().serves() == Serves.ADMIN) {
        return listener.config().address().fromHere(listener.port());
      }
    }
    return null;
  }

  /**
   * Listens where nobody listens yet: the first half of a change. Those that serve admin come
   * first.
   *
   * @return all that are wanted, by their names, the new ones among them; fails if an address
   *     cannot be listened on, and nothing has changed then
   */
  Future<Map<String, Listener>> open(Map<String, ListenerConfig> wanted) {
    Map<String, Listener> all = new LinkedHashMap<>(running);
    all.keySet().retainAll(wanted.keySet());
    List<Listener> opened = new ArrayList<>();
    Future<?> done = Future.succeededFuture();
    for (Serves serves : List.of(Serves.ADMIN, Serves.RPC)) {
      for (Map.Entry<String, ListenerConfig> entry : wanted.entrySet()) {
        String name = entry.getKey();
        ListenerConfig config = entry.getValue();
        if (config.serves() != serves || isThere(running.get(name), config)) {
          continue;
        }
        done =
            done.compose(
                before ->
                    maker
                        .start(name, config, ++made)
                        .recover(cause -> cannotListen(name, config, cause))
                        .onSuccess(
                            listener -> {
                              opened.add(listener);
                              all.put(name, listener);
                            }));
      }
    }
    return done.<Map<String, Listener>>map(
            each -> {
              Map<String, Listener> ordered = new LinkedHashMap<>();
              wanted.keySet().forEach(name -> ordered.put(name, all.get(name)));
              return ordered;
            })
        .recover(
            cause ->
                Future.join(opened.stream().map(Listener::remove).toList())
                    .transform(removed -> Future.failedFuture(cause)));
  }

  private static boolean isThere(@Nullable Listener listener, ListenerConfig wanted) {
    return listener != null
        && listener.config().serves() == wanted.serves()
        && listener.config().address().equals(wanted.address());
  }

  private static Future<Listener> cannotListen(
      String name, ListenerConfig config, Throwable cause) {
    return Future.failedFuture(new CannotListen(name, config.address(), cause));
  }

  /**
   * Goes over to those that {@link #open} has opened: the second half of a change. Those that stay
   * go by what is wanted of them now; those that are wanted no longer accept no more, and are gone
   * when their calls have ended.
   *
   * @param grace after so long the calls of those are cut off
   */
  Future<?> use(Map<String, Listener> opened, Map<String, ListenerConfig> wanted, Duration grace) {
    List<Listener> before = List.copyOf(running.values());
    List<Listener> gone = new ArrayList<>(before);
    gone.removeAll(opened.values());
    running = opened;
    List<Future<Void>> changed = new ArrayList<>();
    opened.forEach(
        (name, listener) -> {
          measure(listener);
          if (!before.contains(listener)) {
            changed.add(listener.open());
          } else if (!listener.config().equals(wanted.get(name))) {
            changed.add(listener.change(wanted.get(name)));
          }
        });
    leave(gone, grace);
    return Future.join(changed);
  }

  private synchronized void measure(Listener listener) {
    String name = listener.name();
    if (listener.connections() >= 0) {
      measured.computeIfAbsent(
          name,
          of ->
              Gauge.builder("sluice.connections", () -> connections(name))
                  .description("Callers' connections that are open")
                  .tag("listener", name)
                  .register(registry));
    }
  }

  /** Of names that no listener has any more nothing is shown. */
  private synchronized void measureNoMore() {
    Set<String> there = new HashSet<>(running.keySet());
    leaving.forEach(gone -> gone.listeners().forEach(listener -> there.add(listener.name())));
    measured.forEach(
        (name, gauge) -> {
          if (!there.contains(name)) {
            registry.remove(gauge);
          }
        });
    measured.keySet().retainAll(there);
  }

  private double connections(String name) {
    int open = 0;
    for (Listener listener : running.values()) {
      open += listener.name().equals(name) ? Math.max(0, listener.connections()) : 0;
    }
    for (Leaving gone : leaving) {
      for (Listener listener : gone.listeners()) {
        open += listener.name().equals(name) ? Math.max(0, listener.connections()) : 0;
      }
    }
    return open;
  }

  private void leave(List<Listener> gone, Duration grace) {
    if (gone.isEmpty()) {
      return;
    }
    Leaving left = new Leaving(gone, stop(gone, grace));
    leaving.add(left);
    left.lost()
        .onSuccess(
            lost ->
                LOG.atInfo().setMessage("listeners removed").addKeyValue("lostCalls", lost).log())
        .onComplete(
            drained -> {
              gone.forEach(Listener::remove);
              leaving.remove(left);
              measureNoMore();
            });
  }

  /**
   * Ends them all, also those that are leaving.
   *
   * @param grace after so long what is left is cut off
   * @return how many calls were cut off
   */
  Future<Integer> stop(Duration grace) {
    List<Future<Integer>> ends = new ArrayList<>();
    for (Leaving gone : leaving) {
      gone.listeners().forEach(listener -> listener.cutOffAfter(grace));
      ends.add(gone.lost());
    }
    ends.add(stop(List.copyOf(running.values()), grace));
    return Future.join(ends).map(all -> ends.stream().mapToInt(Future::result).sum());
  }

  /**
   * Callers that are told to go come again at once, and whoever waits to be accepted when the
   * listening socket closes is lost. So they are told only after that, which Vert.x does not tell.
   */
  private Future<Integer> stop(List<Listener> which, Duration grace) {
    long millis = Math.min(SOCKET_MILLIS, grace.toMillis() / 2);
    return Future.join(which.stream().map(listener -> listener.stopAccepting(grace)).toList())
        .compose(all -> vertx.timer(Math.max(1, millis), TimeUnit.MILLISECONDS))
        .compose(
            closed -> {
              List<Future<Integer>> drained = which.stream().map(Listener::drain).toList();
              return Future.join(drained)
                  .map(all -> drained.stream().mapToInt(Future::result).sum());
            });
  }
}
