package io.sluice.gateway.server;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoop;
import io.sluice.gateway.call.CallHandler;
import io.sluice.gateway.config.ListenerConfig;
import io.sluice.gateway.loop.Loop;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.internal.ContextInternal;
import io.vertx.core.internal.net.NetSocketInternal;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetServerOptions;
import io.vertx.core.net.NetSocket;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One loop's share of one listener. Vert.x accepts and spreads the connections; their bytes go to
 * the handlers here, in front of Vert.x's own.
 */
public final class ListenerVerticle extends VerticleBase {
  private static final Logger LOG = LoggerFactory.getLogger(ListenerVerticle.class);

  /** So much longer than the grace may connections take to close. */
  private static final int VERTX_MILLIS = 1000;

  private final String name;
  private final ListenerConfig config;
  private final int number;
  private final AtomicInteger connections;
  private final Function<Loop, CallHandler> handlers;
  private ListenerContext listener;
  private NetServer server;

  /**
   * @param number of the listener among all, from 1
   * @param connections counts those of all instances
   * @param handlers gives the handler of calls of a loop, on that loop
   */
  public ListenerVerticle(
      String name,
      ListenerConfig config,
      int number,
      AtomicInteger connections,
      Function<Loop, CallHandler> handlers) {
    this.name = name;
    this.config = config;
    this.number = number;
    this.connections = connections;
    this.handlers = handlers;
  }

  @Override
  public Future<?> start() {
    EventLoop eventLoop = ((ContextInternal) context).nettyEventLoop();
    Loop loop = Loop.of(eventLoop);
    listener = new ListenerContext(name, loop, config.limits(), handlers.apply(loop));
    int port = config.address().port();
    server =
        vertx.createNetServer(
            new NetServerOptions()
                .setHost(config.address().host())
                // To Vert.x each negative port is one free port, shared by all that name it.
                .setPort(port == 0 ? -number : port)
                .setAcceptBacklog(4096)
                .setTcpNoDelay(true)
                .setTcpKeepAlive(true));
    return server.connectHandler(this::accept).listen();
  }

  /** The port that is listened on. */
  public int port() {
    return server.actualPort();
  }

  private void accept(NetSocket socket) {
    ChannelHandlerContext vertxHandler = ((NetSocketInternal) socket).channelHandlerContext();
    int open = connections.incrementAndGet();
    socket.closeHandler(gone -> connections.decrementAndGet());
    if (open > config.limits().maxConnections()) {
      LOG.atWarn()
          .setMessage("refused a connection: the listener has its {} already")
          .addArgument(config.limits().maxConnections())
          .addKeyValue("listener", name)
          .addKeyValue("peer", socket.remoteAddress())
          .log();
      socket.close();
      return;
    }
    vertxHandler.pipeline().addBefore(vertxHandler.name(), "detect", new DetectHandler(listener));
  }

  /**
   * Accepts no more, and ends when all calls have ended or the grace is over.
   *
   * @return how many calls were cut off at the end of the grace
   */
  public Future<Integer> drain(Duration grace) {
    return Future.future(
        promise ->
            context.runOnContext(
                go -> {
                  // Vert.x would not tell what it cuts off, so it is not to be the first.
                  long millis = Math.max(1, grace.toMillis());
                  Future<Void> closed =
                      server.shutdown(millis + VERTX_MILLIS, TimeUnit.MILLISECONDS);
                  long timer = vertx.setTimer(millis, over -> listener.cutOff());
                  listener.drain();
                  closed
                      .onComplete(done -> vertx.cancelTimer(timer))
                      .map(done -> listener.lostCalls())
                      .onComplete(promise);
                }));
  }
}
