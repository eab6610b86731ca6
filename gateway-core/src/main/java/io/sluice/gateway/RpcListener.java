package io.sluice.gateway;

import io.sluice.gateway.call.CallHandler;
import io.sluice.gateway.config.ListenerConfig;
import io.sluice.gateway.loop.Loop;
import io.sluice.gateway.server.ListenerShared;
import io.sluice.gateway.server.ListenerVerticle;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Function;

/** A listener to which callers come: an instance on every loop. */
final class RpcListener implements Listener {
  private final Vertx vertx;
  private final ListenerShared shared;
  private final Queue<ListenerVerticle> instances = new ConcurrentLinkedQueue<>();
  private volatile String deployment = "";

  private RpcListener(Vertx vertx, ListenerShared shared) {
    this.vertx = vertx;
    this.shared = shared;
  }

  /**
   * Listens.
   *
   * @param number of the listener among all that there ever were, from 1
   * @param handlers gives the handler of calls of a loop, on that loop
   * @return fails if the address cannot be listened on
   */
  static Future<Listener> start(
      Vertx vertx,
      int loops,
      String name,
      ListenerConfig config,
      int number,
      Function<Loop, CallHandler> handlers) {
    RpcListener listener = new RpcListener(vertx, new ListenerShared(name, config, number));
    return vertx
        .deployVerticle(
            () -> {
              ListenerVerticle instance = new ListenerVerticle(listener.shared, handlers);
              listener.instances.add(instance);
              return instance;
            },
            new DeploymentOptions().setInstances(loops))
        .map(
            id -> {
              listener.deployment = id;
              return listener;
            });
  }

  @Override
  public String name() {
    return shared.name();
  }

  @Override
  public ListenerConfig config() {
    return shared.config();
  }

  @Override
  public int port() {
    return instances.element().port();
  }

  @Override
  public int connections() {
    return shared.open();
  }

  @Override
  public Future<Void> open() {
    return Future.join(instances.stream().map(ListenerVerticle::open).toList()).mapEmpty();
  }

  @Override
  public Future<Void> change(ListenerConfig config) {
    shared.config(config);
    return Future.join(instances.stream().map(ListenerVerticle::reconfigure).toList()).mapEmpty();
  }

  @Override
  public Future<Void> stopAccepting(Duration grace) {
    return Future.join(instances.stream().map(of -> of.stopAccepting(grace)).toList()).mapEmpty();
  }

  @Override
  public Future<Integer> drain() {
    List<Future<Integer>> drained = instances.stream().map(ListenerVerticle::drain).toList();
    return Future.join(drained).map(all -> drained.stream().mapToInt(Future::result).sum());
  }

  @Override
  public void cutOffAfter(Duration grace) {
    instances.forEach(of -> of.cutOffAfter(grace));
  }

  @Override
  public Future<Void> remove() {
    return vertx.undeploy(deployment).mapEmpty();
  }
}
