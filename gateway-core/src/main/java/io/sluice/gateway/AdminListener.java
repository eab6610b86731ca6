package io.sluice.gateway;

import io.sluice.gateway.admin.AdminVerticle;
import io.sluice.gateway.config.ListenerConfig;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;

/** A listener with the gateway's own pages and services. */
final class AdminListener implements Listener {
  private final Vertx vertx;
  private final String name;
  private final AdminVerticle verticle;
  private final String deployment;
  private volatile ListenerConfig config;

  private AdminListener(
      Vertx vertx, String name, ListenerConfig config, AdminVerticle verticle, String deployment) {
    this.vertx = vertx;
    this.name = name;
    this.config = config;
    this.verticle = verticle;
    this.deployment = deployment;
  }

  /**
   * Listens.
   *
   * @return fails if the address cannot be listened on
   */
  static Future<Listener> start(
      Vertx vertx, String name, ListenerConfig config, AdminVerticle verticle) {
    return vertx
        .deployVerticle(verticle)
        .map(id -> new AdminListener(vertx, name, config, verticle, id));
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public ListenerConfig config() {
    return config;
  }

  @Override
  public int port() {
    return verticle.port();
  }

  @Override
  public int connections() {
    return -1;
  }

  @Override
  public Future<Void> open() {
    return Future.succeededFuture();
  }

  @Override
  public Future<Void> change(ListenerConfig changed) {
    config = changed; // nothing of it but the address means anything here
    return Future.succeededFuture();
  }

  /** Answers go on to the very end of the gateway, so that it can be asked how that goes. */
  @Override
  public Future<Void> stopAccepting(Duration grace) {
    verticle.stopping();
    return Future.succeededFuture();
  }

  @Override
  public Future<Integer> drain() {
    return Future.succeededFuture(0);
  }

  @Override
  public void cutOffAfter(Duration grace) {
    // nothing is waited for
  }

  @Override
  public Future<Void> remove() {
    return vertx.undeploy(deployment).mapEmpty();
  }
}
