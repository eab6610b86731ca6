package io.sluice.gateway.admin;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpConnection;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.health.v1.HealthCheckRequest;
import io.vertx.grpc.health.v1.HealthCheckResponse;
import io.vertx.grpc.health.v1.HealthCheckResponse.ServingStatus;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * The open calls of {@code Watch}. As long as there are any, it is looked once a second whether
 * something has changed for them, and every 30 s their connections are asked whether they are still
 * there, which also keeps them from being closed as idle. Used on the loop of the listener only.
 */
final class Watchers {
  /** Fewer than the calls that a listener for calls lets through, so that others get through. */
  static final int MOST = 4000;

  private static final long LOOK_MILLIS = 1000;
  private static final int LOOKS_TO_A_PING = 30;
  private static final Buffer PING = Buffer.buffer(new byte[8]);

  private final Vertx vertx;
  private final Function<String, Future<ServingStatus>> statuses;
  private final Map<String, Set<Watch>> byName = new HashMap<>();

  /** The names of which the status that was asked for has not come yet. */
  private final Set<String> asked = new HashSet<>();

  private int size;

  /** The connections that have not answered the last PING yet. */
  private final Set<HttpConnection> silent = Collections.newSetFromMap(new IdentityHashMap<>());

  private long timer;
  private int looks;
  private boolean stopped;

  /**
   * @param statuses tells the status of a name, on the loop of the listener
   */
  Watchers(Vertx vertx, Function<String, Future<ServingStatus>> statuses) {
    this.vertx = vertx;
    this.statuses = statuses;
  }

  /** Tells this call the status of a name now, and whenever it changes. */
  void add(ServiceCall<HealthCheckRequest, HealthCheckResponse> call, String name) {
    if (size == MOST) {
      // By this clients know that they have to do without, and make their calls all the same.
      call.end(GrpcStatus.UNIMPLEMENTED, MOST + " calls watch already");
      return;
    }
    Watch watch = new Watch(call);
    byName.computeIfAbsent(name, first -> new HashSet<>()).add(watch);
    call.whenOver(() -> remove(watch, name));
    call.lasts();
    if (size++ == 0) {
      looks = 0;
      timer = vertx.setPeriodic(LOOK_MILLIS, due -> look());
    }
    statuses.apply(name).onSuccess(watch::tell);
  }

  int size() {
    return size;
  }

  private void remove(Watch watch, String name) {
    Set<Watch> watches = byName.get(name);
    watches.remove(watch);
    if (watches.isEmpty()) {
      byName.remove(name);
    }
    if (--size == 0) {
      vertx.cancelTimer(timer);
      silent.clear();
    }
  }

  /** Tells all how it is now, and ends them and those that come later. */
  void stop() {
    stopped = true;
    look();
  }

  private void look() {
    for (String name : List.copyOf(byName.keySet())) {
      if (asked.add(name)) {
        statuses
            .apply(name)
            .onComplete(done -> asked.remove(name))
            .onSuccess(
                status ->
                    List.copyOf(byName.getOrDefault(name, Set.of())).forEach(w -> w.tell(status)));
      }
    }
    if (++looks % LOOKS_TO_A_PING == 0) {
      ping();
    }
  }

  private void ping() {
    Set<HttpConnection> connections = Collections.newSetFromMap(new IdentityHashMap<>());
    byName.values().forEach(all -> all.forEach(watch -> connections.add(watch.call.connection())));
    silent.retainAll(connections);
    for (HttpConnection connection : connections) {
      if (silent.add(connection)) {
        connection.ping(PING).onSuccess(answer -> silent.remove(connection));
      } else {
        connection.close();
      }
    }
  }

  /** One call, and what it has been told. */
  private final class Watch {
    private final ServiceCall<HealthCheckRequest, HealthCheckResponse> call;
    private ServingStatus told = ServingStatus.UNKNOWN;

    Watch(ServiceCall<HealthCheckRequest, HealthCheckResponse> call) {
      this.call = call;
    }

    void tell(ServingStatus status) {
      // A caller that does not read is told later, and then how it is by that time.
      if (status != told && !call.isFull()) {
        told = status;
        call.answer(HealthService.response(status));
      }
      if (stopped) {
        call.end(GrpcStatus.UNAVAILABLE, "the gateway stops");
      }
    }
  }
}
