package io.sluice.gateway.client;

import io.netty.channel.EventLoop;
import io.sluice.gateway.loop.Loop;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.internal.ContextInternal;

/**
 * Hosts the generic client of one event loop. Deploy as many instances as there are loops, before
 * the listeners.
 */
public final class ClientVerticle extends VerticleBase {
  private final Clients clients;
  private EventLoop eventLoop;
  private GenericClient client;

  public ClientVerticle(Clients clients) {
    this.clients = clients;
  }

  @Override
  public Future<?> start() {
    eventLoop = ((ContextInternal) context).nettyEventLoop();
    client = new GenericClient(vertx, context, Loop.of(eventLoop));
    clients.add(eventLoop, client);
    return Future.succeededFuture();
  }

  @Override
  public Future<?> stop() {
    clients.remove(eventLoop);
    client.close();
    return Future.succeededFuture();
  }
}
