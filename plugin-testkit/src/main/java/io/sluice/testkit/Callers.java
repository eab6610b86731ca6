package io.sluice.testkit;

import io.netty.channel.EventLoop;
import io.sluice.gateway.Snapshots;
import io.sluice.gateway.client.ClientVerticle;
import io.sluice.gateway.client.Clients;
import io.sluice.gateway.client.GenericClient;
import io.sluice.gateway.config.ConfigLoader;
import io.sluice.gateway.route.Route;
import io.sluice.gateway.route.RouteTable;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.internal.ContextInternal;
import java.util.List;

/** Connections to a gateway by every protocol, made by the gateway's own client on another loop. */
final class Callers implements AutoCloseable {
  private final Vertx vertx;
  private final EventLoop loop;
  private final GenericClient client;
  private final RouteTable routes;

  private Callers(Vertx vertx, EventLoop loop, GenericClient client, RouteTable routes) {
    this.vertx = vertx;
    this.loop = loop;
    this.client = client;
    this.routes = routes;
  }

  /**
   * Those of the gateway that listens there.
   *
   * @param port of 127.0.0.1
   */
  static Callers of(int port) {
    Vertx vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1));
    Clients clients = new Clients();
    Waiting.await(vertx.deployVerticle(new ClientVerticle(clients)));
    // There is one loop, so this is the client's.
    EventLoop loop = ((ContextInternal) vertx.getOrCreateContext()).nettyEventLoop();
    RouteTable routes =
        Snapshots.routeTable(
            ConfigLoader.load("callers", Configs.passing(port, List.of()), List.of()));
    return new Callers(vertx, loop, clients.of(loop), routes);
  }

  CallerSide begin(Request request, List<byte[]> messages, boolean whole) {
    CallerSide side = new CallerSide(loop, request.call(), true);
    side.begin(
        (call, response) -> {
          Route route = routes.find(call).route();
          return client.open(call, route, route.clusters().pick(), response);
        },
        messages,
        whole);
    return side;
  }

  @Override
  public void close() {
    Waiting.await(vertx.close());
  }
}
